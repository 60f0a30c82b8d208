"""Everybody who stands in an election, and what they answered, for counts and exports."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.elections.models import Ballot, Party
from campaign.geography.models import Constituency
from campaign.letters.models import Letter
from campaign.letters.rules import LetterStatus
from campaign.pledges.models import Invitation
from campaign.pledges.rules import Stance

AGREEING = frozenset({Stance.YES, Stance.YES_WITH_RESERVATIONS})
"""Stances that public counts take as a yes; the words beside each count say so."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One candidacy with what counts and exports say about it."""

    candidacy_id: int
    person_id: int
    name: str
    is_reachable: bool
    """Whether an address is known; the address itself stays where it is."""
    party_id: str
    party_name: str
    """As it stood on the ballot."""
    registered_party_name: str
    status: CandidacyStatus
    ballot_id: str
    is_cancelled: bool
    constituency_id: int
    constituency_name: str
    constituency_slug: str
    gss_code: str

    @property
    def is_counted(self) -> bool:
        """Whether the candidate is in the denominators: standing, on a ballot that is held."""
        return self.status is not CandidacyStatus.WITHDRAWN and not self.is_cancelled


class CountedStanding(NamedTuple):
    """Of a candidacy that is in the denominators only what is counted."""

    candidacy_id: int
    constituency_id: int
    party_id: str
    registered_party_name: str
    is_reachable: bool
    is_asked: bool
    """Whether a letter or an invitation of the campaign was sent to them."""
    is_elected: bool


class UncountedStanding(NamedTuple):
    """A candidacy that is in no denominator: withdrawn, or on a ballot that is not held."""

    candidacy_id: int
    constituency_id: int
    is_cancelled: bool


class Seats(NamedTuple):
    """Constituencies whose poll is held, and those of which it is known who was elected."""

    known: int
    contested: int

    @property
    def is_partial(self) -> bool:
        """Whether results are still coming in."""
        return 0 < self.known < self.contested


def list_standings(
    session: Session,
    election_id: str,
    *,
    constituency_id: int | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> list[Standing]:
    """Return all candidacies by constituency, then in the order of the ballot paper; one query.

    Of one constituency where it is given; of ``limit`` candidacies where that is.
    """
    rows = _standings().where(*_on_ballots(election_id, constituency_id))
    rows = rows.order_by(Constituency.name, Constituency.id, *_ORDER)
    return _read(session, rows if limit is None else rows.offset(offset).limit(limit))


def count_candidacies(
    session: Session, election_id: str, *, constituency_id: int | None = None
) -> int:
    """Return how many candidacies ``list_standings`` has."""
    rows = select(func.count()).select_from(Candidacy).join(Candidacy.ballot)
    return session.scalar(rows.where(*_on_ballots(election_id, constituency_id))) or 0


def list_asked(
    session: Session, candidacy_ids: Collection[int], *, campaign_id: int
) -> frozenset[int]:
    """Return those of the candidacies to whom the campaign's letter or invitation was sent."""
    given = {"candidacy_ids": list(candidacy_ids), "campaign_id": campaign_id}
    return frozenset(session.scalars(_asked(), given))


@cache  # Building it takes as long as the database takes for a page of candidates.
def _asked() -> Select[int]:
    some: BindParameter[Any] = bindparam("candidacy_ids", expanding=True)
    return select(Candidacy.id).where(
        Candidacy.id.in_(some), _is_asked(bindparam("campaign_id", type_=Integer))
    )


def map_standings(session: Session, candidacy_ids: Collection[int]) -> dict[int, Standing]:
    """Return some candidacies by their ids."""
    found = _read(session, _standings().where(Candidacy.id.in_(candidacy_ids)))
    return {standing.candidacy_id: standing for standing in found}


def list_counted_standings(
    session: Session,
    election_id: str,
    *,
    campaign_id: int,
    constituency_ids: Collection[int] | None = None,
    elected_only: bool = False,
) -> list[CountedStanding]:
    """Return whoever is counted, in no order; in some constituencies where these are given."""
    statement = (
        select(
            Candidacy.id,
            Ballot.constituency_id,
            Candidacy.party_id,
            Party.name,
            _is_reachable(),
            _is_asked(campaign_id),
            Candidacy.status == CandidacyStatus.ELECTED,
        )
        .join(Candidacy.person)
        .join(Candidacy.party)
        .join(Candidacy.ballot)
        .where(Ballot.election_id == election_id, _is_counted())
    )
    if elected_only:
        statement = statement.where(Candidacy.status == CandidacyStatus.ELECTED)
    if constituency_ids is not None:
        statement = statement.where(Ballot.constituency_id.in_(constituency_ids))
    return [CountedStanding._make(row) for row in session.execute(statement)]


def list_counted_parties(session: Session, election_id: str) -> list[tuple[str, str, int]]:
    """Return the id and registered name of whoever's candidates are counted, and how many won."""
    rows = session.execute(
        select(
            Candidacy.party_id,
            Party.name,
            func.count().filter(Candidacy.status == CandidacyStatus.ELECTED),
        )
        .join(Candidacy.party)
        .join(Candidacy.ballot)
        .where(Ballot.election_id == election_id, _is_counted())
        .group_by(Candidacy.party_id, Party.name)
    )
    return [(party_id, name, elected) for party_id, name, elected in rows]


def list_uncounted_standings(session: Session, election_id: str) -> list[UncountedStanding]:
    """Return those few who are on the list and in no count."""
    rows = session.execute(
        select(Candidacy.id, Ballot.constituency_id, Ballot.is_cancelled)
        .join(Candidacy.ballot)
        .where(Ballot.election_id == election_id, ~_is_counted())
    )
    return [UncountedStanding._make(row) for row in rows]


def count_standings(
    session: Session, election_id: str, *, campaign_id: int
) -> tuple[int, int, int]:
    """Return how many are counted, can be reached, and have been asked; fetches none."""
    row = session.execute(
        select(
            func.count(),
            func.count().filter(_is_reachable()),
            func.count().filter(_is_asked(campaign_id)),
        )
        .select_from(Candidacy)
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .where(Ballot.election_id == election_id, _is_counted())
    ).one()
    return row[0], row[1], row[2]


def count_seats(session: Session, election_id: str) -> Seats:
    """Return in how many constituencies somebody is counted, and has won."""
    place = Ballot.constituency_id
    won = case((Candidacy.status == CandidacyStatus.ELECTED, place))
    row = session.execute(
        select(func.count(won.distinct()), func.count(place.distinct()))
        .select_from(Candidacy)
        .join(Candidacy.ballot)
        .where(Ballot.election_id == election_id, _is_counted())
    ).one()
    return Seats(row[0], row[1])


_ORDER = (Person.sort_name, Person.id)


def _on_ballots(election_id: str, constituency_id: int | None) -> tuple[ColumnElement[bool], ...]:
    of_election = Ballot.election_id == election_id
    if constituency_id is None:
        return (of_election,)
    return of_election, Ballot.constituency_id == constituency_id


def _is_counted() -> ColumnElement[bool]:
    """Return in SQL what ``Standing.is_counted`` is."""
    return and_(Candidacy.status != CandidacyStatus.WITHDRAWN, Ballot.is_cancelled.is_(False))


def _is_reachable() -> ColumnElement[bool]:
    return func.coalesce(Person.email, "") != ""


def _is_asked(campaign_id: int | BindParameter[int]) -> ColumnElement[bool]:
    """Return whether a letter or an invitation was sent; each is looked up in an index.

    So the cost does not grow with them.
    """
    has_letter = exists().where(
        Letter.candidacy_id == Candidacy.id,
        Letter.status == LetterStatus.SENT,
        Letter.campaign_id == campaign_id,
    )
    has_invitation = exists().where(
        Invitation.candidacy_id == Candidacy.id,
        Invitation.campaign_id == campaign_id,
        Invitation.sent_at.is_not(None),
    )
    return or_(has_letter, has_invitation)


@cache
def _standings() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Candidacy.id,
            Person.id,
            Person.name,
            Person.email,
            Candidacy.party_id,
            Candidacy.party_name,
            Party.name,
            Candidacy.status,
            Ballot.id,
            Ballot.is_cancelled,
            Constituency.id,
            Constituency.name,
            Constituency.slug,
            Constituency.gss_code,
        )
        .join(Candidacy.person)
        .join(Candidacy.party)
        .join(Candidacy.ballot)
        .join(Ballot.constituency)
    )


def _read(session: Session, rows: Select[*tuple[Any, ...]]) -> list[Standing]:
    return [
        Standing(candidacy_id, person_id, name, bool(email), *rest)
        for candidacy_id, person_id, name, email, *rest in session.execute(rows)
    ]
