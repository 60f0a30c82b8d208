"""The limits of each recipient: how many letters may leave now, and when the others may."""

import zlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, func, select, text, update

from campaign.core.config import MailSettings
from campaign.core.db import table_of
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import DAY, HOUR, Lane, MessageStatus, spread_letters

_MESSAGES = table_of(OutboxMessage)
_LOCKS = 0x6C657474 << 32
"""Where PostgreSQL's advisory locks of recipients begin."""


def lock(connection: Connection, keys: Sequence[str], *, waits: bool) -> list[str]:
    """Let no other worker count these recipients' letters before this transaction ends.

    Returns those that are locked: all, or without waiting those that nobody else has. On SQLite
    a writer is alone anyway; on PostgreSQL two workers would each find the last free place.
    """
    if connection.dialect.name != "postgresql":
        return list(keys)
    numbers = {key: _LOCKS | zlib.crc32(key.encode()) for key in keys}
    # Everybody waits in the order of the numbers, and only once in a transaction.
    ordered = sorted(set(numbers.values()))
    locked = set(connection.scalars(_WAIT if waits else _TRY, {"numbers": ordered}))
    return [key for key in keys if numbers[key] in locked]


def count_free(
    connection: Connection, keys: Sequence[str], *, mail: MailSettings, now: datetime
) -> dict[str, int]:
    """Return how many letters may leave to each recipient now; one being sent counts as now."""
    sending = Counter(connection.scalars(_SENDING))
    parameters = {"keys": keys, "hour": now - HOUR, "day": now - DAY}
    sent = {row.recipient_key: row for row in connection.execute(_SENT, parameters)}
    free = {}
    for key in keys:
        hour, day = (sent[key].hour, sent[key].day) if key in sent else (0, 0)
        left = min(mail.letters_per_hour - hour, mail.letters_per_day - day) - sending[key]
        free[key] = max(0, left)
    return free


def postpone(
    connection: Connection,
    key: str,
    ids: Sequence[int],
    *,
    leaving: int,
    mail: MailSettings,
    now: datetime,
) -> None:
    """Give letters to one recipient the times when they may leave, after those leaving now."""
    sent = connection.scalars(
        _TIMES, {"key": key, "day": now - DAY, "limit": mail.letters_per_day}
    ).all()
    under_way = Counter(connection.scalars(_SENDING))[key] + leaving
    times = spread_letters(
        len(ids),
        sent=[*sent, *[now] * under_way],
        now=now,
        per_hour=mail.letters_per_hour,
        per_day=mail.letters_per_day,
    )
    connection.execute(
        _POSTPONE,
        [{"letter": each, "at": at} for each, at in zip(ids, times, strict=True)],
    )


_WAIT = text(
    "SELECT number FROM unnest(CAST(:numbers AS bigint[])) AS number,"
    " LATERAL (SELECT pg_advisory_xact_lock(number)) AS locked"
)
_TRY = text(
    "SELECT number FROM unnest(CAST(:numbers AS bigint[])) AS number"
    " WHERE pg_try_advisory_xact_lock(number)"
)
_SENDING = select(_MESSAGES.c.recipient_key).where(
    _MESSAGES.c.status == MessageStatus.SENDING, _MESSAGES.c.lane == Lane.LETTER
)
_SENT = (
    select(
        _MESSAGES.c.recipient_key,
        func.count().label("day"),
        func.sum(case((_MESSAGES.c.sent_at > bindparam("hour"), 1), else_=0)).label("hour"),
    )
    .where(
        _MESSAGES.c.recipient_key.in_(bindparam("keys", expanding=True)),
        _MESSAGES.c.sent_at > bindparam("day"),
        _MESSAGES.c.lane == Lane.LETTER,
    )
    .group_by(_MESSAGES.c.recipient_key)
)
_TIMES = (
    select(_MESSAGES.c.sent_at)
    .where(
        _MESSAGES.c.recipient_key == bindparam("key"),
        _MESSAGES.c.sent_at > bindparam("day"),
        _MESSAGES.c.lane == Lane.LETTER,
    )
    .order_by(_MESSAGES.c.sent_at.desc())
    .limit(bindparam("limit"))
)
_POSTPONE = (
    update(_MESSAGES).where(_MESSAGES.c.id == bindparam("letter")).values(due_at=bindparam("at"))
)
