"""Reads of the organisers domain."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.organisers.models import AuditEntry, Organiser


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of the audit log as owners read it."""

    at: datetime
    organiser: str
    """Name of the organiser; empty for a command run on the server."""
    verb: str
    subject: str
    reason: str


def list_audit_lines(session: Session, *, limit: int, offset: int = 0) -> list[AuditLine]:
    """Return the audit log, newest first."""
    rows = session.execute(
        select(AuditEntry, Organiser.name, Organiser.email)
        .outerjoin(Organiser, AuditEntry.organiser_id == Organiser.id)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [
        AuditLine(
            at=entry.at,
            organiser=name or email or "",
            verb=entry.verb,
            subject=entry.subject,
            reason=entry.reason,
        )
        for entry, name, email in rows
    ]


def count_audit_entries(session: Session) -> int:
    """Return how many lines the audit log has."""
    return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def find_organiser_id(session: Session, email: str) -> int | None:
    """Return the organiser who logs in with this address, in any case of letters."""
    return session.scalar(select(Organiser.id).where(func.lower(Organiser.email) == email.lower()))


def list_actor_names(session: Session, actors: Iterable[str]) -> dict[str, str]:
    """Return the names behind ``organiser:7`` and the like; anything else stands for itself."""
    actors = set(actors)
    ids = {
        int(number): actor
        for actor in actors
        if (number := actor.removeprefix("organiser:")) != actor and number.isdigit()
    }
    rows = session.execute(
        select(Organiser.id, Organiser.name, Organiser.email).where(Organiser.id.in_(ids))
    )
    return {actor: actor for actor in actors} | {ids[row.id]: row.name or row.email for row in rows}
