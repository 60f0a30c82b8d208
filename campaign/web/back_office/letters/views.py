"""A letter's text: shown once, to a moderator who says why."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from campaign.campaigns.queries import get_campaign
from campaign.organisers.rules import Role
from campaign.reports.office_letters import hide_words, letter_head, open_letter
from campaign.web.back_office.access import current_account, requires
from campaign.web.back_office.forms import ReasonForm
from campaign.web.shared.context import now, session

blueprint = Blueprint("organise_letters", __name__, url_prefix="/organise/<campaign_slug>/letters")


@blueprint.get("/<int:letter_id>/")
@requires(Role.MODERATOR)
def read(campaign_slug: str, letter_id: int) -> str:
    """Ask why somebody wants to read a letter."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    head = letter_head(session(), campaign_id=campaign.id, letter_id=letter_id)
    return render_template(
        "back_office/letter.html", campaign=campaign, head=head, form=ReasonForm()
    )


@blueprint.post("/<int:letter_id>/")
@requires(Role.MODERATOR)
def read_submit(campaign_slug: str, letter_id: int) -> str | tuple[str, int]:
    """Show the text in this one answer, and log who read it and why."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    form = ReasonForm()
    if not form.validate_on_submit():
        head = letter_head(session(), campaign_id=campaign.id, letter_id=letter_id)
        page = render_template("back_office/letter.html", campaign=campaign, head=head, form=form)
        return page, 422
    letter = open_letter(
        session(),
        campaign_id=campaign.id,
        letter_id=letter_id,
        organiser_id=current_account().id,
        reason=form.reason.data or "",
        now=now(),
    )
    return render_template("back_office/letter_text.html", campaign=campaign, letter=letter)


@blueprint.post("/<int:letter_id>/hide-words")
@requires(Role.MODERATOR)
def hide_words_submit(campaign_slug: str, letter_id: int) -> Response:
    """Keep a letter's words off the candidate's page."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    hide_words(
        session(),
        campaign_id=campaign.id,
        letter_id=letter_id,
        organiser_id=current_account().id,
        now=now(),
    )
    flash(
        _("The words of this letter do not stand on the candidate’s page. The letter stays sent.")
    )
    return redirect(url_for(".read", campaign_slug=campaign_slug, letter_id=letter_id), 303)
