"""Writes of the organisers domain."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.organisers.errors import OrganiserExists
from campaign.organisers.models import AuditEntry, Organiser
from campaign.organisers.queries import find_organiser_id
from campaign.organisers.rules import Role, normalise_login


def add_organiser(
    session: Session,
    *,
    email: str,
    role: Role,
    now: datetime,
    name: str = "",
    password_hash: str | None = None,
) -> Organiser:
    """Give a person a login; without a password they set one through a link.

    Flushed, so that the caller can hold the id. Raises OrganiserExists, OrganiserAddressInvalid.
    """
    email = normalise_login(email)
    if find_organiser_id(session, email) is not None:
        raise OrganiserExists(
            "An organiser with this address exists already; they can use “Forgot your password?”."
        )
    organiser = Organiser(
        email=email,
        name=name.strip(),
        role=role,
        password=password_hash,
        fs_uniquifier=uuid.uuid4().hex,
        created_at=now,
    )
    session.add(organiser)
    session.flush()  # The audit log names the organiser by id.
    return organiser


def record_audit(
    session: Session,
    *,
    organiser_id: int | None,
    verb: str,
    subject: str,
    now: datetime,
    reason: str = "",
) -> None:
    """Note what an organiser did; ``None`` for a command run on the server."""
    session.add(
        AuditEntry(at=now, organiser_id=organiser_id, verb=verb, subject=subject, reason=reason)
    )
