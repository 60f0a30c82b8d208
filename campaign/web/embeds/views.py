"""The frames: a campaign, a constituency, a candidate."""

from flask import Blueprint, Response

from campaign.campaigns.queries import get_campaign
from campaign.candidates.queries import get_candidacy_of_person
from campaign.elections.queries import get_election
from campaign.geography.queries import get_constituency
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import session
from campaign.web.shared.frame_pages import draw_campaign, draw_candidate, draw_constituency
from campaign.web.shared.security import let_be_framed

blueprint = Blueprint("embeds", __name__, url_prefix="/embed")


@blueprint.after_request
def open_frames(response: Response) -> Response:
    """Let every site frame these pages, and no other ones."""
    return let_be_framed(response) if response.status_code in (200, 304) else response


@blueprint.get("/<campaign_slug>/")
def campaign(campaign_slug: str) -> Response:
    """Show how far a campaign has come."""
    return same_for_everybody(draw_campaign(get_campaign(session(), campaign_slug)))


@blueprint.get("/<campaign_slug>/<constituency_slug>/")
def constituency(campaign_slug: str, constituency_slug: str) -> Response:
    """Show where everybody who stands in a constituency stands."""
    found = get_campaign(session(), campaign_slug)
    election = get_election(session(), found.election_id)
    place = get_constituency(
        session(), boundary_set_id=election.boundary_set_id, slug=constituency_slug
    )
    return same_for_everybody(draw_constituency(found, place))


@blueprint.get("/<campaign_slug>/candidate/<int:person_id>/")
def candidate(campaign_slug: str, person_id: int) -> Response:
    """Show where one candidate stands."""
    found = get_campaign(session(), campaign_slug)
    candidacy = get_candidacy_of_person(
        session(), person_id=person_id, election_id=found.election_id
    )
    return same_for_everybody(draw_candidate(found, candidacy))
