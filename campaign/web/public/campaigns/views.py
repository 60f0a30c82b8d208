"""The campaign page, its colours, and what we do with data."""

from flask import Blueprint, Response, abort, render_template, request

from campaign.campaigns import queries as campaigns
from campaign.elections import queries as elections
from campaign.elections.rules import ElectionPhase
from campaign.reports import progress
from campaign.web.shared import look as looks
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import letter_totals, now, session

blueprint = Blueprint("campaigns", __name__)


@blueprint.get("/<campaign_slug>/")
def show(campaign_slug: str) -> Response:
    """Show what is asked and why, how far it has come, and the postcode box."""
    campaign = campaigns.get_campaign(session(), campaign_slug)
    election = elections.get_election(session(), campaign.election_id)
    phase = election.phase(now())
    return same_for_everybody(
        render_template(
            "public/campaigns/show.html",
            campaign=campaign,
            asks=campaigns.list_asks(session(), campaign.id),
            election=election,
            phase=phase,
            now=now(),
            progress=progress.get_progress(
                session(), campaign, letter_totals(), is_over=phase is ElectionPhase.CLOSED
            ),
        )
    )


@blueprint.get("/<campaign_slug>/privacy/")
def privacy(campaign_slug: str) -> Response:
    """Say what is kept of a supporter, why, and for how long."""
    campaign = campaigns.get_campaign(session(), campaign_slug)
    election = elections.get_election(session(), campaign.election_id)
    return same_for_everybody(
        render_template("public/campaigns/privacy.html", campaign=campaign, election=election)
    )


@blueprint.get("/<campaign_slug>/look.css")
def look(campaign_slug: str) -> Response:
    """Give the campaign's own colours; kept for long by those who ask for today's version."""
    campaign = campaigns.get_campaign(session(), campaign_slug)
    if not campaign.accent:
        abort(404)
    response = Response(looks.stylesheet(campaign.accent), mimetype="text/css")
    if request.args.get("v") != looks.version(campaign.accent):
        return same_for_everybody(response)
    response.headers["Cache-Control"] = f"public, max-age={looks.MAX_AGE_SECONDS}, immutable"
    return response
