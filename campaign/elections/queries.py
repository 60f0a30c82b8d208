"""Reads of the elections domain."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaign.elections.errors import BallotNotFound, ElectionNotFound
from campaign.elections.models import Ballot, Election


def get_election(session: Session, election_id: str) -> Election:
    """Return an election by Democracy Club's id; raises ElectionNotFound."""
    election = session.get(Election, election_id)
    if election is None:
        raise ElectionNotFound(f"There is no election {election_id}; import its candidates first.")
    return election


def find_ballot(session: Session, *, election_id: str, constituency_id: int) -> Ballot | None:
    """Return the ballot of a constituency; None while nobody is known to stand."""
    return session.scalar(
        select(Ballot)
        .where(Ballot.election_id == election_id, Ballot.constituency_id == constituency_id)
        .options(joinedload(Ballot.constituency), joinedload(Ballot.election))
    )


def get_ballot(session: Session, *, election_id: str, constituency_id: int) -> Ballot:
    """Return the ballot of a constituency; raises BallotNotFound."""
    ballot = find_ballot(session, election_id=election_id, constituency_id=constituency_id)
    if ballot is None:
        raise BallotNotFound("Nobody is known to stand in this constituency yet.")
    return ballot
