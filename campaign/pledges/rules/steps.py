"""Which events a record can hold: an unbroken chain alone does not say that two people looked.

Verifying asks these rules of every event, and import before it believes one: whoever writes to the
database or to a file can chain an event properly that no door of ours would have let in.
"""

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

from campaign.pledges.errors import PledgeInvalid
from campaign.pledges.rules.kinds import (
    CANDIDATE,
    DECISION_KINDS,
    ENTRY_KINDS,
    Channel,
    DisputeState,
    EventKind,
    Stance,
    VerificationLevel,
)
from campaign.pledges.rules.texts import check_said_on

CLOCKS_APART = timedelta(days=1)
"""How far times may lie apart from their order: requests overtake one another, clocks are set."""

_ORGANISER = re.compile(r"organiser:[0-9]{1,18}")
_BY_ANOTHER = (*DECISION_KINDS, EventKind.DISPUTE_KEPT, EventKind.DISPUTE_STRUCK)
"""What nobody does to their own entry."""
_ABOUT_TEXTS = (EventKind.HIDING, EventKind.UNHIDING)
_ABOUT_NO_ENTRY = "it is about no entry of this candidate and ask"


class Step(NamedTuple):
    """An event, as far as it can be judged without any other."""

    kind: str
    channel: str
    entered_by: str
    level: int
    is_about: bool
    """Whether it names another event."""
    recorded_on: date
    stance: str | None
    statement: str
    source: str
    """A web address or a quote."""
    copy: str
    """Where an archived copy is, or its hash."""
    day: date | None
    """On which it was said."""
    reason: str


class _Pattern(NamedTuple):
    level: VerificationLevel
    needs: frozenset[str] = frozenset()
    can_have: frozenset[str] = frozenset()


_PARTS = ("stance", "statement", "source", "copy", "day", "reason")
_DECISION = _Pattern(VerificationLevel.UNVERIFIED, needs=frozenset({"reason"}))
_BY_CANDIDATE = {
    EventKind.ANSWER: _Pattern(
        VerificationLevel.FIRST_HAND, frozenset({"stance"}), frozenset({"statement"})
    ),
    EventKind.WITHDRAWAL: _Pattern(VerificationLevel.FIRST_HAND),
    EventKind.DISPUTE: _Pattern(
        VerificationLevel.FIRST_HAND, can_have=frozenset({"statement", "reason"})
    ),
}
_BY_ORGANISER = {
    EventKind.ANSWER: _Pattern(
        VerificationLevel.SOURCED,
        frozenset({"stance", "source"}),
        frozenset({"statement", "copy", "day"}),
    ),
    EventKind.WITHDRAWAL: _Pattern(VerificationLevel.UNVERIFIED, can_have=frozenset({"reason"})),
    EventKind.REVIEW: _Pattern(VerificationLevel.CONFIRMED, can_have=frozenset({"reason"})),
    EventKind.REJECTION: _Pattern(VerificationLevel.UNVERIFIED, can_have=frozenset({"reason"})),
    EventKind.DISPUTE: _DECISION._replace(can_have=frozenset({"statement"})),
    EventKind.DISPUTE_KEPT: _DECISION,
    EventKind.DISPUTE_STRUCK: _DECISION,
    EventKind.HIDING: _DECISION,
    EventKind.UNHIDING: _DECISION,
}


def find_flaw(step: Step) -> str | None:
    """Return why no record can hold such an event, whatever stands before it; None for one."""
    is_candidate = step.entered_by == CANDIDATE
    if not is_candidate and not _ORGANISER.fullmatch(step.entered_by):
        return "nobody who enters anything is named like this"
    if step.kind not in _BY_ORGANISER or step.channel not in set(Channel):
        return "it holds a value that no entry has"
    pattern = (_BY_CANDIDATE if is_candidate else _BY_ORGANISER).get(EventKind(step.kind))
    if pattern is None:
        return "only an organiser decides this"
    return _find_wrong_place(step) or _find_wrong_part(step, pattern) or _find_wrong_day(step)


def _find_wrong_place(step: Step) -> str | None:
    is_entry, is_candidate = step.kind in ENTRY_KINDS, step.entered_by == CANDIDATE
    if is_entry and (step.channel == Channel.LINK) != is_candidate:
        return "only the candidate answers by link, and only by link"
    if not is_entry and not step.is_about:
        return _ABOUT_NO_ENTRY
    if is_entry and step.is_about and (is_candidate or step.kind == EventKind.WITHDRAWAL):
        return "only an organiser's answer corrects another entry"
    return None


def _find_wrong_part(step: Step, pattern: _Pattern) -> str | None:
    if step.level != pattern.level:
        return f"it has level {step.level}, and an event of this kind has {int(pattern.level)}"
    held = {part for part in _PARTS if getattr(step, part)}
    if missing := sorted(pattern.needs - held):
        return f"it has no {' and no '.join(missing)}"
    if surplus := sorted(held - pattern.needs - pattern.can_have):
        return f"it has a {' and a '.join(surplus)}, as no event of this kind"
    if step.stance and step.stance not in set(Stance):
        return "it holds a value that no entry has"
    return None


def _find_wrong_day(step: Step) -> str | None:
    try:  # Where the election is held, it may be the next day already.
        check_said_on(step.day, today=step.recorded_on + CLOCKS_APART)
    except PledgeInvalid:
        return "the day on which it was said does not fit the day on which it was recorded"
    return None


class EntryLife(NamedTuple):
    """What has become of an entry, as far as that decides what can be said about it next."""

    kind: str
    channel: str
    entered_by: str
    decision: EventKind | None = None
    dispute: DisputeState | None = None
    is_hidden: bool = False

    @property
    def is_public(self) -> bool:
        """Whether the public sees the entry."""
        return self.channel == Channel.LINK or self.decision is EventKind.REVIEW

    @property
    def is_in_dispute(self) -> bool:
        """Whether the candidate objects, and nobody has settled it."""
        return self.dispute is DisputeState.OPEN

    def find_obstacle(self, kind: str) -> str | None:
        """Return why no event of this kind can be about the entry now; None where one can."""
        if self.channel == Channel.LINK and kind not in _ABOUT_TEXTS:
            return "it is about what the candidate answered themselves"
        if kind in DECISION_KINDS:
            return "the entry has been reviewed before" if self.decision else None
        if not self.is_public:
            return "the entry is not public"
        match kind:
            case EventKind.DISPUTE if self.dispute:
                return "the entry has been disputed before"
            case EventKind.DISPUTE_KEPT | EventKind.DISPUTE_STRUCK if not self.is_in_dispute:
                return "no objection to the entry is open"
            case EventKind.HIDING if self.is_hidden:
                return "the texts of the entry are hidden already"
            case EventKind.UNHIDING if not self.is_hidden:
                return "the texts of the entry are not hidden"
        return None

    def find_misstep(
        self, *, kind: str, channel: str, entered_by: str, is_same: bool
    ) -> str | None:
        """Return why such an event about the entry cannot come next in its life; None for one.

        ``is_same`` tells whether both are about one candidate and one ask.
        """
        if not is_same or self.kind not in ENTRY_KINDS:
            return _ABOUT_NO_ENTRY
        if kind not in ENTRY_KINDS and channel != self.channel:
            return "its channel is not that of the entry"
        if kind in _BY_ANOTHER and entered_by == self.entered_by:
            return "whoever made the entry decided on it themselves"
        return self.find_obstacle(kind)

    def after(self, kind: str) -> "EntryLife":
        """Return the life of the entry after an event about it that can be."""
        match kind:
            case EventKind.REVIEW | EventKind.REJECTION:
                return self._replace(decision=EventKind(kind))
            case EventKind.DISPUTE:
                return self._replace(dispute=DisputeState.OPEN)
            case EventKind.DISPUTE_KEPT:
                return self._replace(dispute=DisputeState.KEPT)
            case EventKind.DISPUTE_STRUCK:
                return self._replace(dispute=DisputeState.STRUCK)
            case EventKind.HIDING | EventKind.UNHIDING:
                return self._replace(is_hidden=kind == EventKind.HIDING)
        return self


def find_anachronism(recorded_at: datetime, *, newest: datetime, now: datetime) -> str | None:
    """Return why an event cannot have been recorded then, after another of ``newest``."""
    if recorded_at > now + CLOCKS_APART:
        return "it was recorded at a time that has not come"
    if recorded_at + CLOCKS_APART < newest:
        return "it was recorded more than a day before an entry that stands before it"
    return None
