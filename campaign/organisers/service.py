"""Writes of the organisers domain."""

from datetime import datetime

from sqlalchemy.orm import Session

from campaign.organisers.models import AuditEntry


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
