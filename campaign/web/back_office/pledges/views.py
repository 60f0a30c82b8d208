"""Record an answer with its source; review what a colleague recorded."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from campaign.campaigns.queries import get_campaign, list_asks
from campaign.core.errors import InvalidInput
from campaign.followups.record import Decision, review_and_tell
from campaign.organisers.queries import list_actor_names
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.pledges.errors import AlreadyDecided, AlreadyReviewed
from campaign.pledges.queries import (
    find_numbered_entry,
    find_waiting_suggestion,
    is_entry_of,
    list_current_entries,
    list_entries_to_review,
)
from campaign.pledges.rules import Channel, EventKind, Stance
from campaign.pledges.service import (
    COPY_LIMIT,
    check_is_open,
    keep_copy,
    record_pledge,
    take_up_suggestion,
)
from campaign.reports.office_candidates import candidate_page
from campaign.web.back_office.access import current_account, current_actor, requires
from campaign.web.back_office.forms import ReasonForm
from campaign.web.back_office.pledges.forms import PledgeForm
from campaign.web.back_office.record.views import told_words
from campaign.web.shared.addresses import read_number
from campaign.web.shared.context import now, session, toolkit

blueprint = Blueprint("organise_pledges", __name__, url_prefix="/organise/<campaign_slug>")

MAXIMUM_FORM_BYTES = 256 * 1024
"""What the rest of the form may be beside the copy."""


@blueprint.get("/candidates/<int:person_id>/pledge")
@requires(Role.ORGANISER)
def record(campaign_slug: str, person_id: int) -> str:
    """Ask for an answer that a candidate gave elsewhere, filled in from a suggestion if one is."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    check_is_open(session(), campaign, entered_by=current_actor(), now=now())
    return _form_page(campaign_slug, person_id, _form(campaign_slug))


@blueprint.post("/candidates/<int:person_id>/pledge")
@requires(Role.ORGANISER)
def record_submit(campaign_slug: str, person_id: int) -> Response | tuple[str, int]:
    """Enter an answer; it is public once another organiser has reviewed it."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    form = _form(campaign_slug)
    candidacy = candidate_page(session(), campaign, person_id=person_id).candidacy
    moment = now()
    if form.validate_on_submit():
        try:
            sha256 = _keep_copy(form)
            event = record_pledge(
                session(),
                campaign_id=campaign.id,
                candidacy_id=candidacy.id,
                ask_id=form.ask.data,
                stance=Stance(form.stance.data),
                channel=Channel(form.channel.data),
                entered_by=current_actor(),
                now=moment,
                statement=form.statement.data or "",
                source_url=form.source_url.data or "",
                quote=form.quote.data or "",
                valid_from=form.said_on.data,
                archive_sha256=sha256,
                archive_url=form.archive_url.data or "",
                corrects=request.args.get("corrects", type=read_number),
            )
            _take_up_suggestion(campaign.id, event.id)
        except InvalidInput as error:
            form.form_errors.append(str(error))
        else:
            form.copy.data = None
            if event.recorded_at == moment:
                _log("record_pledge", f"pledge_event:{event.id}")
                flash(_("The answer is recorded. Another organiser must review it now."))
            else:
                said = _(
                    "Entry %(number)s says the same, so nothing was added.", number=event.sequence
                )
                flash(said)
            return redirect(
                url_for(
                    "organise_candidates.show", campaign_slug=campaign_slug, person_id=person_id
                ),
                303,
            )
    return _form_page(campaign_slug, person_id, form), 422


@blueprint.get("/review/")
@requires(Role.VIEWER)
def review(campaign_slug: str) -> str:
    """List what waits for a second organiser."""
    return _review_page(campaign_slug, ReasonForm(formdata=None))


@blueprint.post("/review/<int:event_id>/approve")
@requires(Role.ORGANISER)
def approve_submit(campaign_slug: str, event_id: int) -> Response | tuple[str, int]:
    """Find an entry right, which makes it public."""
    try:
        decision = _decide(campaign_slug, event_id, is_right=True)
    except InvalidInput as error:
        return _review_again(campaign_slug, ReasonForm(formdata=None), event_id, error)
    if decision:
        _log("approve_pledge", f"pledge_event:{event_id}")
        told = told_words(is_told=decision.is_candidate_told)
        flash(f"{_approved_words(decision)} {told}")
    return redirect(url_for(".review", campaign_slug=campaign_slug), 303)


@blueprint.post("/review/<int:event_id>/reject")
@requires(Role.ORGANISER)
def reject_submit(campaign_slug: str, event_id: int) -> Response | tuple[str, int]:
    """Find an entry wrong, with a reason: it never becomes public."""
    form = ReasonForm()
    try:
        decision = _decide(campaign_slug, event_id, is_right=False, reason=form.reason.data or "")
    except InvalidInput as error:
        return _review_again(campaign_slug, form, event_id, error)
    if decision:
        _log("reject_pledge", f"pledge_event:{event_id}")
        flash(_("The entry is rejected. It stays in the record and is never public."))
    return redirect(url_for(".review", campaign_slug=campaign_slug), 303)


@blueprint.url_value_preprocessor
def let_copies_in(endpoint: str | None, _values: object) -> None:
    """Let the form that takes a file be as large as a file may be; before its token is read."""
    if endpoint == "organise_pledges.record_submit":
        request.max_content_length = COPY_LIMIT + MAXIMUM_FORM_BYTES


def _keep_copy(form: PledgeForm) -> str:
    """Keep the file of the form, if it has one, and return its SHA-256."""
    upload = form.copy.data
    if not upload:
        return ""
    # One octet more than may be: the rule then refuses it.
    content = upload.stream.read(COPY_LIMIT + 1)
    return keep_copy(toolkit().settings.instance_path / "archive", content)


def _take_up_suggestion(campaign_id: int, event_id: int) -> None:
    suggestion_id = request.args.get("suggestion", type=read_number)
    if suggestion_id is None:
        return
    try:
        take_up_suggestion(
            session(),
            campaign_id=campaign_id,
            suggestion_id=suggestion_id,
            event_id=event_id,
            organiser=current_actor(),
            now=now(),
        )
    except AlreadyDecided as error:
        flash(str(error))


def _form(campaign_slug: str) -> PledgeForm:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    form = PledgeForm(data=_known_before(campaign_slug))
    form.offer_asks((ask.id, ask.current.title) for ask in list_asks(session(), campaign.id))
    return form


def _known_before(campaign_slug: str) -> dict[str, Any]:
    """Return what the form is filled in with: a suggestion, or the entry that is corrected."""
    if suggestion := _suggestion(campaign_slug):
        return {
            "ask": suggestion.ask_id,
            "stance": suggestion.stance.value,
            "quote": suggestion.quote,
            "source_url": suggestion.source_url,
            "said_on": suggestion.said_on,
        }
    if corrected := _corrected(campaign_slug):
        return {
            "ask": corrected.ask_id,
            "stance": corrected.stance.value if corrected.stance else None,
            "channel": corrected.channel.value,
            "quote": corrected.quote,
            "source_url": corrected.source_url,
            "said_on": corrected.saying.said_on,
            "archive_url": corrected.archive_url,
            "statement": corrected.statement,
        }
    return {}


def _form_page(campaign_slug: str, person_id: int, form: PledgeForm) -> str:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    return render_template(
        "back_office/pledge.html",
        campaign=campaign,
        page=candidate_page(session(), campaign, person_id=person_id),
        form=form,
        suggestion=_suggestion(campaign_slug),
        corrected=_corrected(campaign_slug),
    )


def _review_page(campaign_slug: str, form: ReasonForm, *, failed_id: int | None = None) -> str:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    entries = list_entries_to_review(session(), campaign.id)
    return render_template(
        "back_office/review.html",
        campaign=campaign,
        entries=entries,
        current=list_current_entries(
            session(), campaign.id, candidacy_ids={entry.candidacy_id for entry in entries}
        ),
        names=list_actor_names(session(), {entry.entered_by for entry in entries}),
        me=current_actor(),
        form=form,
        failed_id=failed_id,
    )


def _review_again(
    campaign_slug: str, form: ReasonForm, event_id: int, error: InvalidInput
) -> tuple[str, int]:
    """Return the list with what must be done about an entry, at the field to reject it."""
    form.reason.errors = [str(error)]
    return _review_page(campaign_slug, form, failed_id=event_id), 422


def _approved_words(decision: Decision) -> str:
    """Return what has become public, and whether it counts."""
    if decision.is_behind:
        return str(_("The entry is public now, in the history: a newer one counts."))
    if decision.entry.kind is EventKind.WITHDRAWAL:
        return str(_("The withdrawal is public now: the answer before it no longer counts."))
    return str(_("The answer is public now."))


def _decide(
    campaign_slug: str, event_id: int, *, is_right: bool, reason: str = ""
) -> Decision | None:
    """Review an entry; None, and said, for a second press or where a colleague was quicker."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    if not is_entry_of(session(), campaign.id, event_id):
        abort(404)
    try:
        return review_and_tell(
            toolkit(),
            session(),
            campaign,
            event_id=event_id,
            is_right=is_right,
            reason=reason,
            actor=current_actor(),
            now=now(),
        )
    except AlreadyReviewed:
        flash(_("This entry has been reviewed already, so this press changed nothing."))
        return None


def _log(verb: str, subject: str) -> None:
    record_audit(
        session(), organiser_id=current_account().id, verb=verb, subject=subject, now=now()
    )


def _suggestion(campaign_slug: str) -> Any:
    """Return the suggestion that the address names, while it waits."""
    suggestion_id = request.args.get("suggestion", type=read_number)
    if suggestion_id is None:
        return None
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    return find_waiting_suggestion(session(), campaign.id, suggestion_id)


def _corrected(campaign_slug: str) -> Any:
    """Return the entry that the address names, if an answer can correct it."""
    sequence = request.args.get("corrects", type=read_number)
    if sequence is None:
        return None
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    entry = find_numbered_entry(session(), campaign.id, sequence=sequence)
    return entry if entry is not None and entry.can_be_corrected else None
