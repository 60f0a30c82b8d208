"""What a worker does now and then: show that it lives, take over, lift pauses, do the chores."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaign.core.db import Database
from campaign.delivery.models import WorkerHeartbeat
from campaign.delivery.rules import DAY, Move
from campaign.delivery.service import lift_ended_pauses
from campaign.delivery.service.domains import forget_old_pauses
from campaign.delivery.service.ramps import advance_ramps
from campaign.delivery.worker import claiming

Chore = Callable[[Session, datetime], object]
"""Something that is done about once a minute, in a transaction of its own.

One that answers True has left something for its next batch, which then follows at once.
"""

INTERVAL = timedelta(seconds=10)
CHORES_INTERVAL = timedelta(minutes=1)
BUSY_TIME = timedelta(seconds=1)
"""How long chores with much to do may keep messages waiting each time."""

log = structlog.stdlib.get_logger(__name__)


class Housekeeping:
    """Do what is due; asked between any two batches of messages."""

    def __init__(self, database: Database, *, worker: str, chores: Sequence[Chore]) -> None:
        self._database = database
        self._worker = worker
        self._chores = chores
        self._done_at: datetime | None = None
        self._chores_at: datetime | None = None
        self._busy: list[Chore] = []

    def keep(self, now: datetime) -> None:
        """Do what is due; an error of a chore stops nothing."""
        if _is_due(self._done_at, INTERVAL, now):
            self._done_at = now
            with self._database.transaction() as session:
                self._beat(session, now)
                taken_over = claiming.take_over_expired(session, now=now)
                lifted = lift_ended_pauses(session, now)
                forget_old_pauses(session, now)
                moves = advance_ramps(session, now)
            if taken_over:
                log.warning("messages_taken_over", messages=taken_over)
            if lifted:
                log.warning("delivery_goes_on", after="a pause that had an end")
            for each in moves:
                tell = log.error if each.move is Move.STOP else log.info
                tell(
                    "ramp_stopped" if each.move is Move.STOP else "ramp_moved",
                    scope=each.scope,
                    step=each.step + 1,
                    move=each.move,
                    letters=each.figures.letters,
                    bounced=each.figures.bounced,
                )
        chores: Sequence[Chore] = self._busy
        if _is_due(self._chores_at, CHORES_INTERVAL, now):
            self._chores_at, chores = now, self._chores
        ends_at = time.monotonic() + BUSY_TIME.total_seconds()
        self._busy = [chore for chore in chores if self._is_left(chore, now, ends_at)]

    def _is_left(self, chore: Chore, now: datetime, ends_at: float) -> bool:
        """Do a chore, for a moment if it has much to do; tell whether it has left something."""
        try:
            while True:
                with self._database.transaction() as session:
                    is_left = chore(session, now) is True
                if not is_left or time.monotonic() >= ends_at:
                    return is_left
        except Exception:
            log.exception("chore_failed", chore=getattr(chore, "__name__", "chore"))
            return False

    def _beat(self, session: Session, now: datetime) -> None:
        session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.seen_at < now - DAY))
        named = {"worker": self._worker, "seen_at": now}
        seen = update(WorkerHeartbeat).where(WorkerHeartbeat.worker == self._worker)
        if session.connection().execute(seen.values(seen_at=now)).rowcount:
            return
        # Another worker of this name (two containers, each with its process 1) may be as quick.
        with suppress(IntegrityError), session.begin_nested():
            session.execute(insert(WorkerHeartbeat).values(named))


def _is_due(last: datetime | None, interval: timedelta, now: datetime) -> bool:
    # A clock that was set back must not stop the housekeeping until it has caught up.
    return last is None or not last <= now < last + interval
