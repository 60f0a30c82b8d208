"""What a worker does now and then: show that it lives, take over, lift pauses, do the chores."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaign.core.db import Database
from campaign.delivery.models import WorkerHeartbeat
from campaign.delivery.rules import DAY
from campaign.delivery.service import lift_ended_pauses
from campaign.delivery.worker import claiming

Chore = Callable[[Session, datetime], object]
"""Something that is done about once a minute, in a transaction of its own."""

INTERVAL = timedelta(seconds=10)
CHORES_INTERVAL = timedelta(minutes=1)

log = structlog.stdlib.get_logger(__name__)


class Housekeeping:
    """Do what is due; asked between any two batches of messages."""

    def __init__(self, database: Database, *, worker: str, chores: Sequence[Chore]) -> None:
        self._database = database
        self._worker = worker
        self._chores = chores
        self._done_at: datetime | None = None
        self._chores_at: datetime | None = None

    def keep(self, now: datetime) -> None:
        """Do what is due; an error of a chore stops nothing."""
        if _is_due(self._done_at, INTERVAL, now):
            self._done_at = now
            with self._database.transaction() as session:
                self._beat(session, now)
                taken_over = claiming.take_over_expired(session, now=now)
                lifted = lift_ended_pauses(session, now)
            if taken_over:
                log.warning("messages_taken_over", messages=taken_over)
            if lifted:
                log.warning("delivery_goes_on", after="a pause that had an end")
        if _is_due(self._chores_at, CHORES_INTERVAL, now):
            self._chores_at = now
            for chore in self._chores:
                try:
                    with self._database.transaction() as session:
                        chore(session, now)
                except Exception:
                    log.exception("chore_failed", chore=getattr(chore, "__name__", "chore"))

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
