"""Which of a scope's due messages may leave now; what is met and may not gets a later time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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

from campaign.core.config import MailSettings
from campaign.core.db import table_of
from campaign.delivery.models import DeliveryPause, OutboxMessage
from campaign.delivery.queries import is_not_suppressed
from campaign.delivery.rules import (
    ALL_SCOPES,
    FULL_DOMAIN_WAIT,
    LONGEST_LOOK,
    LOOKS,
    SET_ASIDE,
    Lane,
    MessageStatus,
    after_pause,
    domain_of,
    spread_over,
)
from campaign.delivery.worker import ramps, recipients

_MESSAGES = table_of(OutboxMessage)
_PAUSES = table_of(DeliveryPause)


@dataclass(slots=True)
class Look:
    """What one claim knows of the moment, read when it is first needed."""

    connection: Connection
    mail: MailSettings
    now: datetime
    paused_domains: Mapping[str, datetime]
    under_way: Counter[str] | None = None
    has_waited: bool = False
    """Whether it has waited for recipients' locks, which is right only once."""

    def count_under_way(self) -> Counter[str]:
        """Return by domain how many messages all workers have in hand."""
        if self.under_way is None:
            self.under_way = Counter(map(domain_of, self.connection.scalars(_UNDER_WAY)))
        return self.under_way


def may_leave() -> ColumnElement[bool]:
    """Return the condition that it is not too late, and neither kill switch nor recipient objects.

    The time is the parameter ``now``.
    """
    switch = select(_PAUSES.c.scope).where(
        or_(_PAUSES.c.scope == _MESSAGES.c.scope, _PAUSES.c.scope == ALL_SCOPES)
    )
    return _is_in_time() & not_(switch.correlate(_MESSAGES).exists()) & is_not_suppressed()


def choose(look: Look, lane: Lane, scope: str, size: int, ramp: ramps.Place | None) -> list[int]:
    """Return messages of one scope that may leave now; each further look is a longer one."""
    if ramp is not None:
        # A letter that has its place already needs none: its next try comes first.
        again = look.connection.execute(
            _DUE_ON_RAMP, {"scope": scope, "now": look.now, "look": size}
        ).all()
        if chosen := _sift(look, lane, scope, again, size):
            return chosen
        size = min(size, ramp.left)
    length = size
    for _ in range(LOOKS if size else 0):
        parameters = {"lane": lane, "scope": scope, "now": look.now, "look": length}
        due = look.connection.execute(_DUE, parameters).all()
        if not due:
            break
        if chosen := _sift(look, lane, scope, due, size):
            return chosen
        length = min(length * 4, LONGEST_LOOK)
    return []


def _sift(look: Look, lane: Lane, scope: str, due: Sequence[Row[Any]], size: int) -> list[int]:
    """Return which of these may leave now, at most ``size``, and set the others aside."""
    aside: list[dict[str, Any]] = []
    wanted: dict[str, list[Row[Any]]] = {}
    taken: Counter[str] = Counter()
    for row in due:
        until = _waits_until(look, lane, row, taken)
        if until is not None:
            aside.append({"letter": row.id, "at": until})
        elif taken.total() < size:
            taken[domain_of(row.recipient_key)] += 1
            wanted.setdefault(row.recipient_key, []).append(row)
    if aside:
        look.connection.execute(_SET_ASIDE, aside)
    chosen = {each.id for letters in wanted.values() for each in letters}
    if wanted and lane is Lane.LETTER:
        chosen = _within_limits(look, scope, wanted)
    return [row.id for row in due if row.id in chosen]


def _waits_until(look: Look, lane: Lane, row: Row[Any], taken: Counter[str]) -> datetime | None:
    """Return when a message is to be looked at again; None where it may leave now."""
    if row.is_late or row.is_suppressed:
        # Whoever queued it decides what becomes of it; the next claims need not meet it.
        return look.now + SET_ASIDE
    if lane is Lane.CONFIRMATION:
        # Somebody waits for it, and they are few.
        return None
    domain = domain_of(row.recipient_key)
    ends_at = look.paused_domains.get(domain, look.now)
    if ends_at > look.now:
        return after_pause(ends_at, now=look.now, number=row.id)
    if look.count_under_way()[domain] + taken[domain] >= look.mail.letters_at_once_to_domain:
        return look.now + FULL_DOMAIN_WAIT + spread_over(row.id, FULL_DOMAIN_WAIT)
    return None


def _within_limits(look: Look, scope: str, wanted: dict[str, list[Row[Any]]]) -> set[int]:
    """Return the letters that their recipients' limits let through; the others leave later."""
    connection, mail, now = look.connection, look.mail, look.now
    keys = recipients.lock(connection, list(wanted), waits=not look.has_waited)
    look.has_waited = True
    if not keys:
        return set()
    wanted = {key: wanted[key] for key in keys}
    parameters = {"now": now, "scope": scope}
    first = {row[0]: row[1] for row in connection.execute(_FIRST, parameters | {"keys": keys})}
    free = recipients.count_free(connection, wanted, first_in_line=first, mail=mail, now=now)
    allowed: set[int] = set()
    for key, letters in wanted.items():
        ids = {each.id for each in letters}
        if len(ids) <= free[key]:
            allowed |= ids
            continue
        # The places are for those who have waited longest, whichever campaign they are of.
        to_key = parameters | {"key": key}
        waiting: Sequence[Row[Any]] = connection.execute(_DUE_TO, to_key).all()
        leaving = waiting[: free[key]]
        allowed |= ids & {each.id for each in leaving}
        line: list[Row[Any]] = []
        if key in first:
            line.extend(connection.execute(_LINE_TO, to_key))
        recipients.postpone(
            connection,
            key,
            waiting[free[key] :],
            line=line,
            leaving=len(leaving),
            mail=mail,
            now=now,
        )
    return allowed


def _is_in_time() -> ColumnElement[bool]:
    return or_(_MESSAGES.c.not_after.is_(None), _MESSAGES.c.not_after > bindparam("now"))


def _due(*columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*columns)
        .where(_MESSAGES.c.due_at <= bindparam("now"))
        .order_by(_MESSAGES.c.due_at, _MESSAGES.c.id)
        .with_for_update(skip_locked=True, of=_MESSAGES)
    )


# An expression, so that SQLite looks up the messages that are named and not all that wait.
_WAITS = (_MESSAGES.c.status + "") == MessageStatus.QUEUED.value
_PACED = (_MESSAGES.c.id, _MESSAGES.c.timezone, _MESSAGES.c.not_after)
_LOOKED_AT = (
    *_PACED,
    _MESSAGES.c.recipient_key,
    not_(_is_in_time()).label("is_late"),
    not_(is_not_suppressed()).label("is_suppressed"),
)
_UNDER_WAY = select(_MESSAGES.c.recipient_key).where(_MESSAGES.c.status == MessageStatus.SENDING)
_DUE = (
    _due(*_LOOKED_AT)
    .where(
        _MESSAGES.c.status == MessageStatus.QUEUED,
        _MESSAGES.c.lane == bindparam("lane"),
        _MESSAGES.c.scope == bindparam("scope"),
    )
    .limit(bindparam("look"))
)
_DUE_ON_RAMP = (
    _due(*_LOOKED_AT)
    .where(_MESSAGES.c.id.in_(ramps.places_of("scope")), _WAITS)
    .limit(bindparam("look"))
)
_SET_ASIDE = (
    update(_MESSAGES)
    .where(_MESSAGES.c.id == bindparam("letter"), _WAITS)
    .values(due_at=bindparam("at"))
)
# Letters that wait for their campaign's ramp take nobody's place.
_IN_TURN = or_(
    _MESSAGES.c.scope == bindparam("scope"), _MESSAGES.c.scope.not_in(ramps.blocked_scopes())
)
_DUE_TO = _due(*_PACED).where(
    _MESSAGES.c.recipient_key == bindparam("key"),
    _WAITS,
    _MESSAGES.c.lane == Lane.LETTER,
    _IN_TURN,
    may_leave(),
)
# Letters with a place in the future; what waits to be tried again stands in nobody's way.
_IN_LINE = (
    _MESSAGES.c.sent_at.is_(None),
    _WAITS,
    _MESSAGES.c.lane == Lane.LETTER,
    _MESSAGES.c.due_at > bindparam("now"),
    _MESSAGES.c.attempt_count == 0,
    _IN_TURN,
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
