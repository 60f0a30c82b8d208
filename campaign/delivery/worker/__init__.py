"""The delivery worker: claims messages, sends them one by one, records what became of each."""

import logging
import random
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import delete
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from campaign.core.clock import Clock
from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.core.errors import InvalidInput
from campaign.delivery.channels.base import Channel, Outgoing
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.models import OutboxMessage, WorkerHeartbeat
from campaign.delivery.rules import DAY, AttemptOutcome, rest_delay
from campaign.delivery.worker import claiming, outcomes
from campaign.delivery.worker.outcomes import Attempt, OutcomeHandler

T = TypeVar("T")
Chore = Callable[[Session, datetime], object]
"""Something that is done about once a minute, in a transaction of its own."""

IDLE_SECONDS = 1.0
HOUSEKEEPING_INTERVAL = timedelta(seconds=10)
CHORES_INTERVAL = timedelta(minutes=1)
RECORDING_TRIES = 20
"""Tries to record an outcome while the database is away: about as long as the lease."""

log = structlog.stdlib.get_logger(__name__)


class Stop(Protocol):
    """What tells the worker to end; a ``threading.Event`` is one."""

    def is_set(self) -> bool: ...
    def wait(self, timeout: float | None = None) -> bool: ...


class _Never:
    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        time.sleep(timeout or 0)
        return False


def ignore_outcome(session: Session, message: OutboxMessage, now: datetime) -> None:
    """Do nothing about what became of a message."""


class Worker:
    """Send what is in the outbox; several may run at once, on one machine or on many.

    A message is claimed under a lease, the try is committed before the network is touched, and
    the outcome after: a worker that is killed leaves a try that says so and a lease that ends.
    What a server accepted while nobody could record it is sent again with the same Message-ID.
    """

    def __init__(
        self,
        *,
        database: Database,
        channel: Channel,
        clock: Clock,
        mail: MailSettings,
        on_outcome: OutcomeHandler = ignore_outcome,
        chores: Sequence[Chore] = (),
        name: str = "worker",
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._channel = channel
        self._clock = clock
        self._mail = mail
        self._on_outcome = on_outcome
        self._chores = chores
        self._name = name
        # Two workers of one name must not take each other's messages for their own.
        self._claimer = f"{name}/{secrets.token_hex(4)}"
        self._jitter = jitter
        self._stop: Stop = _Never()
        self.channel_failure: DeliveryFailed | None = None
        """How the channel itself failed last, None once it works again."""
        self._channel_failures = 0
        self._database_failures = 0
        self._housekeeping_at: datetime | None = None
        self._chores_at: datetime | None = None

    def run(self, stop: Stop) -> None:
        """Send until told to stop; then finish the message in hand and put back the rest."""
        self._stop = stop
        log.info("worker_started", worker=self._name)
        while not stop.is_set():
            try:
                self.run_once()
                self._database_failures = 0
            except (OperationalError, InterfaceError):
                self._database_failures += 1
                log.warning("database_unavailable", failures=self._database_failures, exc_info=True)
            failures = max(self._database_failures, self._channel_failures)
            rest = rest_delay(failures, jitter=self._jitter()).total_seconds() if failures else 0
            self._rest(rest or IDLE_SECONDS)
        self._channel.close()
        log.info("worker_stopped", worker=self._name)

    def run_once(self) -> int:
        """Send everything that is due now; return how many messages were tried.

        Ends early when the channel itself fails: what is due stays due. Raises SQLAlchemy's
        OperationalError where the database does not answer.
        """
        tried = 0
        while not self._stop.is_set():
            self._keep_house()
            with self._database.transaction() as session:
                ids = claiming.claim_messages(
                    session, claimer=self._claimer, mail=self._mail, now=self._clock()
                )
            if not ids:
                break
            handled, goes_on = self._send_batch(ids)
            tried += handled
            if not goes_on:
                break
        return tried

    def close(self) -> None:
        """Let go of the channel's connection."""
        self._channel.close()

    def _send_batch(self, ids: list[int]) -> tuple[int, bool]:
        """Try each message; return how many, and whether the channel is still good."""
        waiting = list(ids)
        tried = 0
        try:
            while waiting and not self._stop.is_set():
                message_id = waiting[0]
                attempt = self._begin(message_id)
                if attempt is None:
                    self._release([message_id])
                    waiting.pop(0)
                    continue
                failure = self._try(attempt)
                waiting.pop(0)
                tried += 1
                self._record(attempt, failure)
                if failure is not None and failure.stops_channel:
                    self._channel_failures += 1
                    self.channel_failure = failure
                    self._channel.close()
                    return tried, False
                self._channel_failures, self.channel_failure = 0, None
            return tried, True
        finally:
            if waiting:
                self._release(waiting)

    def _begin(self, message_id: int) -> Attempt | None:
        with self._database.transaction() as session:
            return outcomes.begin_attempt(
                session, message_id, claimer=self._claimer, now=self._clock()
            )

    def _try(self, attempt: Attempt) -> DeliveryFailed | None:
        """Send, with no transaction open; return how it failed."""
        if attempt.settled is AttemptOutcome.SENT:
            return None
        if attempt.settled is not None:
            return DeliveryFailed("Every try ended without an answer.", is_permanent=True)
        return self._send(attempt.outgoing)

    def _send(self, outgoing: Outgoing) -> DeliveryFailed | None:
        try:
            self._channel.send(outgoing)
        except DeliveryFailed as failure:
            return failure
        except InvalidInput as error:
            return DeliveryFailed(str(error), is_permanent=True)
        except Exception as error:  # A fault of ours must not end the worker or lose the message.
            log.exception("channel_broken")
            self._channel.close()
            return DeliveryFailed(
                f"The channel ended with {type(error).__name__}.", is_permanent=False
            )
        return None

    def _record(self, attempt: Attempt, failure: DeliveryFailed | None) -> None:
        """Record the outcome, patiently: it is known, and sending again would be a second letter.

        Where the handler cannot bear it, only the try's own row is closed. The message stays
        claimed for a minute and the recording is repeated then, without sending again.
        """

        def with_handler(session: Session) -> None:
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
            log.log(
                logging.DEBUG if failure is None else logging.WARNING,
                "message_tried",
                message=attempt.message_id,
                status=status,
                code=failure.code if failure else None,
                detail=str(failure) if failure else None,
            )

        def without_handler(session: Session) -> None:
            now = self._clock()
            if attempt.settled is None:
                outcomes.close_attempt(session, attempt, failure, now=now)
            outcomes.repeat_recording_soon(session, attempt, claimer=self._claimer, now=now)

        try:
            self._persist(with_handler)
        except Exception:
            log.exception("outcome_handler_failed", message=attempt.message_id)
            self._persist(without_handler)

    def _persist(self, write: Callable[[Session], None]) -> None:
        for number in range(1, RECORDING_TRIES + 1):
            try:
                with self._database.transaction() as session:
                    write(session)
            except (OperationalError, InterfaceError):
                if number == RECORDING_TRIES:
                    raise
                log.warning("recording_delayed", failures=number, exc_info=True)
                self._rest(min(0.1 * 2**number, 30.0))
            else:
                return

    def _release(self, ids: list[int]) -> None:
        try:
            with self._database.transaction() as session:
                claiming.release_messages(session, ids, claimer=self._claimer)
        except (OperationalError, InterfaceError):
            # The lease ends by itself.
            log.warning("release_failed", messages=len(ids), exc_info=True)

    def _keep_house(self) -> None:
        """Take over what others dropped, show that this worker lives, and do the chores."""
        now = self._clock()
        if self._housekeeping_at is None or now >= self._housekeeping_at + HOUSEKEEPING_INTERVAL:
            self._housekeeping_at = now
            with self._database.transaction() as session:
                self._beat(session, now)
                taken_over = claiming.take_over_expired(session, now=now)
            if taken_over:
                log.warning("messages_taken_over", messages=taken_over)
        if self._chores_at is None or now >= self._chores_at + CHORES_INTERVAL:
            self._chores_at = now
            for chore in self._chores:
                try:
                    with self._database.transaction() as session:
                        chore(session, now)
                except Exception:
                    log.exception("chore_failed", chore=getattr(chore, "__name__", "chore"))

    def _beat(self, session: Session, now: datetime) -> None:
        session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.seen_at < now - DAY))
        beat = session.get(WorkerHeartbeat, self._name)
        if beat is None:
            session.add(WorkerHeartbeat(worker=self._name, seen_at=now))
        else:
            beat.seen_at = now

    def _rest(self, seconds: float) -> None:
        if not self._stop.is_set():
            self._stop.wait(seconds)
