"""Writing what became of a try, patiently: the outcome is known, and must not be lost."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from campaign.core.clock import Clock
from campaign.core.db import Database
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.rules import AttemptOutcome, pause_delay
from campaign.delivery.service import pause_after_refusal
from campaign.delivery.worker import outcomes
from campaign.delivery.worker.domains import DomainWatch
from campaign.delivery.worker.outcomes import Attempt, OutcomeHandler

T = TypeVar("T")

RECORDING_TRIES = 20
"""Tries to record an outcome while the database is away: about as long as the lease."""

log = structlog.stdlib.get_logger(__name__)


class Recorder:
    """Record outcomes in small transactions on one kept connection."""

    def __init__(
        self,
        database: Database,
        *,
        claimer: str,
        clock: Clock,
        on_outcome: OutcomeHandler,
        domains: DomainWatch,
        jitter: Callable[[], float],
        rest: Callable[[float], None],
    ) -> None:
        self._database = database
        self._notebook = database.notebook()
        self._claimer = claimer
        self._clock = clock
        self._on_outcome = on_outcome
        self._domains = domains
        self._jitter = jitter
        self._rest = rest

    def close(self) -> None:
        """Let go of the connection."""
        self._notebook.close()

    def note(self, write: Callable[[Session], T]) -> T:
        """Write something in a transaction of its own, once."""
        with self._notebook.note() as session:
            return write(session)

    def record(
        self,
        attempt: Attempt,
        failure: DeliveryFailed | None,
        *,
        then: Callable[[Session], T],
        otherwise: T,
    ) -> T:
        """Record the outcome and do what follows in the same transaction; return its answer.

        Patiently: sending again would be a second letter. Where the handler cannot bear the
        outcome, only the try's own row is closed and ``otherwise`` is the answer. The message stays
        claimed for a minute and the recording is repeated then, without sending again.
        """

        def with_handler(session: Session) -> T:
            now = self._clock()
            status = outcomes.record_outcome(
                session,
                attempt,
                failure,
                claimer=self._claimer,
                on_outcome=self._on_outcome,
                jitter=self._jitter(),
                now=now,
            )
            if attempt.settled is None:
                self._domains.learn(session, attempt.message, failure, now)
            if failure is not None:
                log.warning(
                    "message_not_sent",
                    message=attempt.message_id,
                    status=status,
                    code=failure.code,
                    detail=str(failure),
                )
            return then(session)

        def without_handler(session: Session) -> T:
            now = self._clock()
            if attempt.settled is not AttemptOutcome.SENT:
                outcomes.close_attempt(session, attempt, failure, now=now)
            outcomes.repeat_recording_soon(session, attempt, claimer=self._claimer, now=now)
            return otherwise

        try:
            return self._persist(with_handler)
        except Exception:
            log.exception("outcome_handler_failed", message=attempt.message_id)
            return self._persist(without_handler)

    def pause_everything(self, failure: DeliveryFailed, *, failures: int) -> None:
        """Pause all mail for a while, because the relay refuses us until a person mends it."""
        now = self._clock()
        ends_at: datetime = now + pause_delay(failures)
        log.error("delivery_paused", reason=str(failure), ends_at=ends_at.isoformat())
        try:
            with self._database.transaction() as session:
                pause_after_refusal(session, reason=str(failure), ends_at=ends_at, now=now)
        except SQLAlchemyError:
            # Another worker was quicker, or the next message meets the same refusal.
            log.warning("pause_not_written", exc_info=True)

    def _persist(self, write: Callable[[Session], T]) -> T:
        number = 1
        while True:
            try:
                return self.note(write)
            except (OperationalError, InterfaceError):
                if number == RECORDING_TRIES:
                    raise
                log.warning("recording_delayed", failures=number, exc_info=True)
                self._rest(min(0.1 * 2**number, 30.0))
                number += 1
