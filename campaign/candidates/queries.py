"""Reads of the candidates domain."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from campaign.candidates.errors import CandidacyNotFound, RepairNotFound
from campaign.candidates.models import Candidacy, ContactRepair, Person, PersonAlias
from campaign.candidates.rules import CandidacyStatus, KnownPerson, KnownStanding
from campaign.elections.models import Ballot
from campaign.geography.models import Constituency

GREATEST_ID = 2**31 - 1
"""Of the databases' integers: a greater number in an address is nobody's."""

# Made once: to put a statement together costs more than to run it.
_ON_BALLOT = (
    select(Candidacy)
    .join(Candidacy.person)
    .where(Candidacy.ballot_id == bindparam("ballot_id"))
    .order_by(Person.sort_name, Person.id)
    .options(contains_eager(Candidacy.person))
)


def list_ballot_candidacies(session: Session, ballot_id: str) -> list[Candidacy]:
    """Return all candidacies of a ballot, withdrawn ones too, in the order of the ballot paper."""
    return list(session.scalars(_ON_BALLOT, {"ballot_id": ballot_id}))


def get_candidacy(session: Session, candidacy_id: int) -> Candidacy:
    """Return a candidacy with its person, ballot and constituency; raises CandidacyNotFound."""
    candidacy = session.scalar(
        select(Candidacy)
        .where(Candidacy.id == candidacy_id)
        .options(
            joinedload(Candidacy.person),
            joinedload(Candidacy.ballot).joinedload(Ballot.constituency),
        )
    )
    if candidacy is None:
        raise CandidacyNotFound("This candidate is not known.")
    return candidacy


def get_candidacy_of_person(session: Session, *, person_id: int, election_id: str) -> Candidacy:
    """Return how a person stands in an election; raises CandidacyNotFound.

    A number that Democracy Club has merged into another leads to who it is today, because other
    sites have it in their links and frames. Who changed ballots is found where they stand now,
    or where they were elected.
    """
    if person_id > GREATEST_ID:
        raise CandidacyNotFound("Nobody of this number stands in this election.")
    today = select(PersonAlias.person_id).where(PersonAlias.old_person_id == person_id)
    candidacy = session.scalar(
        select(Candidacy)
        .join(Candidacy.ballot)
        .where(
            Candidacy.person_id == func.coalesce(today.scalar_subquery(), person_id),
            Ballot.election_id == election_id,
        )
        .options(
            joinedload(Candidacy.person),
            contains_eager(Candidacy.ballot).joinedload(Ballot.constituency),
        )
        .order_by(
            Candidacy.status != CandidacyStatus.ELECTED,
            Candidacy.status == CandidacyStatus.WITHDRAWN,
            Candidacy.id.desc(),
        )
        .limit(1)
    )
    if candidacy is None:
        raise CandidacyNotFound("Nobody of this number stands in this election.")
    return candidacy


def map_places_of_person(session: Session, candidacy: Candidacy) -> dict[int, Constituency | None]:
    """Return where a candidate stands or stood in the same election, by candidacy."""
    rows = session.execute(
        select(Candidacy.id, Constituency)
        .join(Candidacy.ballot)
        .join(Ballot.constituency)
        .where(
            Candidacy.person_id == candidacy.person_id,
            Ballot.election_id == candidacy.ballot.election_id,
        )
    )
    return {row[0]: row[1] for row in rows}


def list_people_at(session: Session, address_keys: Collection[str]) -> list[Person]:
    """Return the people who are written to at one of these addresses (in lower case), in order."""
    found = session.scalars(select(Person).where(_is_at(address_keys)).order_by(Person.id))
    return list(found)


def list_candidacies_at(
    session: Session,
    address_keys: Collection[str],
    *,
    candidacy_ids: Collection[int] | None = None,
) -> dict[int, str]:
    """Return the address (in lower case) of each candidacy that is written to at one of these."""
    query = (
        select(Candidacy.id, Person.email)
        .join(Person, Person.id == Candidacy.person_id)
        .where(_is_at(address_keys))
    )
    if candidacy_ids is not None:
        query = query.where(Candidacy.id.in_(candidacy_ids))
    return {row[0]: row[1].casefold() for row in session.execute(query) if row[1]}


def list_open_repairs(session: Session) -> list[ContactRepair]:
    """Return the addresses that wait to be repaired, with their people, the oldest first."""
    return list(
        session.scalars(
            select(ContactRepair)
            .where(ContactRepair.settled_at.is_(None))
            .order_by(ContactRepair.id)
            .options(joinedload(ContactRepair.person))
        )
    )


def count_open_repairs(session: Session) -> int:
    """Return how many addresses wait to be repaired."""
    return session.scalars(
        select(func.count()).select_from(ContactRepair).where(ContactRepair.settled_at.is_(None))
    ).one()


def get_open_repair(session: Session, repair_id: int) -> ContactRepair:
    """Return an address that waits to be repaired; raises RepairNotFound."""
    found = session.get(ContactRepair, repair_id)
    if found is None or found.settled_at is not None:
        raise RepairNotFound("No address of this number waits to be repaired.")
    return found


def _is_at(address_keys: Collection[str]) -> ColumnElement[bool]:
    return func.lower(Person.email).in_(address_keys)


FEW_PEOPLE = 500
"""Up to here, people are asked for by their numbers; beyond, all are read at once."""


def list_known_standings(session: Session, election_id: str) -> list[KnownStanding]:
    """Return all candidacies of an election, withdrawn ones too, as an import compares them."""
    statement = _standings().join(Ballot, Ballot.id == Candidacy.ballot_id)
    rows = session.execute(statement.where(Ballot.election_id == election_id))
    return [KnownStanding._make(row) for row in rows]


def list_standings_of_people(session: Session, person_ids: Collection[int]) -> list[KnownStanding]:
    """Return all candidacies of some people, in every election."""
    rows = session.execute(_standings().where(Candidacy.person_id.in_(person_ids)))
    return [KnownStanding._make(row) for row in rows]


def map_known_people(
    session: Session, person_ids: Collection[int], *, is_for_update: bool
) -> dict[int, KnownPerson]:
    """Return people by number, locked where they are to be changed."""
    statement = select(
        Person.id, Person.name, Person.sort_name, Person.imported_email, Person.corrected_email
    )
    if len(person_ids) <= FEW_PEOPLE:
        statement = statement.where(Person.id.in_(person_ids))
    if is_for_update:
        statement = statement.with_for_update()
    return {row[0]: KnownPerson._make(row) for row in session.execute(statement)}


def map_aliases(session: Session) -> dict[int, int]:
    """Return the person whom each former number now means."""
    return dict(session.execute(select(PersonAlias.old_person_id, PersonAlias.person_id)).all())


def _standings() -> Select[int, int, str, str, str, CandidacyStatus]:
    return select(
        Candidacy.id,
        Candidacy.person_id,
        Candidacy.ballot_id,
        Candidacy.party_id,
        Candidacy.party_name,
        Candidacy.status,
    )
