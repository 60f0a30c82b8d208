"""Pauses of single domains, which the domains themselves ask for."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaign.delivery.models import DomainPause, OutboxMessage
from campaign.delivery.rules import DAY, MessageStatus, pause_delay


def pause_domain(session: Session, domain: str, *, reason: str, now: datetime) -> DomainPause:
    """Let nothing leave to a domain that wants less from us; each time in a row for longer.

    What several workers were told at the same moment counts once.
    """
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(
        dialect.insert(DomainPause)
        .values(domain=domain, paused_at=now, ends_at=now, refusals=0, reason="")
        .on_conflict_do_nothing()
    )
    found = session.get_one(DomainPause, domain, with_for_update=True, populate_existing=True)
    if found.ends_at <= now:
        found.refusals += 1
        found.paused_at, found.ends_at = now, now + pause_delay(found.refusals)
        found.reason = reason
        session.flush()
    return found


def ease_domain(session: Session, domain: str, now: datetime) -> None:
    """Make the next pause of a domain shorter, because it takes our messages again."""
    found = session.get(DomainPause, domain, with_for_update=True, populate_existing=True)
    if found is None or found.ends_at > now:
        return
    found.refusals //= 2
    if not found.refusals:
        session.delete(found)
    session.flush()


def resume_domain(session: Session, domain: str, now: datetime) -> int:
    """End the pause of a domain at once; return how many messages are due earlier for it."""
    found = session.get(DomainPause, domain, with_for_update=True)
    if found is None:
        return 0
    # As far as ``after_pause`` puts off what is met.
    latest = found.ends_at + (found.ends_at - found.paused_at)
    session.delete(found)
    wildcard = "%@" + domain.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    put_off = select(OutboxMessage.id).where(
        OutboxMessage.recipient_key.like(wildcard, escape="\\"),
        OutboxMessage.status == MessageStatus.QUEUED,
        OutboxMessage.due_at > now,
        OutboxMessage.due_at <= latest,
    )
    moved = session.scalars(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(put_off), OutboxMessage.status == MessageStatus.QUEUED)
        .values(due_at=now)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(moved.all())


def forget_old_pauses(session: Session, now: datetime) -> None:
    """Drop what is known of domains that have been left alone for a day."""
    session.execute(
        delete(DomainPause)
        .where(DomainPause.ends_at < now - DAY)
        .execution_options(synchronize_session=False)
    )
