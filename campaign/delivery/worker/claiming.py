"""Claiming: which messages a worker takes next, so that no two workers take the same.

The statements are built once: this runs for every few messages.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from campaign.core.config import MailSettings
from campaign.core.db import table_of
from campaign.delivery.models import DeliveryAttempt, DeliveryPause, OutboxMessage
from campaign.delivery.queries import is_not_suppressed
from campaign.delivery.rules import (
    ALL_SCOPES,
    BATCH_SIZES,
    LEASE,
    AttemptOutcome,
    Lane,
    MessageStatus,
)
from campaign.delivery.worker import recipients

_MESSAGES = table_of(OutboxMessage)
_ATTEMPTS = table_of(DeliveryAttempt)
_PAUSES = table_of(DeliveryPause)


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that one worker holds, with what is known of its last try."""

    message: Row[Any]
    """Every column, as it was when claimed."""
    tries: int
    """Tries of this round so far, with those whose workers were killed."""
    last_number: int = 0
    last_outcome: AttemptOutcome | None = None

    @property
    def message_id(self) -> int:
        """Return the number of the message in the outbox."""
        number: int = self.message.id
        return number


def claim_messages(
    session: Session, *, claimer: str, mail: MailSettings, now: datetime
) -> list[Claim]:
    """Claim the next few messages of the first lane that has any; return them in order.

    Needs a writing session: on SQLite one claim at a time, on PostgreSQL rows are locked and
    those locked by others skipped. Letters over their recipient's limit get a later due time.
    """
    connection = session.connection()
    for lane in BATCH_SIZES:
        if lane is Lane.LETTER:
            ids = _choose_letters(connection, mail=mail, now=now)
        else:
            ids = [row.id for row in _list_due(connection, lane, now)]
        if ids and (claims := _take(connection, ids, claimer=claimer, now=now)):
            return claims
    return []


def take_over_expired(session: Session, *, now: datetime) -> int:
    """Put messages back whose worker fell silent; return how many.

    The attempt that it had begun stays ``started`` and counts as a try.
    """
    connection = session.connection()
    expired = connection.scalars(_EXPIRED, {"now": now}).all()
    return connection.execute(_PUT_BACK, {"ids": expired}).rowcount if expired else 0


def release_messages(session: Session, ids: list[int], *, claimer: str) -> int:
    """Put claimed messages back that were not begun; return how many were still ours."""
    parameters = {"ids": ids, "claimer": claimer}
    return session.connection().execute(_PUT_BACK_OWN, parameters).rowcount


def may_leave() -> ColumnElement[bool]:
    """Return the condition that it is not too late, and neither kill switch nor recipient objects.

    The time is the parameter ``now``.
    """
    switch = select(_PAUSES.c.scope).where(
        or_(_PAUSES.c.scope == _MESSAGES.c.scope, _PAUSES.c.scope == ALL_SCOPES)
    )
    in_time = or_(_MESSAGES.c.not_after.is_(None), _MESSAGES.c.not_after > bindparam("now"))
    return in_time & not_(switch.correlate(_MESSAGES).exists()) & is_not_suppressed()


def _choose_letters(connection: Connection, *, mail: MailSettings, now: datetime) -> list[int]:
    is_first = True
    # Each round without a letter moves every due letter of at least one recipient away.
    while due := _list_due(connection, Lane.LETTER, now):
        wanted: dict[str, list[Row[Any]]] = {}
        for row in due:
            wanted.setdefault(row.recipient_key, []).append(row)
        keys = recipients.lock(connection, list(wanted), waits=is_first)
        if not keys:
            return []
        is_first = False
        wanted = {key: wanted[key] for key in keys}
        first = {row[0]: row[1] for row in connection.execute(_FIRST, {"now": now, "keys": keys})}
        free = recipients.count_free(connection, wanted, first_in_line=first, mail=mail, now=now)
        chosen: set[int] = set()
        for key in keys:
            leaving = {row.id for row in wanted[key][: free[key]]}
            chosen |= leaving
            if len(leaving) < len(wanted[key]):
                parameters = {"now": now, "key": key}
                waiting: list[Row[Any]] = list(connection.execute(_DUE_TO, parameters))
                line: list[Row[Any]] = []
                if key in first:
                    line.extend(connection.execute(_LINE_TO, parameters))
                recipients.postpone(
                    connection,
                    key,
                    [each for each in waiting if each.id not in leaving],
                    line=line,
                    leaving=len(leaving),
                    mail=mail,
                    now=now,
                )
        if chosen:
            return [row.id for row in due if row.id in chosen]
    return []


def _list_due(connection: Connection, lane: Lane, now: datetime) -> list[Row[Any]]:
    parameters = {"lane": lane, "now": now, "batch": BATCH_SIZES[lane]}
    return list(connection.execute(_DUE, parameters))


def _take(connection: Connection, ids: list[int], *, claimer: str, now: datetime) -> list[Claim]:
    """Write the lease on messages that the caller's select has locked.

    Two statements, because inside one UPDATE PostgreSQL may run a locking sub-query more than
    once and take more than its LIMIT.
    """
    taken = {
        row.id: row
        for row in connection.execute(_TAKE, {"ids": ids, "claimer": claimer, "lease": now + LEASE})
    }
    tried: dict[int, list[Row[Any]]] = {}
    rows: Iterable[Row[Any]] = connection.execute(_TRIES, {"ids": list(taken)})
    for row in rows:
        tried.setdefault(row.outbox_message_id, []).append(row)
    return [_claim(taken[each], tried.get(each, [])) for each in ids if each in taken]


def _claim(message: Row[Any], tried: list[Row[Any]]) -> Claim:
    tries = message.attempt_count
    # Each outcome is counted where it is recorded; these have none.
    tries += sum(1 for _ in takewhile(_has_no_outcome, reversed(tried)))
    if not tried:
        return Claim(message, tries)
    return Claim(message, tries, tried[-1].number, tried[-1].outcome)


def _has_no_outcome(attempt: Row[Any]) -> bool:
    return bool(attempt.outcome is AttemptOutcome.STARTED)


def _due(*columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*columns)
        .where(_MESSAGES.c.due_at <= bindparam("now"), may_leave())
        .order_by(_MESSAGES.c.due_at, _MESSAGES.c.id)
        .with_for_update(skip_locked=True, of=_MESSAGES)
    )


# An expression, so that SQLite looks up the messages that are named and not all that wait.
_WAITS = (_MESSAGES.c.status + "") == MessageStatus.QUEUED.value
_PACED = (_MESSAGES.c.id, _MESSAGES.c.timezone, _MESSAGES.c.not_after)
_DUE = (
    _due(*_PACED, _MESSAGES.c.recipient_key)
    .where(_MESSAGES.c.status == MessageStatus.QUEUED, _MESSAGES.c.lane == bindparam("lane"))
    .limit(bindparam("batch"))
)
_DUE_TO = _due(*_PACED).where(
    _MESSAGES.c.recipient_key == bindparam("key"),
    _WAITS,
    _MESSAGES.c.lane == Lane.LETTER,
)
# Letters with a place in the future; what waits to be tried again stands in nobody's way.
_IN_LINE = (
    _MESSAGES.c.sent_at.is_(None),
    _WAITS,
    _MESSAGES.c.lane == Lane.LETTER,
    _MESSAGES.c.due_at > bindparam("now"),
    _MESSAGES.c.attempt_count == 0,
    may_leave(),
)
_FIRST = (
    select(_MESSAGES.c.recipient_key, func.min(_MESSAGES.c.id))
    .where(_MESSAGES.c.recipient_key.in_(bindparam("keys", expanding=True)), *_IN_LINE)
    .group_by(_MESSAGES.c.recipient_key)
)
_LINE_TO = (
    select(*_PACED, _MESSAGES.c.due_at)
    .where(_MESSAGES.c.recipient_key == bindparam("key"), *_IN_LINE)
    .order_by(_MESSAGES.c.id)
    .with_for_update(skip_locked=True, of=_MESSAGES)
)
_TAKE = (
    update(_MESSAGES)
    .where(
        _MESSAGES.c.id.in_(bindparam("ids", expanding=True)),
        _WAITS,
    )
    .values(
        status=MessageStatus.SENDING,
        claimed_by=bindparam("claimer"),
        lease_ends_at=bindparam("lease"),
    )
    .returning(*_MESSAGES.c)
)
_TRIES = (
    select(_ATTEMPTS.c.outbox_message_id, _ATTEMPTS.c.number, _ATTEMPTS.c.outcome)
    .where(_ATTEMPTS.c.outbox_message_id.in_(bindparam("ids", expanding=True)))
    .order_by(_ATTEMPTS.c.number)
)
_EXPIRED = (
    select(_MESSAGES.c.id)
    .where(
        _MESSAGES.c.status == MessageStatus.SENDING,
        _MESSAGES.c.lease_ends_at <= bindparam("now"),
    )
    .with_for_update(skip_locked=True)
)
_PUT_BACK = (
    update(_MESSAGES)
    .where(
        _MESSAGES.c.id.in_(bindparam("ids", expanding=True)),
        _MESSAGES.c.status == MessageStatus.SENDING,
    )
    .values(status=MessageStatus.QUEUED, claimed_by=None, lease_ends_at=None)
)
_PUT_BACK_OWN = _PUT_BACK.where(_MESSAGES.c.claimed_by == bindparam("claimer"))
