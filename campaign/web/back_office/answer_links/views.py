"""Look after the link that a candidate answers by, and after changes that wait for them."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from campaign.campaigns.queries import get_campaign
from campaign.candidates.queries import get_candidacy_of_person
from campaign.followups.changes import decide_change
from campaign.followups.links import replace_link, revoke_link
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.pledges.errors import LinkNotMailed
from campaign.pledges.queries import (
    is_link_revoked,
    list_current_answers,
    list_invitations,
    list_open_changes,
)
from campaign.web.back_office.access import current_account, requires
from campaign.web.back_office.answer_links.forms import (
    ALLOW,
    DROP,
    MAIL,
    REVOKE,
    ChangeForm,
    LinkForm,
)
from campaign.web.shared.context import now, session, toolkit

blueprint = Blueprint(
    "organise_answer_links",
    __name__,
    url_prefix="/organise/<campaign_slug>/candidates/<int:person_id>",
)


@blueprint.get("/link")
@requires(Role.ORGANISER)
def show(campaign_slug: str, person_id: int) -> str:
    """Show whether the link works, what waits, and what was mailed."""
    return _page(campaign_slug, person_id, LinkForm())


@blueprint.post("/link")
@requires(Role.ORGANISER)
def link_submit(campaign_slug: str, person_id: int) -> Response | tuple[str, int]:
    """Switch the link off or replace it, with a logged reason."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    candidacy = get_candidacy_of_person(
        session(), person_id=person_id, election_id=campaign.election_id
    )
    form = LinkForm()
    if not form.validate_on_submit():
        return _page(campaign_slug, person_id, form), 422
    if form.act.data == REVOKE:
        revoke_link(session(), campaign, candidacy, now=now())
        said = _("The link is switched off.")
    else:
        try:
            replace_link(
                toolkit(),
                session(),
                campaign,
                candidacy,
                is_mailed=form.act.data == MAIL,
                now=now(),
            )
        except LinkNotMailed as error:
            form.act.errors = [str(error)]
            return _page(campaign_slug, person_id, form), 422
        said = _("There is a new link, and earlier ones no longer work.")
    _log(str(form.act.data), f"person:{person_id}", form.reason.data or "")
    flash(said)
    return redirect(url_for(".show", campaign_slug=campaign_slug, person_id=person_id), 303)


@blueprint.get("/changes/<int:change_id>")
@requires(Role.ORGANISER)
def change(campaign_slug: str, person_id: int, change_id: int) -> str | Response:
    """Ask what the candidate said about a change that waits."""
    return _change_page(campaign_slug, person_id, change_id, ChangeForm())


@blueprint.post("/changes/<int:change_id>")
@requires(Role.ORGANISER)
def change_submit(
    campaign_slug: str, person_id: int, change_id: int
) -> Response | tuple[str | Response, int]:
    """Let a change take effect for a candidate who was asked, or drop it."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    candidacy = get_candidacy_of_person(
        session(), person_id=person_id, election_id=campaign.election_id
    )
    form = ChangeForm()
    if not form.validate_on_submit():
        return _change_page(campaign_slug, person_id, change_id, form), 422
    is_right = form.act.data == ALLOW
    outcome = decide_change(
        toolkit(),
        session(),
        change_id,
        campaign=campaign,
        candidacy=candidacy,
        is_right=is_right,
        now=now(),
    )
    _log(ALLOW if is_right else DROP, f"pending_change:{change_id}", form.reason.data or "")
    flash(
        {
            "allowed": _("The change is in the record."),
            "dropped": _("The change is dropped; the earlier answer stands."),
        }.get(outcome, _("The change came too late, or its ask has a new wording. It has lapsed."))
    )
    return redirect(url_for(".show", campaign_slug=campaign_slug, person_id=person_id), 303)


def _page(campaign_slug: str, person_id: int, form: LinkForm) -> str:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    candidacy = get_candidacy_of_person(
        session(), person_id=person_id, election_id=campaign.election_id
    )
    return render_template(
        "back_office/answer_link.html",
        campaign=campaign,
        candidacy=candidacy,
        is_revoked=is_link_revoked(session(), campaign.id, candidacy.id),
        changes=list_open_changes(session(), campaign.id, candidacy.id),
        answers=list_current_answers(session(), campaign.id, candidacy_ids=[candidacy.id]),
        invitations=list_invitations(session(), campaign.id, candidacy.id),
        form=form,
    )


def _change_page(
    campaign_slug: str, person_id: int, change_id: int, form: ChangeForm
) -> str | Response:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    candidacy = get_candidacy_of_person(
        session(), person_id=person_id, election_id=campaign.election_id
    )
    waiting = {each.id: each for each in list_open_changes(session(), campaign.id, candidacy.id)}
    if change_id not in waiting:
        flash(_("This change waits no longer."))
        return redirect(url_for(".show", campaign_slug=campaign_slug, person_id=person_id), 303)
    change = waiting[change_id]
    answers = list_current_answers(session(), campaign.id, candidacy_ids=[candidacy.id])
    return render_template(
        "back_office/pending_change.html",
        campaign=campaign,
        candidacy=candidacy,
        change=change,
        earlier=answers.get((candidacy.id, change.ask_id)),
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
