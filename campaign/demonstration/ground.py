"""Write the invented island into an empty database: places, election, people who stand."""

from datetime import datetime

from sqlalchemy.orm import Session

from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus, sort_name
from campaign.demonstration import names
from campaign.demonstration.calendar import TIMEZONE, ElectionDays
from campaign.demonstration.island import Island, Seat, Standing
from campaign.elections.models import Ballot, Election, Party
from campaign.geography.models import BoundarySet, Constituency, Postcode, PostcodeRelease


def _credit(what: str) -> str:
    return f"{what}: invented for this demonstration; any likeness is chance."


def write_island(session: Session, island: Island, *, days: ElectionDays, now: datetime) -> None:
    """Add the island and its election; flushed, so that letters can be written next."""
    boundary_set = BoundarySet(slug="velland", name=f"Constituencies of {names.ISLAND}")
    boundary_set.credit = _credit("Constituencies")
    session.add(boundary_set)
    session.flush()
    constituencies = {seat: _constituency(seat, boundary_set) for seat in island.seats}
    session.add_all(constituencies.values())
    session.flush()
    _write_postcodes(session, island, constituencies, now=now)
    session.add(
        Election(
            id=days.election_id,
            name=f"{names.ISLAND} general election {days.polling_day.year}",
            boundary_set_id=boundary_set.id,
            polling_day=days.polling_day,
            nominations_close_at=days.nominations_close_at,
            poll_closes_at=days.poll_closes_at,
            timezone=TIMEZONE,
            candidates_credit=_credit("Candidates"),
        )
    )
    session.add_all(
        Party(id=party_id, name=name) for party_id, name in (*names.PARTIES, names.INDEPENDENT)
    )
    session.flush()
    ballots = {
        seat: Ballot(
            id=f"parl.{seat.slug}.{days.polling_day.isoformat()}",
            election_id=days.election_id,
            constituency_id=constituency.id,
            is_cancelled=seat == island.cancelled_seat,
        )
        for seat, constituency in constituencies.items()
    }
    session.add_all(ballots.values())
    session.add_all(_person(standing) for standing in island.standings)
    session.flush()
    session.add_all(
        _candidacy(standing, ballots[standing.seat], days=days) for standing in island.standings
    )
    session.flush()


def _constituency(seat: Seat, boundary_set: BoundarySet) -> Constituency:
    return Constituency(
        boundary_set_id=boundary_set.id,
        gss_code=seat.gss_code,
        slug=seat.slug,
        name=seat.name,
        nation=names.ISLAND,
        region=seat.region,
        hex_q=seat.hex_q,
        hex_r=seat.hex_r,
    )


def _write_postcodes(
    session: Session, island: Island, constituencies: dict[Seat, Constituency], *, now: datetime
) -> None:
    postcodes = [
        Postcode(postcode=postcode, constituency_id=constituency.id)
        for seat, constituency in constituencies.items()
        for postcode in seat.postcodes
    ]
    first = constituencies[island.seats[0]]
    postcodes += [
        Postcode(postcode=island.ended_postcode, constituency_id=first.id, ended=199606),
        Postcode(postcode=island.homeless_postcode, constituency_id=None),
    ]
    session.add_all(postcodes)
    session.add(
        PostcodeRelease(
            boundary_set_id=first.boundary_set_id,
            name=f"Postcodes of {names.ISLAND}",
            credit=_credit("Postcodes"),
            postcode_count=len(postcodes),
            imported_at=now,
        )
    )


def _person(standing: Standing) -> Person:
    return Person(
        id=standing.person_id,
        name=standing.name,
        sort_name=sort_name(standing.name),
        email=standing.email,
        imported_email=standing.email,
    )


def _candidacy(standing: Standing, ballot: Ballot, *, days: ElectionDays) -> Candidacy:
    return Candidacy(
        person_id=standing.person_id,
        ballot_id=ballot.id,
        party_id=standing.party_id,
        party_name=standing.party_name,
        status=CandidacyStatus.WITHDRAWN if standing.is_withdrawn else CandidacyStatus.STANDING,
        withdrawn_at=days.nominations_close_at if standing.is_withdrawn else None,
    )
