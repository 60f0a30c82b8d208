"""What waits in the outbox, and for how long."""

from collections.abc import Collection
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from campaign.delivery.models import (
    DeliveryPause,
    DeliveryRamp,
    OutboxMessage,
    WorkerHeartbeat,
)
from campaign.delivery.queries.returned import is_not_suppressed
from campaign.delivery.rules import (
    ALL_SCOPES,
    DAY,
    Lane,
    Line,
    MessageStatus,
    Waiting,
    jitter_of,
)

Row = TypeVarTuple("Row")


def count_due(session: Session, now: datetime) -> int:
    """Return how many messages could leave now: queued, due, in time, not paused nor on a ramp."""
    return session.scalars(_due(select(func.count()), now)).one()


def find_oldest_due_at(
    session: Session, now: datetime, lane: Lane | None = None
) -> datetime | None:
    """Return since when the longest waiting of the due messages has been due, of one lane or all.

    Of one lane it is found in an index and nothing is counted.
    """
    query = _due(select(OutboxMessage.due_at), now)
    if lane is not None:
        query = query.where(OutboxMessage.lane == lane)
    return session.scalar(query.order_by(OutboxMessage.due_at).limit(1))


def measure_due(session: Session, now: datetime) -> dict[Lane, tuple[int, datetime]]:
    """Return for each lane with due messages how many these are, and since when the oldest is."""
    query = _due(select(OutboxMessage.lane, func.count(), func.min(OutboxMessage.due_at)), now)
    found = {
        row[0]: (row[1], row[2]) for row in session.execute(query.group_by(OutboxMessage.lane))
    }
    return {lane: found[lane] for lane in Lane if lane in found}


def count_letters_not_due(session: Session, now: datetime) -> int:
    """Return how many letters are queued for later."""
    return session.scalars(
        select(func.count()).where(
            OutboxMessage.status == MessageStatus.QUEUED,
            OutboxMessage.lane == Lane.LETTER,
            OutboxMessage.due_at > now,
        )
    ).one()


def find_last_heartbeat(session: Session) -> datetime | None:
    """Return when any delivery worker was last alive."""
    return session.scalars(select(func.max(WorkerHeartbeat.seen_at))).one()


def is_in_time(now: datetime) -> ColumnElement[bool]:
    """Return the condition that it is not too late for a message to leave."""
    return or_(OutboxMessage.not_after.is_(None), OutboxMessage.not_after > now)


def find_lines(session: Session, address_keys: Collection[str], now: datetime) -> dict[str, Line]:
    """Return what decides when letters leave to each of these addresses, of all campaigns.

    In no line: what a campaign's kill switch or the recipient stops, and what is to be tried again.
    What waits for the bounces of its campaign's ramp is last in line, and not before that time.
    """
    ramps = select(DeliveryRamp.scope, DeliveryRamp.waits_until)
    ramps = ramps.where(DeliveryRamp.waits_until.is_not(None))
    waits_until = {row.scope: row.waits_until for row in session.execute(ramps)}
    letters = select(
        OutboxMessage.scope,
        OutboxMessage.recipient_key,
        OutboxMessage.id,
        OutboxMessage.status,
        OutboxMessage.sent_at,
        OutboxMessage.due_at,
        OutboxMessage.timezone,
        OutboxMessage.not_after,
    ).where(OutboxMessage.recipient_key.in_(address_keys), OutboxMessage.lane == Lane.LETTER)
    sent = letters.where(OutboxMessage.sent_at > now - DAY)
    waiting = letters.where(
        OutboxMessage.sent_at.is_(None),
        OutboxMessage.status.in_((MessageStatus.QUEUED, MessageStatus.SENDING)),
        is_in_time(now),
        is_not_suppressed(),
        OutboxMessage.scope.not_in(select(DeliveryPause.scope)),
        or_(OutboxMessage.attempt_count == 0, OutboxMessage.due_at <= now),
    ).order_by(OutboxMessage.id)
    times: dict[str, list[datetime]] = {key: [] for key in address_keys}
    lines: dict[str, list[tuple[int, Waiting]]] = {key: [] for key in address_keys}
    for row in session.execute(sent):
        times[row.recipient_key].append(row.sent_at)
    for row in sorted(session.execute(waiting), key=lambda each: each.scope in waits_until):
        if row.status is MessageStatus.SENDING:
            times[row.recipient_key].append(now)
        else:
            earliest = max(row.due_at, waits_until.get(row.scope) or row.due_at)
            letter = Waiting(earliest, row.timezone, row.not_after, jitter_of(row.id))
            lines[row.recipient_key].append((row.id, letter))
    return {key: Line(times[key], lines[key]) for key in address_keys}


def _due(query: Select[*Row], now: datetime) -> Select[*Row]:
    # Letters that wait for the bounces of their campaign's step are not overdue.
    blocked = select(DeliveryRamp.scope).where(
        or_(DeliveryRamp.waits_until.is_not(None), DeliveryRamp.stopped_at.is_not(None))
    )
    return query.where(
        or_(OutboxMessage.lane != Lane.LETTER, OutboxMessage.scope.not_in(blocked)),
        OutboxMessage.status == MessageStatus.QUEUED,
        OutboxMessage.due_at <= now,
        is_in_time(now),
        is_not_suppressed(),
        OutboxMessage.scope.not_in(select(DeliveryPause.scope)),
        ~select(DeliveryPause.scope).where(DeliveryPause.scope == ALL_SCOPES).exists(),
    )
