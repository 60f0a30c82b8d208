"""Evidence that the public suggested: take it up, or decide against it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from campaign.campaigns.queries import get_campaign
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.pledges.errors import AlreadyDecided
from campaign.pledges.queries import find_waiting_suggestion, get_suggestion, list_suggestions
from campaign.pledges.service import reject_suggestion, takes_answers
from campaign.web.back_office.access import current_account, current_actor, requires
from campaign.web.back_office.forms import ReasonForm
from campaign.web.shared.context import now, session

blueprint = Blueprint(
    "organise_suggestions", __name__, url_prefix="/organise/<campaign_slug>/suggestions"
)


@blueprint.get("/")
@requires(Role.ORGANISER)
def index(campaign_slug: str) -> str:
    """List what the public suggested and nobody has decided on."""
    return _page(campaign_slug, ReasonForm(formdata=None))


@blueprint.post("/<int:suggestion_id>/reject")
@requires(Role.ORGANISER)
def reject_submit(campaign_slug: str, suggestion_id: int) -> Response | tuple[str, int]:
    """Decide against a suggestion, with a reason."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    get_suggestion(session(), campaign.id, suggestion_id)
    form = ReasonForm()
    is_waiting = find_waiting_suggestion(session(), campaign.id, suggestion_id) is not None
    if is_waiting and not form.validate_on_submit():
        return _page(campaign_slug, form, failed_id=suggestion_id), 422
    try:
        reject_suggestion(
            session(),
            campaign_id=campaign.id,
            suggestion_id=suggestion_id,
            reason=form.reason.data or "",
            organiser=current_actor(),
            now=now(),
        )
    except AlreadyDecided as error:
        flash(str(error))
        return redirect(url_for(".index", campaign_slug=campaign_slug), 303)
    record_audit(
        session(),
        organiser_id=current_account().id,
        verb="reject_suggestion",
        subject=f"evidence_suggestion:{suggestion_id}",
        reason=form.reason.data or "",
        now=now(),
    )
    flash(_("The suggestion is rejected, and its sender’s address is deleted."))
    return redirect(url_for(".index", campaign_slug=campaign_slug), 303)


def _page(campaign_slug: str, form: ReasonForm, *, failed_id: int | None = None) -> str:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    return render_template(
        "back_office/suggestions.html",
        campaign=campaign,
        suggestions=list_suggestions(session(), campaign.id),
        form=form,
        failed_id=failed_id,
        is_open=takes_answers(session(), campaign, now=now()),
    )
