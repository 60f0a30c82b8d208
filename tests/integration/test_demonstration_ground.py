from collections import Counter
from datetime import date

from sqlalchemy.orm import Session

from campaign.candidates.queries import list_ballot_candidacies
from campaign.candidates.rules import CandidacyStatus
from campaign.demonstration.calendar import election_days
from campaign.demonstration.ground import write_island
from campaign.demonstration.island import invent_island
from campaign.elections.queries import get_ballot, get_election
from campaign.elections.rules import ElectionPhase
from campaign.geography.queries import (
    find_postcode_release,
    list_constituencies,
    look_up_postcode,
)
from tests.conftest import FrozenClock


def test_the_island_is_an_election_like_any_other(session: Session, clock: FrozenClock) -> None:
    island, days = invent_island(), election_days(date(2031, 5, 1))
    write_island(session, island, days=days, now=clock())
    session.expire_all()

    election = get_election(session, days.election_id)
    assert election.phase(clock()) is ElectionPhase.CAMPAIGN
    constituencies = list_constituencies(session, election.boundary_set_id)
    assert len(constituencies) == 40
    ballots = [
        get_ballot(session, election_id=election.id, constituency_id=constituency.id)
        for constituency in constituencies
    ]
    assert [b.constituency.name for b in ballots if b.is_cancelled] == ["Isle of Orrin"]
    statuses = Counter(
        candidacy.status
        for ballot in ballots
        for candidacy in list_ballot_candidacies(session, ballot.id)
    )
    assert statuses[CandidacyStatus.WITHDRAWN] == 1
    assert statuses.total() == len(island.standings)

    outcomes = [
        look_up_postcode(session, postcode, boundary_set_id=election.boundary_set_id).outcome
        for postcode in (
            island.seats[3].postcodes[0],
            island.ended_postcode,
            island.homeless_postcode,
        )
    ]
    assert outcomes == ["found", "ended", "no_constituency"]
    release = find_postcode_release(session)
    assert release is not None
    assert release.postcode_count == 40 * 12 + 2
