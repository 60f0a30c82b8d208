"""Reads of the delivery domain."""

from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from campaign.delivery.errors import MessageNotFound
from campaign.delivery.models import (
    DeliveryAttempt,
    DeliveryPause,
    OutboxMessage,
    WorkerHeartbeat,
)
from campaign.delivery.rules import ALL_SCOPES, MessageStatus

Row = TypeVarTuple("Row")


def find_pause(session: Session, scope: str) -> DeliveryPause | None:
    """Return the kill switch of a scope where it is on."""
    return session.get(DeliveryPause, scope)


def list_pauses(session: Session) -> list[DeliveryPause]:
    """Return every kill switch that is on, the oldest first."""
    return list(session.scalars(select(DeliveryPause).order_by(DeliveryPause.paused_at)))


def find_message(session: Session, message_id: int) -> OutboxMessage | None:
    """Return a message of the outbox."""
    return session.get(OutboxMessage, message_id)


def get_message(session: Session, message_id: int) -> OutboxMessage:
    """Return a message of the outbox; raises MessageNotFound."""
    message = find_message(session, message_id)
    if message is None:
        raise MessageNotFound("There is no message with this number in the outbox.")
    return message


def list_attempts(session: Session, message_id: int) -> list[DeliveryAttempt]:
    """Return the tries to deliver a message, in their order."""
    return list(
        session.scalars(
            select(DeliveryAttempt)
            .where(DeliveryAttempt.outbox_message_id == message_id)
            .order_by(DeliveryAttempt.number)
        )
    )


def count_messages_by_status(
    session: Session, scope: str | None = None
) -> dict[MessageStatus, int]:
    """Return how many messages stand where, of one scope or of all; every status has a number."""
    query = select(OutboxMessage.status, func.count()).group_by(OutboxMessage.status)
    if scope is not None:
        query = query.where(OutboxMessage.scope == scope)
    counted = {row[0]: row[1] for row in session.execute(query)}
    return {status: counted.get(status, 0) for status in MessageStatus}


def list_failed_messages(
    session: Session, scope: str | None = None, *, limit: int = 100
) -> list[OutboxMessage]:
    """Return messages that could not be delivered, the latest failure first."""
    query = select(OutboxMessage).where(OutboxMessage.status == MessageStatus.FAILED)
    if scope is not None:
        query = query.where(OutboxMessage.scope == scope)
    query = query.order_by(OutboxMessage.failed_at.desc(), OutboxMessage.id.desc()).limit(limit)
    return list(session.scalars(query))


def count_due(session: Session, now: datetime) -> int:
    """Return how many messages could leave now: queued, due, in time, and not paused."""
    return session.scalars(_due(select(func.count()), now)).one()


def find_oldest_due_at(session: Session, now: datetime) -> datetime | None:
    """Return since when the longest waiting of the due messages has been due."""
    return session.scalars(_due(select(func.min(OutboxMessage.due_at)), now)).one()


def find_last_heartbeat(session: Session) -> datetime | None:
    """Return when any delivery worker was last alive."""
    return session.scalars(select(func.max(WorkerHeartbeat.seen_at))).one()


def is_in_time(now: datetime) -> ColumnElement[bool]:
    """Return the condition that it is not too late for a message to leave."""
    return or_(OutboxMessage.not_after.is_(None), OutboxMessage.not_after > now)


def _due(query: Select[*Row], now: datetime) -> Select[*Row]:
    return query.where(
        OutboxMessage.status == MessageStatus.QUEUED,
        OutboxMessage.due_at <= now,
        is_in_time(now),
        OutboxMessage.scope.not_in(select(DeliveryPause.scope)),
        ~select(DeliveryPause.scope).where(DeliveryPause.scope == ALL_SCOPES).exists(),
    )
