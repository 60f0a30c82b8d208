"""Messages of the outbox and their tries."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from campaign.delivery.errors import MessageNotFound
from campaign.delivery.models import (
    DeliveryAttempt,
    DeliveryEvent,
    OutboxMessage,
)
from campaign.delivery.queries.returned import is_not_suppressed
from campaign.delivery.queries.waiting import is_in_time
from campaign.delivery.returns import (
    EventKind,
)
from campaign.delivery.rules import (
    Lane,
    MessageStatus,
)


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


def count_failed_mail(session: Session) -> int:
    """Return how many confirmations and notices could not be delivered."""
    return session.scalars(
        select(func.count()).where(
            OutboxMessage.status == MessageStatus.FAILED, OutboxMessage.lane != Lane.LETTER
        )
    ).one()


def can_be_sent_again(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a failed message may leave again: in time, to an address in use."""
    return (OutboxMessage.status == MessageStatus.FAILED) & is_in_time(now) & is_not_suppressed()


def find_message_by_return_token(session: Session, token: str) -> OutboxMessage | None:
    """Return the message whose return path holds this token."""
    return session.scalar(select(OutboxMessage).where(OutboxMessage.return_token == token))


def find_message_by_message_id(session: Session, message_id: str) -> OutboxMessage | None:
    """Return the message with this Message-ID, with or without its angle brackets.

    A Message-ID is known to everybody who got the mail: ask only for those who have proved who
    they are, or where nothing depends on it.
    """
    wanted = f"<{message_id.strip().strip('<>')}>"
    return session.scalar(select(OutboxMessage).where(OutboxMessage.message_id == wanted))


def count_undecided_events(session: Session) -> int:
    """Return how many bounces wait for a person."""
    return session.scalars(
        select(func.count()).where(
            DeliveryEvent.kind == EventKind.UNREADABLE, DeliveryEvent.decision.is_(None)
        )
    ).one()
