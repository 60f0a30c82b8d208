"""Reads of the elections domain."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from campaign.elections.errors import BallotNotFound, ElectionNotFound
from campaign.elections.models import Ballot, Election
from campaign.geography.models import Constituency
from campaign.geography.queries import get_constituency

# Made once: to put a statement together costs more than to run it.
_BALLOT_OF = (
    select(Ballot)
    .where(
        Ballot.election_id == bindparam("election_id"),
        Ballot.constituency_id == bindparam("constituency_id"),
    )
    .options(joinedload(Ballot.constituency), joinedload(Ballot.election))
)
_BALLOT_AT = (
    select(Ballot)
    .join(Ballot.election)
    .join(Ballot.constituency)
    .where(
        Ballot.election_id == bindparam("election_id"),
        Constituency.slug == bindparam("slug"),
        Constituency.boundary_set_id == Election.boundary_set_id,
    )
    .options(contains_eager(Ballot.constituency), contains_eager(Ballot.election))
)


def get_election(session: Session, election_id: str) -> Election:
    """Return an election by Democracy Club's id; raises ElectionNotFound."""
    election = session.get(Election, election_id)
    if election is None:
        raise ElectionNotFound(f"There is no election {election_id}; import its candidates first.")
    return election


def find_ballot(session: Session, *, election_id: str, constituency_id: int) -> Ballot | None:
    """Return the ballot of a constituency; None while nobody is known to stand."""
    return session.scalar(
        _BALLOT_OF, {"election_id": election_id, "constituency_id": constituency_id}
    )


def get_ballot(session: Session, *, election_id: str, constituency_id: int) -> Ballot:
    """Return the ballot of a constituency; raises BallotNotFound."""
    ballot = find_ballot(session, election_id=election_id, constituency_id=constituency_id)
    if ballot is None:
        raise BallotNotFound("Nobody is known to stand in this constituency yet.")
    return ballot


def get_ballot_at(session: Session, *, election_id: str, constituency_slug: str) -> Ballot:
    """Return the ballot at an address below a campaign, with its place and its election.

    Raises ElectionNotFound, ConstituencyNotFound, BallotNotFound.
    """
    ballot = session.scalar(_BALLOT_AT, {"election_id": election_id, "slug": constituency_slug})
    if ballot is not None:
        return ballot
    boundary_set_id = get_election(session, election_id).boundary_set_id
    place = get_constituency(session, boundary_set_id=boundary_set_id, slug=constituency_slug)
    return get_ballot(session, election_id=election_id, constituency_id=place.id)


def find_election(session: Session, election_id: str) -> Election | None:
    """Return an election by Democracy Club's id, if it is known."""
    return session.get(Election, election_id)


def find_last_election(session: Session) -> Election | None:
    """Return the election with the latest polling day."""
    return session.scalar(select(Election).order_by(Election.polling_day.desc()).limit(1))


def map_ballots(session: Session, election_id: str) -> dict[int, tuple[str, bool]]:
    """Return the ballot of each constituency: its id, and whether the poll is cancelled."""
    rows = session.execute(
        select(Ballot.constituency_id, Ballot.id, Ballot.is_cancelled).where(
            Ballot.election_id == election_id
        )
    )
    return {constituency_id: (ballot_id, is_off) for constituency_id, ballot_id, is_off in rows}
