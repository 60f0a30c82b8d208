"""Confirmations and notices that could not be sent, of all campaigns, as owners see them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import can_be_sent_again
from campaign.delivery.rules import Lane, MessageStatus

SHOWN = 200
"""Messages on one page."""


@dataclass(frozen=True, slots=True)
class FailedMailGroup:
    """Messages of one kind that failed for one cause."""

    lane: Lane
    error: str
    count: int
    retriable: int
    latest_at: datetime
    example_id: int
    """One of them, by which the group is named."""


@dataclass(frozen=True, slots=True)
class FailedMail:
    """A message that could not be sent; whom it is for is not shown."""

    message_id: int
    subject: str
    failed_at: datetime
    tries: int
    is_retriable: bool


def list_failed_mail(session: Session, *, now: datetime) -> list[FailedMailGroup]:
    """Return what failed by kind and cause, the most frequent first."""
    count = func.count()
    rows = session.execute(
        select(
            OutboxMessage.lane,
            OutboxMessage.last_error,
            count,
            func.count(case((can_be_sent_again(now), 1))),
            func.max(OutboxMessage.failed_at),
            func.min(OutboxMessage.id),
        )
        .where(OutboxMessage.status == MessageStatus.FAILED, OutboxMessage.lane != Lane.LETTER)
        .group_by(OutboxMessage.lane, OutboxMessage.last_error)
        .order_by(count.desc(), OutboxMessage.lane, OutboxMessage.last_error)
    )
    return [FailedMailGroup(row[0], row[1], row[2], row[3], row[4] or now, row[5]) for row in rows]


def list_failed_mail_like(
    session: Session, example: OutboxMessage, *, now: datetime
) -> list[FailedMail]:
    """Return the messages of the same kind that failed for the same cause, the latest first."""
    rows = session.execute(
        select(
            OutboxMessage.id,
            OutboxMessage.subject,
            OutboxMessage.failed_at,
            OutboxMessage.attempt_count,
            case((can_be_sent_again(now), 1), else_=0),
        )
        .where(
            OutboxMessage.status == MessageStatus.FAILED,
            OutboxMessage.lane == example.lane,
            OutboxMessage.last_error == example.last_error,
        )
        .order_by(OutboxMessage.failed_at.desc(), OutboxMessage.id.desc())
        .limit(SHOWN)
    )
    return [FailedMail(row[0], row[1], row[2] or now, row[3], bool(row[4])) for row in rows]
