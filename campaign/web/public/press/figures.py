"""The figures of a constituency in sentences, alike on the page and in the note."""

from flask_babel import gettext as _
from flask_babel import ngettext

from campaign.reports.press_kit import PressKit
from campaign.web.shared.filters import number, part_of


def list_figures(kit: PressKit, *, is_over: bool) -> list[str]:
    """Return a sentence for each figure, first of all who was elected."""
    if kit.is_cancelled:
        cancelled = _("The poll in this constituency is cancelled.")
        return [cancelled, _("Its candidates are not counted in any figure.")]
    if not kit.tally.standing:
        return [_("Nobody is known to stand here yet.")]
    return [
        *(_elected(kit) if is_over else []),
        *(_past(kit) if is_over else _present(kit)),
        *_writers(kit),
    ]


def _elected(kit: PressKit) -> list[str]:
    return [
        _("Elected: %(name)s (%(party)s).", name=each.person.name, party=each.party_name)
        for each in kit.elected
    ] or [_("Who was elected here is not in our list yet.")]


def _present(kit: PressKit) -> list[str]:
    tally, whole = kit.tally, kit.tally.standing
    return [
        ngettext(
            "%(count)s candidate stands.",
            "%(count)s candidates stand.",
            whole,
            count=number(whole),
        ),
        _("%(part)s can be reached by e-mail.", part=part_of(tally.reachable, whole)),
        _(
            "%(part)s have been sent a letter by a constituent, or an invitation to answer.",
            part=part_of(tally.asked, whole),
        ),
        _("%(part)s have answered at least one ask.", part=part_of(tally.answered, whole)),
        _(
            "%(part)s said yes to at least one ask, some with reservations.",
            part=part_of(tally.agreed, whole),
        ),
    ]


def _past(kit: PressKit) -> list[str]:
    tally, whole = kit.tally, kit.tally.standing
    return [
        ngettext(
            "%(count)s candidate stood.", "%(count)s candidates stood.", whole, count=number(whole)
        ),
        _("%(part)s could be reached by e-mail.", part=part_of(tally.reachable, whole)),
        _(
            "%(part)s had been sent a letter by a constituent, or an invitation to answer.",
            part=part_of(tally.asked, whole),
        ),
        _("%(part)s had answered at least one ask.", part=part_of(tally.answered, whole)),
        _(
            "%(part)s had said yes to at least one ask, some with reservations.",
            part=part_of(tally.agreed, whole),
        ),
    ]


def _writers(kit: PressKit) -> list[str]:
    if not kit.writers:
        return []
    return [
        _(
            "At least %(count)s people here have written to candidates. Numbers of writers are "
            "rounded down to a multiple of five, so that none points at a person.",
            count=number(kit.writers),
        )
    ]
