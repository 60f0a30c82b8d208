"""The five counts of a campaign or of some constituencies, without building the whole tracker."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks
from campaign.pledges.queries import list_current_answers
from campaign.reports.register import (
    AGREEING,
    count_standings,
    list_counted_standings,
    list_uncounted_standings,
)
from campaign.reports.stances import list_current_stances
from campaign.reports.tracker import Tally


def tally_campaign(session: Session, campaign: Campaign) -> Tally:
    """Return the counts over everybody who stands; the number of queries is fixed."""
    standing, reachable, asked = count_standings(
        session, campaign.election_id, campaign_id=campaign.id
    )
    uncounted = {
        each.candidacy_id for each in list_uncounted_standings(session, campaign.election_id)
    }
    stances = [
        each
        for each in list_current_stances(session, campaign.id)
        if each.candidacy_id not in uncounted
    ]
    return Tally(
        standing=standing,
        reachable=reachable,
        asked=asked,
        answered=len({each.candidacy_id for each in stances}),
        agreed=len({each.candidacy_id for each in stances if each.stance in AGREEING}),
    )


def tally_elected(session: Session, campaign: Campaign) -> Tally | None:
    """Return the counts over the members who were elected; None until results are imported."""
    members = list_counted_standings(
        session, campaign.election_id, campaign_id=campaign.id, elected_only=True
    )
    if not members:
        return None
    ids = {each.candidacy_id for each in members}
    stances = [
        each for each in list_current_stances(session, campaign.id) if each.candidacy_id in ids
    ]
    return Tally(
        standing=len(members),
        reachable=sum(each.is_reachable for each in members),
        asked=sum(each.is_asked for each in members),
        answered=len({each.candidacy_id for each in stances}),
        agreed=len({each.candidacy_id for each in stances if each.stance in AGREEING}),
    )


def tally_places(
    session: Session, campaign: Campaign, constituency_ids: Collection[int]
) -> dict[int, Tally]:
    """Return the counts of each of some constituencies; nobody stands where all are nought."""
    standings = list_counted_standings(
        session,
        campaign.election_id,
        campaign_id=campaign.id,
        constituency_ids=constituency_ids,
    )
    ids = [each.candidacy_id for each in standings]
    current = {ask.id for ask in list_asks(session, campaign.id)}
    stances = defaultdict(set)
    for answer in list_current_answers(session, campaign.id, candidacy_ids=ids).values():
        if answer.ask_id in current:
            stances[answer.candidacy_id].add(answer.stance)
    tallies = {each: Tally() for each in constituency_ids}
    for standing in standings:
        tally = tallies[standing.constituency_id]
        tally.standing += 1
        tally.reachable += standing.is_reachable
        tally.asked += standing.is_asked
        tally.answered += bool(stances.get(standing.candidacy_id))
        tally.agreed += not AGREEING.isdisjoint(stances.get(standing.candidacy_id, ()))
    return tallies
