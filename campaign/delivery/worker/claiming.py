"""Claiming: which messages a worker takes next, so that no two workers take the same."""

from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, not_, or_, select, update
from sqlalchemy.orm import Session

from campaign.core.config import MailSettings
from campaign.delivery.models import DeliveryPause, OutboxMessage
from campaign.delivery.queries import is_in_time, is_not_suppressed
from campaign.delivery.rules import (
    ALL_SCOPES,
    BATCH_SIZES,
    DAY,
    LEASE,
    Lane,
    MessageStatus,
    spread_letters,
)

Row = TypeVarTuple("Row")

_LETTERS_LOCK = 0x6C657474
"""Key of PostgreSQL's advisory lock under which letters are counted and claimed."""


def claim_messages(
    session: Session, *, claimer: str, mail: MailSettings, now: datetime
) -> list[int]:
    """Claim the next few messages of the first lane that has any; return their ids in order.

    Needs a writing session: on SQLite one claim at a time, on PostgreSQL rows are locked and
    those locked by others skipped. Letters over their recipient's limit get a later due time.
    """
    for lane in BATCH_SIZES:
        if lane is Lane.LETTER:
            ids = _claim_letters(session, claimer=claimer, mail=mail, now=now)
        else:
            due = _due(select(OutboxMessage.id), lane, now).limit(BATCH_SIZES[lane])
            ids = _take(session, list(session.scalars(due)), claimer=claimer, now=now)
        if ids:
            return ids
    return []


def take_over_expired(session: Session, *, now: datetime) -> int:
    """Put messages back whose worker fell silent; return how many.

    The attempt that it had begun stays ``started`` and counts as a try.
    """
    expired = (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.status == MessageStatus.SENDING,
            OutboxMessage.lease_ends_at <= now,
        )
        .with_for_update(skip_locked=True)
    )
    return _put_back(session, OutboxMessage.id.in_(list(session.scalars(expired))))


def release_messages(session: Session, ids: list[int], *, claimer: str) -> int:
    """Put claimed messages back that were not begun; return how many were still ours."""
    return _put_back(session, OutboxMessage.id.in_(ids), OutboxMessage.claimed_by == claimer)


def is_not_paused() -> ColumnElement[bool]:
    """Return the condition that no kill switch holds a message back."""
    switch = select(DeliveryPause.scope).where(
        or_(DeliveryPause.scope == OutboxMessage.scope, DeliveryPause.scope == ALL_SCOPES)
    )
    return not_(switch.correlate(OutboxMessage).exists())


def _claim_letters(
    session: Session, *, claimer: str, mail: MailSettings, now: datetime
) -> list[int]:
    if session.get_bind().dialect.name == "postgresql":
        # Two workers counting at once would each find the last free place.
        session.execute(select(func.pg_advisory_xact_lock(_LETTERS_LOCK)))
    query = _due(select(OutboxMessage.id, OutboxMessage.recipient_key), Lane.LETTER, now)
    # Each round without a letter moves every due letter of at least one recipient away.
    while candidates := session.execute(query.limit(BATCH_SIZES[Lane.LETTER])).all():
        allowed = []
        for key in dict.fromkeys(key for _, key in candidates):
            wanted = [each for each, candidate in candidates if candidate == key]
            free = _letters_allowed(session, key, len(wanted), mail=mail, now=now)
            allowed += wanted[:free]
            if free < len(wanted):
                _postpone_letters(session, key, skip=wanted[:free], mail=mail, now=now)
        if allowed:
            return _take(session, sorted(allowed), claimer=claimer, now=now)
    return []


def _letters_allowed(
    session: Session, key: str, wanted: int, *, mail: MailSettings, now: datetime
) -> int:
    times = spread_letters(
        wanted,
        sent=_times_sent(session, key, mail=mail, now=now),
        now=now,
        per_hour=mail.letters_per_hour,
        per_day=mail.letters_per_day,
    )
    return times.count(now)


def _postpone_letters(
    session: Session, key: str, *, skip: list[int], mail: MailSettings, now: datetime
) -> None:
    """Give every due letter to one recipient, but those claimed now, the time when it may leave."""
    waiting = session.scalars(
        _due(select(OutboxMessage.id), Lane.LETTER, now).where(
            OutboxMessage.recipient_key == key, OutboxMessage.id.not_in(skip)
        )
    ).all()
    times = spread_letters(
        len(waiting),
        sent=[*_times_sent(session, key, mail=mail, now=now), *(now for _ in skip)],
        now=now,
        per_hour=mail.letters_per_hour,
        per_day=mail.letters_per_day,
    )
    session.execute(
        update(OutboxMessage),
        [{"id": each, "due_at": at} for each, at in zip(waiting, times, strict=True)],
    )


def _times_sent(session: Session, key: str, *, mail: MailSettings, now: datetime) -> list[datetime]:
    """Return when letters to one recipient left in the last day; one being sent counts as now."""
    of_recipient = (OutboxMessage.recipient_key == key, OutboxMessage.lane == Lane.LETTER)
    sent = session.scalars(
        select(OutboxMessage.sent_at)
        .where(*of_recipient, OutboxMessage.sent_at > now - DAY)
        .order_by(OutboxMessage.sent_at.desc())
        .limit(mail.letters_per_day)
    )
    sending = session.scalars(
        select(func.count())
        .select_from(OutboxMessage)
        .where(*of_recipient, OutboxMessage.status == MessageStatus.SENDING)
    ).one()
    return [time for time in sent if time is not None] + [now] * sending


def _due(query: Select[*Row], lane: Lane, now: datetime) -> Select[*Row]:
    return (
        query.where(
            OutboxMessage.status == MessageStatus.QUEUED,
            OutboxMessage.lane == lane,
            OutboxMessage.due_at <= now,
            is_in_time(now),
            is_not_paused(),
            is_not_suppressed(),
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .with_for_update(skip_locked=True, of=OutboxMessage)
    )


def _take(session: Session, ids: list[int], *, claimer: str, now: datetime) -> list[int]:
    """Write the lease on messages that the caller's select has locked.

    Two statements, because inside one UPDATE PostgreSQL may run a locking sub-query more than
    once and take more than its LIMIT.
    """
    if not ids:
        return []
    taken = set(
        session.scalars(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_(ids), OutboxMessage.status == MessageStatus.QUEUED)
            .values(status=MessageStatus.SENDING, claimed_by=claimer, lease_ends_at=now + LEASE)
            .returning(OutboxMessage.id)
            .execution_options(synchronize_session=False)
        )
    )
    return [each for each in ids if each in taken]


def _put_back(session: Session, *conditions: ColumnElement[bool]) -> int:
    released = session.scalars(
        update(OutboxMessage)
        .where(OutboxMessage.status == MessageStatus.SENDING, *conditions)
        .values(status=MessageStatus.QUEUED, claimed_by=None, lease_ends_at=None)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(released.all())
