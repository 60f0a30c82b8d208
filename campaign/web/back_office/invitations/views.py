"""Invite all candidates of a campaign on one timetable: preview, start, watch, stop."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from campaign.campaigns.queries import get_campaign
from campaign.elections.queries import get_election
from campaign.followups.invitation_plans import (
    call_roll,
    halt_invitations,
    preview_invitations,
    start_invitations,
)
from campaign.followups.retries import retry_invitations
from campaign.organisers.queries import list_actor_names
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.pledges.errors import InvitationsRefused
from campaign.pledges.queries import count_invitations, find_timetable, list_failed_invitations
from campaign.web.back_office.access import current_account, current_actor, requires
from campaign.web.back_office.forms import ReasonForm
from campaign.web.back_office.invitations.forms import TimetableForm
from campaign.web.shared.addresses import read_number
from campaign.web.shared.context import now, session, toolkit

blueprint = Blueprint(
    "organise_invitations", __name__, url_prefix="/organise/<campaign_slug>/invitations"
)


@blueprint.get("/")
@requires(Role.VIEWER)
def show(campaign_slug: str) -> str:
    """Show whom the campaign would invite, or how far the timetable is."""
    return _page(campaign_slug)


@blueprint.post("/")
@requires(Role.ORGANISER)
def plan_submit(campaign_slug: str) -> Response | str | tuple[str, int]:
    """Show the e-mails of a timetable, go back to change it, or start it."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    form = TimetableForm()
    if not form.validate_on_submit():
        return _page(campaign_slug, form=form), 422
    if request.form.get("step") == "edit":
        return _page(campaign_slug, form=form)
    election = get_election(session(), campaign.election_id)
    timetable = form.timetable(now=now(), zone=election.timezone)
    if request.form.get("step") != "start":
        return render_template(
            "back_office/invitations_preview.html",
            campaign=campaign,
            election=election,
            form=form,
            timetable=timetable,
            roll=call_roll(session(), campaign, now=now()),
            mails=preview_invitations(
                toolkit(), session(), campaign, timetable, link=_("[the candidate’s own link]")
            ),
        )
    try:
        start_invitations(session(), campaign, timetable, actor=current_actor(), now=now())
    except InvitationsRefused as error:
        form.form_errors.append(str(error))
        return _page(campaign_slug, form=form), 422
    _log("start_invitations", campaign.id, "")
    flash(_("The timetable has begun. The worker puts the e-mails into the outbox."))
    return redirect(url_for(".show", campaign_slug=campaign_slug), 303)


@blueprint.post("/stop")
@requires(Role.ORGANISER)
def stop_submit(campaign_slug: str) -> Response | tuple[str, int]:
    """Stop the timetable and take back what has not left."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    if find_timetable(session(), campaign.id) is None:
        flash(_("No timetable runs, so there is nothing to stop."))
        return redirect(url_for(".show", campaign_slug=campaign_slug), 303)
    form = ReasonForm()
    if not form.validate_on_submit():
        return _page(campaign_slug, stop_form=form), 422
    taken = halt_invitations(session(), campaign, actor=current_actor(), now=now())
    _log("stop_invitations", campaign.id, form.reason.data or "")
    flash(_("The timetable is stopped. E-mails taken back: %(count)s.", count=taken))
    return redirect(url_for(".show", campaign_slug=campaign_slug), 303)


@blueprint.post("/retry")
@requires(Role.ORGANISER)
def retry_submit(campaign_slug: str) -> Response | tuple[str, int]:
    """Send one e-mail again that could not be sent, or all of them; and log why."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    form = ReasonForm(prefix="retry")
    if not list_failed_invitations(session(), campaign.id, now=now()):
        flash(_("None of these e-mails can be tried again now."))
        return redirect(url_for(".show", campaign_slug=campaign_slug), 303)
    if not form.validate_on_submit():
        return _page(campaign_slug, retry_form=form), 422
    # A number that is none means no message, not every one.
    only = request.form.get("message", -1, type=read_number) if "message" in request.form else None
    count = retry_invitations(session(), campaign.id, only=only, now=now())
    if count:
        _log("retry_invitations", campaign.id, form.reason.data or "")
    flash(
        ngettext("One e-mail is tried again.", "%(num)s e-mails are tried again.", count)
        if count
        else _("None of these e-mails can be tried again now.")
    )
    return redirect(url_for(".show", campaign_slug=campaign_slug), 303)


def _page(
    campaign_slug: str,
    *,
    form: TimetableForm | None = None,
    stop_form: ReasonForm | None = None,
    retry_form: ReasonForm | None = None,
) -> str:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    timetable = find_timetable(session(), campaign.id)
    return render_template(
        "back_office/invitations.html",
        campaign=campaign,
        election=get_election(session(), campaign.election_id),
        timetable=timetable,
        names=list_actor_names(session(), [timetable.planned_by] if timetable else []),
        roll=call_roll(session(), campaign, now=now()),
        steps=count_invitations(session(), campaign.id),
        failures=list_failed_invitations(session(), campaign.id, now=now()),
        now=now(),
        form=form or TimetableForm(),
        stop_form=stop_form or ReasonForm(),
        retry_form=retry_form or ReasonForm(prefix="retry"),
    )


def _log(verb: str, campaign_id: int, reason: str) -> None:
    record_audit(
        session(),
        organiser_id=current_account().id,
        verb=verb,
        subject=f"campaign:{campaign_id}",
        reason=reason,
        now=now(),
    )
