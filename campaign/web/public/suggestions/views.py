"""Suggest evidence of where a candidate stands; it waits for two organisers."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign.campaigns.queries import get_campaign, list_asks
from campaign.core.errors import InvalidInput, Refused
from campaign.pledges.rules import Stance
from campaign.pledges.service import SuggestionBox, open_suggestion_box, suggest_evidence
from campaign.web.public.suggestions.forms import SuggestionForm
from campaign.web.shared.context import now, session
from campaign.web.shared.limits import FORM, SUGGESTION, limited

blueprint = Blueprint(
    "suggestions", __name__, url_prefix="/<campaign_slug>/candidates/<int:person_id>"
)


def is_suggesting() -> bool:
    """Tell whether the form is to be kept, not only shown again."""
    return request.form.get("step") != "change"


@blueprint.get("/suggest")
def suggest(campaign_slug: str, person_id: int) -> str:
    """Ask for what somebody knows of where a candidate stands."""
    box = _box(campaign_slug, person_id)
    return _page(box, _form(box))


@blueprint.post("/suggest")
@limited(SUGGESTION, when=is_suggesting, is_done_only=True)
@limited(FORM)
def suggest_submit(campaign_slug: str, person_id: int) -> Response:
    """Keep a suggestion for the organisers; what a program filled in is thrown away."""
    box = _box(campaign_slug, person_id)
    form = _form(box)
    if not form.validate() or not is_suggesting():
        return make_response(_page(box, form), 422 if form.errors else 200)
    if not form.is_by_a_program:
        try:
            suggest_evidence(
                session(),
                campaign_id=box.campaign.id,
                candidacy_id=box.candidacy.id,
                ask_id=form.ask.data,
                stance=Stance(form.stance.data),
                source_url=form.source_url.data or "",
                quote=form.quote.data or "",
                said_on=form.said_on.data,
                email=form.email.data,
                now=now(),
            )
        except (InvalidInput, Refused) as error:
            form.form_errors.append(str(error))
            return make_response(_page(box, form), 422)
    return redirect(
        url_for(".suggested", campaign_slug=campaign_slug, person_id=person_id), code=303
    )


@blueprint.get("/suggested")
def suggested(campaign_slug: str, person_id: int) -> str:
    """Say what happens with a suggestion."""
    box = _box(campaign_slug, person_id)
    return render_template(
        "public/suggestions/suggested.html", campaign=box.campaign, candidacy=box.candidacy
    )


def _box(campaign_slug: str, person_id: int) -> SuggestionBox:
    campaign = get_campaign(session(), campaign_slug)
    return open_suggestion_box(session(), campaign, person_id=person_id, now=now())


def _form(box: SuggestionBox) -> SuggestionForm:
    form = SuggestionForm()
    form.offer_asks((ask.id, ask.current.title) for ask in list_asks(session(), box.campaign.id))
    return form


def _page(box: SuggestionBox, form: SuggestionForm) -> str:
    return render_template(
        "public/suggestions/suggest.html", campaign=box.campaign, candidacy=box.candidacy, form=form
    )
