"""Claiming: which messages a worker takes next, so that no two workers take the same.

A claim looks at one scope after another, through an index that is led by lane and scope: what a
paused campaign keeps back is never walked over. What is met and may not leave now gets a later
due time, so that the next claim does not meet it again. The statements are built once: this runs
for every few messages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select, update
from sqlalchemy.orm import Session

from campaign.core.config import MailSettings
from campaign.core.db import table_of
from campaign.delivery.models import DeliveryAttempt, DeliveryPause, OutboxMessage
from campaign.delivery.rules import (
    ALL_SCOPES,
    BATCH_SIZES,
    LEASE,
    AttemptOutcome,
    Lane,
    MessageStatus,
)
from campaign.delivery.worker import domains, ramps
from campaign.delivery.worker.choosing import Look, choose

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

    @property
    def is_settled(self) -> bool:
        """Tell whether a server has accepted it already, so that only the record is missing."""
        return self.last_outcome is AttemptOutcome.SENT


def claim_messages(
    session: Session,
    *,
    claimer: str,
    mail: MailSettings,
    now: datetime,
    after: str = "",
    paused_domains: Mapping[str, datetime] | None = None,
) -> list[Claim]:
    """Claim the next few messages of the first lane that has any; return them in order.

    Scopes have their turns: the first to be looked at is the one after ``after``, from which the
    last messages came. Needs a writing session: on SQLite one claim at a time, on PostgreSQL rows
    are locked and those locked by others skipped. Letters over their recipient's limit get a later
    due time, and so does what goes to a domain that is paused or has enough under way.
    """
    connection = session.connection()
    paused = set(connection.scalars(_PAUSED))
    if ALL_SCOPES in paused:
        return []
    if paused_domains is None:
        paused_domains = domains.list_known(connection)
    look = Look(connection, mail, now, paused_domains)
    for lane, size in BATCH_SIZES.items():
        scopes = [each for each in connection.scalars(_SCOPES, {"lane": lane}) if each is not None]
        for scope in sorted(scopes, key=lambda each: (each <= after, each)):
            if scope in paused:
                continue
            ramp = None
            if lane is Lane.LETTER:
                ramp = ramps.find_place(connection, scope, now=now)
                if ramp is not None and not ramp.is_open:
                    continue
            ids = choose(look, lane, scope, size, ramp)
            if ids and (claims := _take(connection, ids, claimer=claimer, now=now)):
                if ramp is not None:
                    ramps.take_places(connection, ramp, [claim.message_id for claim in claims])
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


def _list_scopes() -> Select[Any]:
    """Build the list of scopes with waiting messages of a lane, by one step in the index each."""
    waits = (_MESSAGES.c.status == MessageStatus.QUEUED, _MESSAGES.c.lane == bindparam("lane"))
    found = select(func.min(_MESSAGES.c.scope).label("scope")).where(*waits).cte(recursive=True)
    following = select(func.min(_MESSAGES.c.scope)).where(*waits, _MESSAGES.c.scope > found.c.scope)
    found = found.union_all(select(following.scalar_subquery()).where(found.c.scope.is_not(None)))
    return select(found.c.scope)


# An expression, so that SQLite looks up the messages that are named and not all that wait.
_WAITS = (_MESSAGES.c.status + "") == MessageStatus.QUEUED.value
_PAUSED = select(_PAUSES.c.scope)
_SCOPES = _list_scopes()
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
