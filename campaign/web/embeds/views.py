"""The frames: a campaign, a constituency, a candidate."""

from flask import Blueprint, Response, render_template

from campaign.campaigns.queries import get_campaign, list_asks
from campaign.candidates.queries import get_candidacy_of_person
from campaign.elections.queries import find_ballot, get_election
from campaign.geography.queries import get_constituency
from campaign.reports.candidate_record import build_candidate_record
from campaign.reports.constituency import list_stands
from campaign.reports.tallies import tally_campaign, tally_elected
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import session
from campaign.web.shared.security import let_be_framed

blueprint = Blueprint("embeds", __name__, url_prefix="/embed")


@blueprint.after_request
def open_frames(response: Response) -> Response:
    """Let every site frame these pages, and no other ones."""
    return let_be_framed(response) if response.status_code in (200, 304) else response


@blueprint.get("/<campaign_slug>/")
def campaign(campaign_slug: str) -> Response:
    """Show how far a campaign has come."""
    found = get_campaign(session(), campaign_slug)
    page = render_template(
        "embeds/campaign.html",
        campaign=found,
        election=get_election(session(), found.election_id),
        tally=tally_campaign(session(), found),
        elected=tally_elected(session(), found),
    )
    return same_for_everybody(page)


@blueprint.get("/<campaign_slug>/<constituency_slug>/")
def constituency(campaign_slug: str, constituency_slug: str) -> Response:
    """Show where everybody who stands in a constituency stands."""
    found = get_campaign(session(), campaign_slug)
    election = get_election(session(), found.election_id)
    place = get_constituency(
        session(), boundary_set_id=election.boundary_set_id, slug=constituency_slug
    )
    ballot = find_ballot(session(), election_id=election.id, constituency_id=place.id)
    stands = list_stands(session(), found, ballot) if ballot else []
    page = render_template(
        "embeds/constituency.html",
        campaign=found,
        election=election,
        constituency=place,
        ballot=ballot,
        asks=list_asks(session(), found.id),
        stands=[each for each in stands if each.is_standing],
    )
    return same_for_everybody(page)


@blueprint.get("/<campaign_slug>/candidate/<int:person_id>/")
def candidate(campaign_slug: str, person_id: int) -> Response:
    """Show where one candidate stands."""
    found = get_campaign(session(), campaign_slug)
    candidacy = get_candidacy_of_person(
        session(), person_id=person_id, election_id=found.election_id
    )
    page = render_template(
        "embeds/candidate.html",
        campaign=found,
        election=get_election(session(), found.election_id),
        record=build_candidate_record(session(), found, candidacy),
    )
    return same_for_everybody(page)
