"""The places of a ramp: no more letters leave than its step has, whoever claims them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, bindparam, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from campaign.core.db import table_of
from campaign.delivery.models import DeliveryRamp, RampMessage
from campaign.delivery.rules import count_left, is_past

_RAMPS = table_of(DeliveryRamp)
_PLACES = table_of(RampMessage)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scope's ramp stands, locked until the claim is committed."""

    scope: str
    step: int
    left: int
    """How many letters may be taken up now; one that has its place needs no other."""
    is_open: bool = True
    """Whether anything may be claimed at all."""


def find_place(connection: Connection, scope: str, *, now: datetime) -> Place | None:
    """Return how many letters of a scope may be taken up; None where it is past its ramp.

    Locks the ramp: where another worker has it in hand, the answer is that nothing is open.
    """
    known = connection.execute(_LOOK, {"of_scope": scope}).first()
    if known is not None and is_past(known.step):
        return None
    if known is None:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(
            dialect.insert(_RAMPS)
            .values(scope=scope, step=0, begun_at=now)
            .on_conflict_do_nothing()
        )
    ramp = connection.execute(_LOCK, {"of_scope": scope}).first()
    if ramp is None or ramp.stopped_at is not None:
        return Place(scope, 0, 0, is_open=False)
    if is_past(ramp.step):
        return None
    if ramp.waits_until is not None:
        return Place(scope, ramp.step, 0)
    taken = connection.scalar(_COUNT, {"of_scope": scope, "of_step": ramp.step}) or 0
    return Place(scope, ramp.step, count_left(ramp.step, taken))


def take_places(connection: Connection, place: Place, ids: Sequence[int]) -> None:
    """Note that these messages leave in this step; those that have a place keep it."""
    have = set(connection.scalars(_HAVE, {"ids": ids}))
    rows = [
        {"outbox_message_id": each, "scope": place.scope, "step": place.step}
        for each in ids
        if each not in have
    ]
    if rows:
        connection.execute(_TAKE, rows)


def places_of(parameter: str) -> Select[int]:
    """Build the list of messages of the scope in this parameter that have a place."""
    return select(_PLACES.c.outbox_message_id).where(_PLACES.c.scope == bindparam(parameter))


def blocked_scopes() -> Select[str]:
    """Build the list of scopes whose ramp lets nothing leave now."""
    blocks = or_(_RAMPS.c.waits_until.is_not(None), _RAMPS.c.stopped_at.is_not(None))
    return select(_RAMPS.c.scope).where(blocks)


_LOOK = select(_RAMPS.c.step, _RAMPS.c.waits_until, _RAMPS.c.stopped_at).where(
    _RAMPS.c.scope == bindparam("of_scope")
)
_LOCK = _LOOK.with_for_update(skip_locked=True)
_COUNT = select(func.count()).where(
    _PLACES.c.scope == bindparam("of_scope"), _PLACES.c.step == bindparam("of_step")
)
_HAVE = select(_PLACES.c.outbox_message_id).where(
    _PLACES.c.outbox_message_id.in_(bindparam("ids", expanding=True))
)
_TAKE = insert(_PLACES)
