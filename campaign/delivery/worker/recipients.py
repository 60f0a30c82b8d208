"""The limits of each recipient: how many letters may leave now, and when the others may."""

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, select, text, update

from campaign.core.config import MailSettings
from campaign.core.db import table_of
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import (
    DAY,
    HORIZON,
    HOUR,
    Lane,
    MessageStatus,
    Pace,
    Waiting,
    caps_at,
    count_places,
    jitter_of,
    plan_places,
)

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
    connection: Connection,
    wanted: Mapping[str, Sequence[Row[Any]]],
    *,
    first_in_line: Mapping[str, int],
    mail: MailSettings,
    now: datetime,
) -> dict[str, int]:
    """Return how many of the letters wanted, from the first on, may leave to each recipient now.

    Each row has id, timezone and not_after. A letter behind one that has a place in line, the
    first of which is named by recipient, waits for its turn. One being sent counts as sent now.
    """
    sending = Counter(connection.scalars(_SENDING))
    parameters = {"keys": list(wanted), "hour": now - HOUR, "day": now - DAY}
    sent = {row.recipient_key: row for row in connection.execute(_SENT, parameters)}
    pace = Pace(mail.letters_per_hour, mail.letters_per_day)
    free = {}
    for key, letters in wanted.items():
        hour, day, last = sent[key][1:] if key in sent else (0, 0, None)
        under_way = sending[key]
        # What is mixed (two polling days, two countries) keeps the caps of the first that waits.
        first = letters[0]
        places = count_places(
            caps_at(now, pace, timezone=first.timezone, not_after=first.not_after),
            in_hour=hour + under_way,
            in_day=day + under_way,
            last=now if under_way else last,
            now=now,
        )
        if key in first_in_line:
            ahead = takewhile(lambda each: each.id < first_in_line[key], letters)  # noqa: B023
            places = min(places, len(list(ahead)))
        free[key] = places
    return free


def postpone(
    connection: Connection,
    key: str,
    late: Sequence[Row[Any]],
    *,
    line: Sequence[Row[Any]],
    leaving: int,
    mail: MailSettings,
    now: datetime,
) -> None:
    """Give letters to one recipient that cannot leave now the times when they may.

    ``line`` has those with a place in the future; rows are as for count_free, with due_at. New
    letters are put behind it. One that missed its place goes before what came after it, which
    may move back. Beyond the horizon no place is given: what is there is looked at again then.
    """
    sent = list(connection.scalars(_TIMES, {"key": key, "day": now - DAY}))
    sent += [now] * (Counter(connection.scalars(_SENDING))[key] + leaving)
    rows = sorted(late, key=_number)
    if line and rows[0].id > line[-1].id:
        sent += [row.due_at for row in line]
    else:
        rows = sorted([*rows, *line], key=_number)
    horizon = now + HORIZON
    placed = {row.id: row.due_at for row in line}
    waiting = [
        Waiting(placed.get(row.id, now), row.timezone, row.not_after, jitter_of(row.id))
        for row in rows
    ]
    places = plan_places(
        waiting, sent=sent, now=now, pace=Pace(mail.letters_per_hour, mail.letters_per_day)
    )
    moved = []
    is_beyond = False
    for row in rows:
        at = placed.get(row.id, horizon)
        if not is_beyond:
            place = next(places)
            is_beyond = place > horizon
            at = at if is_beyond else place
        if placed.get(row.id) != at:
            moved.append({"letter": row.id, "at": at})
    if moved:
        connection.execute(_POSTPONE, moved)


def _number(row: Row[Any]) -> int:
    number: int = row.id
    return number


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
        func.sum(case((_MESSAGES.c.sent_at > bindparam("hour"), 1), else_=0)),
        func.count(),
        func.max(_MESSAGES.c.sent_at),
    )
    .where(
        _MESSAGES.c.recipient_key.in_(bindparam("keys", expanding=True)),
        _MESSAGES.c.sent_at > bindparam("day"),
        _MESSAGES.c.lane == Lane.LETTER,
    )
    .group_by(_MESSAGES.c.recipient_key)
)
_TIMES = select(_MESSAGES.c.sent_at).where(
    _MESSAGES.c.recipient_key == bindparam("key"),
    _MESSAGES.c.sent_at > bindparam("day"),
    _MESSAGES.c.lane == Lane.LETTER,
)
_POSTPONE = (
    update(_MESSAGES).where(_MESSAGES.c.id == bindparam("letter")).values(due_at=bindparam("at"))
)
