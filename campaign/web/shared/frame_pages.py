"""The pages that other sites show in a frame: a campaign, a constituency, a candidate."""

from typing import Any

from flask import render_template

from campaign.campaigns.queries import list_asks
from campaign.elections.queries import find_ballot, get_election
from campaign.reports.candidate_record import build_candidate_record
from campaign.reports.constituency import list_stands
from campaign.reports.tallies import tally_campaign, tally_elected
from campaign.web.shared.context import now, session


def draw_campaign(campaign: Any) -> str:
    """Return how far a campaign has come."""
    return render_template(
        "embeds/campaign.html",
        campaign=campaign,
        election=get_election(session(), campaign.election_id),
        tally=tally_campaign(session(), campaign),
        elected=tally_elected(session(), campaign),
    )


def draw_constituency(campaign: Any, place: Any) -> str:
    """Return where everybody who stands in a constituency stands."""
    election = get_election(session(), campaign.election_id)
    ballot = find_ballot(session(), election_id=election.id, constituency_id=place.id)
    asks = list_asks(session(), campaign.id)
    stands = list_stands(session(), campaign, ballot, asks) if ballot else []
    return render_template(
        "embeds/constituency.html",
        campaign=campaign,
        election=election,
        constituency=place,
        ballot=ballot,
        asks=asks,
        phase=election.phase(now()),
        stands=[each for each in stands if each.is_standing],
    )


def draw_candidate(campaign: Any, candidacy: Any) -> str:
    """Return where one candidate stands."""
    election = get_election(session(), campaign.election_id)
    return render_template(
        "embeds/candidate.html",
        campaign=campaign,
        election=election,
        phase=election.phase(now()),
        record=build_candidate_record(session(), campaign, candidacy),
    )
