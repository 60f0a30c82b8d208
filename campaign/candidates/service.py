"""Writes of the candidates domain."""

from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.candidates.errors import AddressInvalid, CandidacyNotFound
from campaign.candidates.models import AddressCorrection, Person
from campaign.candidates.rules import effective_email


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


def _checked(email: str) -> str:
    try:
        checked = validate_email(email.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise AddressInvalid(
            "That is not a complete e-mail address; write it like name@example.org."
        ) from error
    return checked.normalized
