"""Writes of the candidates domain."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Executable, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from campaign.candidates.errors import AddressInvalid, CandidacyNotFound
from campaign.candidates.models import (
    AddressCorrection,
    Candidacy,
    ContactRepair,
    Person,
    PersonAlias,
)
from campaign.candidates.rules import (
    CandidacyStatus,
    CandidateChanges,
    PersonValues,
    RepairOutcome,
    StandingValues,
    effective_email,
)
from campaign.core.db import Base


def correct_address(
    session: Session,
    *,
    person_id: int,
    email: str | None,
    reason: str,
    actor: str,
    now: datetime,
) -> AddressCorrection:
    """Set the address that a candidate is written to; it wins over every import.

    ``None`` says that the known address is wrong and no better one is known: letters wait then.
    Letters that wait for want of an address are released by the letters' own chores. Raises
    AddressInvalid or CandidacyNotFound.
    """
    person = session.scalar(select(Person).where(Person.id == person_id).with_for_update())
    if person is None:
        raise CandidacyNotFound("Nobody of this number is known.")
    corrected = "" if email is None else _checked(email)
    old_email = person.email
    person.corrected_email = corrected
    person.email = effective_email(imported=person.imported_email, corrected=corrected)
    correction = AddressCorrection(
        person_id=person.id,
        old_email=old_email,
        new_email=person.email,
        reason=reason.strip(),
        actor=actor,
        corrected_at=now,
    )
    session.add(correction)
    return correction


def open_repair(session: Session, person: Person, *, cause: str, now: datetime) -> None:
    """Ask organisers to repair a candidate's address; a second time adds nothing."""
    found = session.scalar(
        select(ContactRepair).where(
            ContactRepair.person_id == person.id, ContactRepair.settled_at.is_(None)
        )
    )
    if found is None and person.email:
        session.add(
            ContactRepair(person_id=person.id, email=person.email, cause=cause, opened_at=now)
        )
        session.flush()  # The next look must see it.


def settle_open_repair(
    session: Session, person_id: int, *, outcome: RepairOutcome, now: datetime
) -> None:
    """Note how the repair of a person's address ended, where there is an open one."""
    session.execute(
        update(ContactRepair)
        .where(ContactRepair.person_id == person_id, ContactRepair.settled_at.is_(None))
        .values(settled_at=now, outcome=outcome)
    )


def settle_repairs(
    session: Session, *, now: datetime, person_ids: Collection[int] | None = None
) -> int:
    """Settle the repairs of people who have another address than the broken one, or none.

    Whoever changed it: an organiser, a file, or a merge of two people. Returns how many.
    """
    query = (
        select(ContactRepair, Person.email)
        .join(Person, Person.id == ContactRepair.person_id)
        .where(ContactRepair.settled_at.is_(None))
    )
    if person_ids is not None:
        query = query.where(ContactRepair.person_id.in_(person_ids))
    settled = 0
    for repair, email in session.execute(query).all():
        if (email or "").casefold() != repair.email.casefold():
            outcome = RepairOutcome.CORRECTED if email else RepairOutcome.NONE_KNOWN
            repair.settled_at, repair.outcome = now, outcome
            settled += 1
    return settled


def _checked(email: str) -> str:
    try:
        checked = validate_email(email.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise AddressInvalid(
            "That is not a complete e-mail address; write it like name@example.org."
        ) from error
    return checked.normalized


def write_candidate_changes(session: Session, changes: CandidateChanges) -> None:
    """Write what an import decided, in blocks; ballots and parties must be there already.

    People are merged before anything else is changed, so that a candidacy that moves keeps its row
    and with it the letters and pledges that point there.
    """
    _insert_rows(
        session,
        Person,
        (*PersonValues._fields, "email"),
        [(*each, each.email) for each in changes.people_to_add],
    )
    _merge_people(session, changes)
    _write_many(
        session,
        update(Person).where(Person.id == bindparam("key")),
        [_without(_person(each), "id") | {"key": each.id} for each in changes.people_to_change],
    )
    _write_many(
        session,
        update(Candidacy).where(Candidacy.id == bindparam("key")),
        [
            _without(values._asdict(), "person_id", "ballot_id")
            | {"key": key, "withdrawn_at": None}
            for key, values in changes.standings_to_change
        ],
    )
    _insert_rows(
        session,
        Candidacy,
        StandingValues._fields,
        [(*each[:-1], each.status.value) for each in changes.standings_to_add],
    )
    _write_many(
        session,
        update(Candidacy)
        .where(Candidacy.id == bindparam("key"))
        .values(status=CandidacyStatus.WITHDRAWN, withdrawn_at=changes.withdrawn_at),
        [{"key": key} for key in changes.standings_to_withdraw],
    )
    session.expire_all()


def _merge_people(session: Session, changes: CandidateChanges) -> None:
    """Let former people become who they now are: candidacies, corrections and aliases move."""
    _write_many(
        session,
        delete(PersonAlias).where(PersonAlias.old_person_id == bindparam("key")),
        [{"key": key} for key in changes.aliases_to_drop],
    )
    _write_many(
        session,
        delete(Candidacy).where(Candidacy.id == bindparam("key")),
        [{"key": key} for key in changes.standings_to_drop],
    )
    _write_many(
        session,
        update(Candidacy).where(Candidacy.id == bindparam("key")),
        [{"key": key, "person_id": person_id} for key, person_id in changes.standings_to_move],
    )
    pairs = [{"former": old, "person_id": new} for old, new in changes.people_to_merge]
    # One open repair for each person: the worker opens it again where it is still needed.
    _write_many(
        session,
        update(ContactRepair)
        .where(ContactRepair.person_id == bindparam("former"), ContactRepair.settled_at.is_(None))
        .values(settled_at=changes.withdrawn_at, outcome=RepairOutcome.CORRECTED),
        [{"former": pair["former"]} for pair in pairs],
    )
    for table in (PersonAlias, AddressCorrection, ContactRepair):
        _write_many(
            session,
            update(table).where(table.person_id == bindparam("former")),
            pairs,
        )
    _write_many(
        session,
        insert(PersonAlias),
        [{"old_person_id": old, "person_id": new} for old, new in changes.people_to_merge],
    )
    _write_many(
        session,
        delete(Person).where(Person.id == bindparam("key")),
        [{"key": key} for key in changes.people_to_remove],
    )


def _person(values: PersonValues) -> dict[str, Any]:
    return {**values._asdict(), "email": values.email}


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _insert_rows(
    session: Session, model: type[Base], columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Insert thousands of rows as the driver takes them: quicker than prepared dictionaries."""
    if not rows:
        return
    connection = session.connection()
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    connection.exec_driver_sql(
        f"INSERT INTO {model.__tablename__} ({', '.join(columns)}) "  # noqa: S608
        f"VALUES ({', '.join([mark] * len(columns))})",
        rows,
    )


def _write_many(session: Session, statement: Executable, rows: Sequence[dict[str, Any]]) -> None:
    # On the connection, not the session: the unit of work is many times slower for thousands.
    if rows:
        session.connection().execute(statement, rows)
