"""Set for a candidate how letters come to them, where they asked for it outside their page."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.validators import InputRequired

from campaign.campaigns.queries import get_campaign
from campaign.followups.mail_choice import MailWish, choose_mail, get_mail_state
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.pledges.service import AnswerDoor
from campaign.reports.office_candidates import candidate_page
from campaign.web.back_office.access import current_account, current_actor, requires
from campaign.web.back_office.forms import ReasonForm
from campaign.web.shared.context import now, session, toolkit

blueprint = Blueprint(
    "organise_mail_choice",
    __name__,
    url_prefix="/organise/<campaign_slug>/candidates/<int:person_id>",
)

_CHOOSE = _l("Choose one of the three.")
_WISHES: list[Any] = [wish.value for wish in MailWish]
"""The template has the words for them."""


class MailChoiceForm(ReasonForm):
    """One of the three ways, and why."""

    wish = RadioField(  # type: ignore[call-arg]  # stubs are older
        _l("How shall letters come to this candidate?"),
        choices=_WISHES,
        validators=[InputRequired(_CHOOSE)],
        invalid_choice_message=_CHOOSE,
    )


@blueprint.get("/mail")
@requires(Role.ORGANISER)
def choose(campaign_slug: str, person_id: int) -> str:
    """Show how letters come to a candidate today, and ask for another way."""
    return _page(campaign_slug, person_id, MailChoiceForm())


@blueprint.post("/mail")
@requires(Role.ORGANISER)
def choose_submit(campaign_slug: str, person_id: int) -> Response | tuple[str, int]:
    """Let letters come in another way, log it, and mail the candidate a receipt."""
    form = MailChoiceForm()
    if not form.validate_on_submit():
        return _page(campaign_slug, person_id, form), 422
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    candidacy = candidate_page(session(), campaign, person_id=person_id).candidacy
    choose_mail(
        toolkit(),
        session(),
        AnswerDoor(campaign, candidacy),
        MailWish(form.wish.data),
        actor=current_actor(),
        now=now(),
    )
    record_audit(
        session(),
        organiser_id=current_account().id,
        verb="choose_mail",
        subject=f"candidacy:{candidacy.id}",
        reason=form.reason.data or "",
        now=now(),
    )
    flash(_("This is how letters come to the candidate from now on."))
    return redirect(
        url_for("organise_candidates.show", campaign_slug=campaign_slug, person_id=person_id), 303
    )


def _page(campaign_slug: str, person_id: int, form: MailChoiceForm) -> str:
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    page = candidate_page(session(), campaign, person_id=person_id)
    state = get_mail_state(session(), campaign, page.candidacy.id)
    if not form.is_submitted():
        form.wish.data = state.wish.value
    return render_template(
        "back_office/mail_choice.html", campaign=campaign, page=page, state=state, form=form
    )
