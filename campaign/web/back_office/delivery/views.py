"""Stop and restart what leaves: one campaign's messages, or everything."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from campaign.campaigns.queries import get_campaign
from campaign.delivery.queries import find_domain_pause, find_pause, list_domain_pauses
from campaign.delivery.rules import ALL_SCOPES, campaign_scope
from campaign.delivery.service import pause, resume
from campaign.delivery.service.domains import resume_domain
from campaign.delivery.service.retrying import get_failed_mail, retry_mail_like
from campaign.followups.retries import get_error_of, retry_letters_like
from campaign.letters.service import pause_letters, resume_letters
from campaign.organisers.queries import list_actor_names
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.reports.backlog import get_backlog
from campaign.reports.office_delivery import (
    list_failed_letters,
    list_failures,
    queue_figures,
    ramp_figures,
)
from campaign.reports.office_failed_mail import list_failed_mail, list_failed_mail_like
from campaign.reports.office_figures import delivery_figures
from campaign.web.back_office.access import current_account, current_actor, requires
from campaign.web.back_office.forms import ReasonForm
from campaign.web.shared.addresses import read_number
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


@blueprint.get("/<campaign_slug>/delivery/failed/<int:message_id>")
@requires(Role.ORGANISER)
def failed(campaign_slug: str, message_id: int) -> str:
    """List the letters that failed as this one did."""
    return _failed_page(campaign_slug, message_id, ReasonForm())


@blueprint.post("/<campaign_slug>/delivery/failed/<int:message_id>")
@requires(Role.ORGANISER)
def failed_submit(campaign_slug: str, message_id: int) -> Response | tuple[str, int]:
    """Send one of these letters again, or all of them; and log why."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    form = ReasonForm()
    if not form.validate_on_submit():
        return _failed_page(campaign_slug, message_id, form), 422
    reason = form.reason.data or ""
    chosen = request.form.get("message", type=read_number)
    count = retry_letters_like(
        session(),
        campaign.id,
        chosen or message_id,
        is_alone=chosen is not None,
        actor=current_actor(),
        reason=reason,
        now=now(),
    )
    if count:
        _log(
            "retry_letters", f"{campaign_scope(campaign.id)} message:{chosen or message_id}", reason
        )
    flash(
        ngettext("One letter is tried again.", "%(num)s letters are tried again.", count)
        if count
        else _("None of these letters can be tried again now.")
    )
    return redirect(url_for(".show", campaign_slug=campaign_slug), 303)


@blueprint.get("/delivery/domains/<domain>")
@requires(Role.ORGANISER)
def domain(domain: str) -> str:
    """Show why nothing leaves to a domain for a while, and ask before it is tried again."""
    return _domain_page(domain, ReasonForm())


@blueprint.post("/delivery/domains/<domain>")
@requires(Role.ORGANISER)
def domain_submit(domain: str) -> Response | tuple[str, int]:
    """Let messages leave to a domain at once, and log why."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return _domain_page(domain, form), 422
    resume_domain(session(), domain, now())
    _log("resume_domain", f"domain:{domain}", form.reason.data or "")
    flash(_("Messages to this domain are tried again now."))
    return redirect(url_for("organise_campaigns.index"), 303)


@blueprint.get("/delivery")
@requires(Role.OWNER)
def all_campaigns() -> str:
    """Show whether the whole installation is paused."""
    return _all_page(ReasonForm())


@blueprint.get("/delivery/failed/<int:message_id>")
@requires(Role.OWNER)
def failed_mail(message_id: int) -> str:
    """List the confirmations or notices that failed as this one did."""
    return _failed_mail_page(message_id, ReasonForm())


@blueprint.post("/delivery/failed/<int:message_id>")
@requires(Role.OWNER)
def failed_mail_submit(message_id: int) -> Response | tuple[str, int]:
    """Send one of these messages again, or all of them; and log why."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return _failed_mail_page(message_id, form), 422
    chosen = request.form.get("message", type=read_number)
    meant = chosen or message_id
    count = retry_mail_like(session(), meant, is_alone=chosen is not None, now=now())
    if count:
        _log("retry_mail", f"message:{meant}", form.reason.data or "")
    flash(
        ngettext("One e-mail is tried again.", "%(num)s e-mails are tried again.", count)
        if count
        else _("None of these e-mails can be tried again now.")
    )
    return redirect(url_for(".all_campaigns"), 303)


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
        ramp=ramp_figures(session(), campaign.id),
        failures=list_failures(session(), campaign.id, now=now()),
        domains=list_domain_pauses(session(), now()),
        names=list_actor_names(session(), [figures.pause.actor] if figures.pause else []),
        form=form,
    )


def _all_page(form: ReasonForm) -> str:
    found = find_pause(session(), ALL_SCOPES)
    return render_template(
        "back_office/delivery_all.html",
        pause=found,
        backlog=get_backlog(session(), None, mail=toolkit().settings.mail, now=now()),
        queue=queue_figures(session()),
        failures=list_failed_mail(session(), now=now()),
        domains=list_domain_pauses(session(), now()),
        names=list_actor_names(session(), [found.actor] if found else []),
        form=form,
    )


def _failed_page(campaign_slug: str, message_id: int, form: ReasonForm) -> str:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    error = get_error_of(session(), campaign.id, message_id)
    return render_template(
        "back_office/delivery_failed.html",
        campaign=campaign,
        message_id=message_id,
        error=error,
        letters=list_failed_letters(session(), campaign.id, error, now=now()),
        form=form,
    )


def _failed_mail_page(message_id: int, form: ReasonForm) -> str:
    example = get_failed_mail(session(), message_id)
    return render_template(
        "back_office/delivery_failed_mail.html",
        example=example,
        messages=list_failed_mail_like(session(), example, now=now()),
        form=form,
    )


def _domain_page(name: str, form: ReasonForm) -> str:
    found = find_domain_pause(session(), name, now())
    if found is None:
        abort(404)
    return render_template("back_office/delivery_domain.html", pause=found, form=form)


def _log(verb: str, subject: str, reason: str) -> None:
    record_audit(
        session(),
        organiser_id=current_account().id,
        verb=verb,
        subject=subject,
        reason=reason,
        now=now(),
    )
