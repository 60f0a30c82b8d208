"""Find a candidate, look at them, correct their address, settle what they asked for."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from campaign.campaigns.queries import get_campaign
from campaign.candidates.errors import AddressInvalid
from campaign.followups.mail_choice import get_mail_state
from campaign.followups.requests import correct_candidate_address, settle_candidate_request
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.pledges.queries import (
    has_open_request,
    is_link_revoked,
    list_invitations,
    list_open_changes,
)
from campaign.pledges.rules import REVOKING
from campaign.pledges.service import takes_answers
from campaign.reports.office_candidates import (
    MAXIMUM_ROWS,
    CandidatePage,
    Group,
    candidate_page,
    count_out_of_the_race,
    open_requests,
    search_candidates,
)
from campaign.web.back_office.access import current_account, current_actor, requires
from campaign.web.back_office.candidates.forms import AddressForm
from campaign.web.shared.addresses import read_number
from campaign.web.shared.context import now, session, toolkit

blueprint = Blueprint("organise_candidates", __name__, url_prefix="/organise/<campaign_slug>")

FURTHEST = 1_000_000
"""No list is longer; a greater number in the address would be too much for a database."""


@blueprint.get("/candidates/")
@requires(Role.VIEWER)
def search(campaign_slug: str) -> str:
    """Find candidates by name, party or constituency."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    words = request.args.get("q", "").strip()[:100]
    # Any other value of the address means everybody.
    group = request.args.get("group", type=Group)
    offset = min(max(request.args.get("from", default=0, type=read_number), 0), FURTHEST)
    rows, count = search_candidates(
        session(), campaign, words=words, group=group, limit=MAXIMUM_ROWS, offset=offset
    )
    return render_template(
        "back_office/candidates.html",
        campaign=campaign,
        words=words,
        group=group,
        groups=list(Group),
        rows=rows,
        count=count,
        offset=offset,
        page_size=MAXIMUM_ROWS,
        out=count_out_of_the_race(session(), campaign, words=words, group=group),
    )


@blueprint.get("/candidates/<int:person_id>/")
@requires(Role.VIEWER)
def show(campaign_slug: str, person_id: int) -> str:
    """Show a candidate's letters, answers and addresses."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    page = candidate_page(session(), campaign, person_id=person_id)
    return render_template(
        "back_office/candidate.html",
        campaign=campaign,
        page=page,
        mail=get_mail_state(session(), campaign, page.candidacy.id),
        invitations=list_invitations(session(), campaign.id, page.candidacy.id),
        changes=list_open_changes(session(), campaign.id, page.candidacy.id),
        doubts=[
            each
            for each in sorted(REVOKING)
            if has_open_request(session(), campaign.id, page.candidacy.id, each)
        ],
        is_link_revoked=is_link_revoked(session(), campaign.id, page.candidacy.id),
        is_open=takes_answers(session(), campaign, now=now()),
    )


@blueprint.get("/candidates/<int:person_id>/address")
@requires(Role.ORGANISER)
def correct_address(campaign_slug: str, person_id: int) -> str:
    """Ask for a better address."""
    return _address_page(campaign_slug, person_id, AddressForm())


@blueprint.post("/candidates/<int:person_id>/address")
@requires(Role.ORGANISER)
def correct_address_submit(campaign_slug: str, person_id: int) -> Response | tuple[str, int]:
    """Set the address that wins over every import, and log it."""
    form = AddressForm()
    page = _page(campaign_slug, person_id)
    if form.validate_on_submit():
        try:
            correct_candidate_address(
                toolkit(),
                session(),
                person_id=page.candidacy.person_id,
                email=form.new_email,
                reason=form.reason.data or "",
                actor=current_actor(),
                now=now(),
            )
        except AddressInvalid as error:
            form.email.errors = [str(error)]
        else:
            _log("correct_address", f"person:{person_id}", form.reason.data or "")
            flash(
                _(
                    "The address is corrected. It wins over every import. Links that went to the "
                    "old one have ended."
                )
            )
            return redirect(url_for(".show", campaign_slug=campaign_slug, person_id=person_id), 303)
    return _address_page(campaign_slug, person_id, form), 422


@blueprint.get("/requests/")
@requires(Role.VIEWER)
def requests(campaign_slug: str) -> str:
    """List what candidates asked for on their pages."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    return render_template(
        "back_office/requests.html",
        campaign=campaign,
        requests=open_requests(session(), campaign.id),
    )


@blueprint.post("/requests/<int:request_id>/settle")
@requires(Role.ORGANISER)
def settle_submit(campaign_slug: str, request_id: int) -> Response:
    """Note that a candidate's request has been dealt with."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    settle_candidate_request(toolkit(), session(), campaign, request_id, now=now())
    _log("settle_request", f"candidate_request:{request_id}", "")
    flash(_("The request is settled."))
    return redirect(url_for(".requests", campaign_slug=campaign_slug), 303)


def _page(campaign_slug: str, person_id: int) -> CandidatePage:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    return candidate_page(session(), campaign, person_id=person_id)


def _address_page(campaign_slug: str, person_id: int, form: AddressForm) -> str:
    return render_template(
        "back_office/address.html",
        campaign=get_campaign(session(), campaign_slug, include_drafts=True),
        page=_page(campaign_slug, person_id),
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
