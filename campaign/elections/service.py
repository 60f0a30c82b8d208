"""Writes of the elections domain."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from campaign.elections.models import Ballot, Election, Party


def create_election(
    session: Session,
    *,
    election_id: str,
    name: str,
    boundary_set_id: int,
    polling_day: date,
    nominations_close_at: datetime,
    poll_closes_at: datetime,
    timezone: str,
    candidates_credit: str,
) -> Election:
    """Add an election that was not known."""
    election = Election(
        id=election_id,
        name=name,
        boundary_set_id=boundary_set_id,
        polling_day=polling_day,
        nominations_close_at=nominations_close_at,
        poll_closes_at=poll_closes_at,
        timezone=timezone,
        candidates_credit=candidates_credit,
    )
    session.add(election)
    session.flush()  # ballots are inserted past the session
    return election


def add_ballots(
    session: Session, election_id: str, ballots: Mapping[str, tuple[int, bool]]
) -> None:
    """Add ballots that were not known: their constituency, and whether the poll is cancelled."""
    rows = [
        {
            "id": ballot_id,
            "election_id": election_id,
            "constituency_id": constituency_id,
            "is_cancelled": is_cancelled,
        }
        for ballot_id, (constituency_id, is_cancelled) in ballots.items()
    ]
    if rows:
        session.connection().execute(insert(Ballot), rows)


def set_cancelled(session: Session, ballot_id: str, *, is_cancelled: bool) -> None:
    """Note that a poll is countermanded, or takes place after all."""
    ballot = session.get_one(Ballot, ballot_id)
    ballot.is_cancelled = is_cancelled
    session.flush()


def write_parties(session: Session, parties: Mapping[str, str]) -> int:
    """Add parties by Electoral Commission id and rename known ones; returns how many were added."""
    known = {
        party.id: party for party in session.scalars(select(Party).where(Party.id.in_(parties)))
    }
    new = [{"id": key, "name": name} for key, name in parties.items() if key not in known]
    for key, party in known.items():
        party.name = parties[key]
    session.flush()
    if new:
        session.connection().execute(insert(Party), new)
    return len(new)
