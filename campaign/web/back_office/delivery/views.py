"""Stop and restart what leaves: one campaign's messages, or everything."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from campaign.campaigns.queries import get_campaign
from campaign.delivery.queries import find_pause
from campaign.delivery.rules import ALL_SCOPES, campaign_scope
from campaign.delivery.service import pause, resume
from campaign.letters.service import pause_letters, resume_letters
from campaign.organisers.queries import list_actor_names
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.reports.backlog import get_backlog
from campaign.reports.office_figures import delivery_figures
from campaign.web.back_office.access import current_account, current_actor, requires
from campaign.web.back_office.forms import ReasonForm
from campaign.web.shared.context import now, session, toolkit

blueprint = Blueprint("organise_delivery", __name__, url_prefix="/organise")


@blueprint.get("/<campaign_slug>/delivery")
@requires(Role.VIEWER)
def show(campaign_slug: str) -> str:
    """Show where a campaign's messages stand and whether they are paused."""
    return _campaign_page(campaign_slug, ReasonForm())


@blueprint.post("/<campaign_slug>/delivery/pause")
@requires(Role.ORGANISER)
def pause_submit(campaign_slug: str) -> Response | tuple[str, int]:
    """Let nothing of a campaign leave until somebody resumes."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    form = ReasonForm()
    if not form.validate_on_submit():
        return _campaign_page(campaign_slug, form), 422
    reason = form.reason.data or ""
    pause_letters(session(), campaign.id, actor=current_actor(), reason=reason, now=now())
    _log("pause_delivery", campaign_scope(campaign.id), reason)
    flash(_("Delivery is paused. Nothing is lost; letters wait."))
    return redirect(url_for(".show", campaign_slug=campaign_slug), 303)


@blueprint.post("/<campaign_slug>/delivery/resume")
@requires(Role.ORGANISER)
def resume_submit(campaign_slug: str) -> Response | tuple[str, int]:
    """Let a campaign's messages leave again."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    form = ReasonForm()
    if not form.validate_on_submit():
        return _campaign_page(campaign_slug, form), 422
    reason = form.reason.data or ""
    resume_letters(session(), campaign.id, actor=current_actor(), reason=reason, now=now())
    _log("resume_delivery", campaign_scope(campaign.id), reason)
    flash(_("Delivery goes on."))
    return redirect(url_for(".show", campaign_slug=campaign_slug), 303)


@blueprint.get("/delivery")
@requires(Role.OWNER)
def all_campaigns() -> str:
    """Show whether the whole installation is paused."""
    return _all_page(ReasonForm())


@blueprint.post("/delivery/pause")
@requires(Role.OWNER)
def pause_all_submit() -> Response | tuple[str, int]:
    """Let nothing at all leave until an owner resumes."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return _all_page(form), 422
    reason = form.reason.data or ""
    pause(session(), scope=ALL_SCOPES, actor=current_actor(), reason=reason, now=now())
    _log("pause_delivery", ALL_SCOPES, reason)
    flash(_("All delivery is paused."))
    return redirect(url_for(".all_campaigns"), 303)


@blueprint.post("/delivery/resume")
@requires(Role.OWNER)
def resume_all_submit() -> Response | tuple[str, int]:
    """Let messages leave again, except for campaigns that are paused themselves."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return _all_page(form), 422
    resume(session(), ALL_SCOPES)
    _log("resume_delivery", ALL_SCOPES, form.reason.data or "")
    flash(_("Delivery goes on."))
    return redirect(url_for(".all_campaigns"), 303)


def _campaign_page(campaign_slug: str, form: ReasonForm) -> str:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    figures = delivery_figures(session(), campaign.id)
    return render_template(
        "back_office/delivery.html",
        campaign=campaign,
        delivery=figures,
        backlog=get_backlog(session(), campaign.id, mail=toolkit().settings.mail, now=now()),
        names=list_actor_names(session(), [figures.pause.actor] if figures.pause else []),
        form=form,
    )


def _all_page(form: ReasonForm) -> str:
    found = find_pause(session(), ALL_SCOPES)
    return render_template(
        "back_office/delivery_all.html",
        pause=found,
        backlog=get_backlog(session(), None, mail=toolkit().settings.mail, now=now()),
        names=list_actor_names(session(), [found.actor] if found else []),
        form=form,
    )


def _log(verb: str, subject: str, reason: str) -> None:
    record_audit(
        session(),
        organiser_id=current_account().id,
        verb=verb,
        subject=subject,
        reason=reason,
        now=now(),
    )
