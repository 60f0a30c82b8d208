"""Record an answer with its source; review what a colleague recorded."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from campaign.campaigns.queries import get_campaign, list_asks
from campaign.core.errors import InvalidInput
from campaign.organisers.queries import list_actor_names
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.pledges.errors import AlreadyReviewed
from campaign.pledges.queries import is_entry_of, list_entries_to_review
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import record_pledge, review_pledge
from campaign.reports.office_candidates import candidate_page
from campaign.web.back_office.access import current_account, current_actor, requires
from campaign.web.back_office.pledges.forms import PledgeForm
from campaign.web.shared.context import now, session

blueprint = Blueprint("organise_pledges", __name__, url_prefix="/organise/<campaign_slug>")


@blueprint.get("/candidates/<int:person_id>/pledge")
@requires(Role.ORGANISER)
def record(campaign_slug: str, person_id: int) -> str:
    """Ask for an answer that a candidate gave elsewhere."""
    return _form_page(campaign_slug, person_id, _form(campaign_slug))


@blueprint.post("/candidates/<int:person_id>/pledge")
@requires(Role.ORGANISER)
def record_submit(campaign_slug: str, person_id: int) -> Response | tuple[str, int]:
    """Enter an answer; it is public once another organiser has reviewed it."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    form = _form(campaign_slug)
    candidacy = candidate_page(session(), campaign, person_id=person_id).candidacy
    if form.validate_on_submit():
        try:
            event = record_pledge(
                session(),
                campaign_id=campaign.id,
                candidacy_id=candidacy.id,
                ask_id=form.ask.data,
                stance=Stance(form.stance.data),
                channel=Channel(form.channel.data),
                entered_by=current_actor(),
                now=now(),
                statement=form.statement.data or "",
                source_url=form.source_url.data or "",
                quote=form.quote.data or "",
            )
        except InvalidInput as error:
            form.form_errors.append(str(error))
        else:
            _log("record_pledge", f"pledge_event:{event.id}")
            flash(_("The answer is recorded. Another organiser must review it now."))
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
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    entries = list_entries_to_review(session(), campaign.id)
    return render_template(
        "back_office/review.html",
        campaign=campaign,
        entries=entries,
        names=list_actor_names(session(), {entry.entered_by for entry in entries}),
        me=current_actor(),
    )


@blueprint.post("/review/<int:event_id>")
@requires(Role.ORGANISER)
def review_submit(campaign_slug: str, event_id: int) -> Response:
    """Find an entry right, which makes it public, or wrong."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    verdict = request.form.get("verdict")
    if verdict not in ("right", "wrong") or not is_entry_of(session(), campaign.id, event_id):
        abort(404)
    try:
        review_pledge(
            session(),
            event_id=event_id,
            is_right=verdict == "right",
            reviewer=current_actor(),
            now=now(),
        )
    except AlreadyReviewed:
        # A second press, or a colleague was quicker.
        flash(_("This entry has been reviewed already, so this press changed nothing."))
        return redirect(url_for(".review", campaign_slug=campaign_slug), 303)
    _log("approve_pledge" if verdict == "right" else "reject_pledge", f"pledge_event:{event_id}")
    flash(
        _("The answer is public now.")
        if verdict == "right"
        else _("The entry is rejected. It stays in the record and is never public.")
    )
    return redirect(url_for(".review", campaign_slug=campaign_slug), 303)


def _form(campaign_slug: str) -> PledgeForm:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    form = PledgeForm()
    form.offer_asks((ask.id, ask.current.title) for ask in list_asks(session(), campaign.id))
    return form


def _form_page(campaign_slug: str, person_id: int, form: PledgeForm) -> str:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    return render_template(
        "back_office/pledge.html",
        campaign=campaign,
        page=candidate_page(session(), campaign, person_id=person_id),
        form=form,
    )


def _log(verb: str, subject: str) -> None:
    record_audit(
        session(), organiser_id=current_account().id, verb=verb, subject=subject, now=now()
    )
