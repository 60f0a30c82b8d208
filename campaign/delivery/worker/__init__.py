"""The delivery worker: claims messages, sends them one by one, records what became of each."""

import random
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from campaign.core.clock import Clock
from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.core.errors import InvalidInput
from campaign.delivery.channels.base import Channel, copy_for_sending
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.rules import (
    BATCH_TIME,
    AttemptOutcome,
    FinalMessage,
    pause_delay,
    rest_delay,
)
from campaign.delivery.service import pause_after_refusal
from campaign.delivery.worker import claiming, outcomes
from campaign.delivery.worker.claiming import Claim
from campaign.delivery.worker.housekeeping import Chore, Housekeeping
from campaign.delivery.worker.outcomes import Attempt, OutcomeHandler

T = TypeVar("T")

IDLE_SECONDS = 1.0
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


def ignore_outcome(session: Session, message: FinalMessage, now: datetime) -> None:
    """Do nothing about what became of a message."""


class Worker:
    """Send what is in the outbox; several may run at once, on one machine or on many.

    A message is claimed under a lease, the try is committed before the network is touched, and
    the outcome after, together with the beginning of the next try: one commit for each message.
    A worker that is killed leaves a try that says so and a lease that ends. What a server accepted
    while nobody could record it is sent again with the same Message-ID: one message for each kill.

    As mail servers do, it forces to the disk what it takes and not each step of giving it away:
    claims are durable, and with them all that was recorded before. After a power cut SQLite may
    have forgotten the outcomes of one batch, which then goes out again with the same Message-IDs.
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
        self._notebook = database.notebook()
        self._channel = channel
        self._clock = clock
        self._mail = mail
        self._on_outcome = on_outcome
        self._house = Housekeeping(database, worker=name, chores=chores)
        self._name = name
        # Two workers of one name must not take each other's messages for their own.
        self._claimer = f"{name}/{secrets.token_hex(4)}"
        self._jitter = jitter
        self._stop: Stop = _Never()
        self.channel_failure: DeliveryFailed | None = None
        """How the channel itself failed last, None once it works again."""
        self._channel_failures = 0
        self._database_failures = 0

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
        try:
            return self._send_due()
        finally:
            self._notebook.close()

    def close(self) -> None:
        """Let go of the channel's connection."""
        self._channel.close()

    def _send_due(self) -> int:
        tried = 0
        goes_on = True
        while goes_on and not self._stop.is_set():
            self._house.keep(self._clock())
            with self._database.transaction() as session:
                claims = claiming.claim_messages(
                    session, claimer=self._claimer, mail=self._mail, now=self._clock()
                )
                attempt, waiting = self._begin(session, claims)
            if not claims:
                break
            handled, goes_on = self._send_batch(attempt, waiting)
            tried += handled
        return tried

    def _send_batch(self, attempt: Attempt | None, waiting: list[Claim]) -> tuple[int, bool]:
        """Try each message; return how many, and whether the channel is still good.

        After a while the rest is put back, so that what is more urgent has its turn.
        """
        tried = 0
        ends_at = time.monotonic() + BATCH_TIME.total_seconds()
        try:
            while True:
                if attempt is None:
                    if not waiting or time.monotonic() >= ends_at or self._stop.is_set():
                        return tried, True
                    with self._notebook.note() as session:
                        attempt, waiting = self._begin(session, waiting)
                    continue
                failure = self._try(attempt)
                tried += 1
                stops = failure is not None and failure.stops_channel
                ended, attempt = attempt, None
                goes_on = not stops and time.monotonic() < ends_at
                attempt, waiting = self._record(ended, failure, waiting, goes_on=goes_on)
                if failure is not None and stops:
                    self._note_channel_failure(failure)
                    return tried, False
                self._channel_failures, self.channel_failure = 0, None
        finally:
            if waiting:
                self._release(waiting)

    def _begin(self, session: Session, waiting: list[Claim]) -> tuple[Attempt | None, list[Claim]]:
        """Begin the first of these that may still leave; return it and those after it.

        Those before it are put back. Nothing is begun once the worker was told to stop.
        """
        if self._stop.is_set():
            return None, waiting
        now = self._clock()
        for place, claim in enumerate(waiting):
            attempt = outcomes.begin_attempt(session, claim, claimer=self._claimer, now=now)
            if attempt is not None:
                return attempt, waiting[place + 1 :]
            claiming.release_messages(session, [claim.message_id], claimer=self._claimer)
        return None, []

    def _try(self, attempt: Attempt) -> DeliveryFailed | None:
        """Send, with no transaction open; return how it failed."""
        if attempt.settled is AttemptOutcome.SENT:
            return None
        if attempt.settled is not None:
            return DeliveryFailed("Every try ended without an answer.", is_permanent=True)
        try:
            self._channel.send(copy_for_sending(attempt.message, date=attempt.begun_at))
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

    def _record(
        self,
        attempt: Attempt,
        failure: DeliveryFailed | None,
        waiting: list[Claim],
        *,
        goes_on: bool,
    ) -> tuple[Attempt | None, list[Claim]]:
        """Record the outcome and begin the next message, in one transaction.

        Patiently: the outcome is known, and sending again would be a second letter. Where the
        handler cannot bear it, only the try's own row is closed. The message stays claimed for a
        minute and the recording is repeated then, without sending again.
        """

        def with_handler(session: Session) -> tuple[Attempt | None, list[Claim]]:
            status = outcomes.record_outcome(
                session,
                attempt,
                failure,
                claimer=self._claimer,
                on_outcome=self._on_outcome,
                jitter=self._jitter(),
                now=self._clock(),
            )
            if failure is not None:
                log.warning(
                    "message_not_sent",
                    message=attempt.message_id,
                    status=status,
                    code=failure.code,
                    detail=str(failure),
                )
            return self._begin(session, waiting) if goes_on else (None, waiting)

        def without_handler(session: Session) -> tuple[Attempt | None, list[Claim]]:
            now = self._clock()
            if attempt.settled is not AttemptOutcome.SENT:
                outcomes.close_attempt(session, attempt, failure, now=now)
            outcomes.repeat_recording_soon(session, attempt, claimer=self._claimer, now=now)
            return None, waiting

        try:
            return self._persist(with_handler)
        except Exception:
            log.exception("outcome_handler_failed", message=attempt.message_id)
            return self._persist(without_handler)

    def _note_channel_failure(self, failure: DeliveryFailed) -> None:
        """Let go of the channel; where the fault is ours, pause everything until it is mended."""
        self._channel_failures += 1
        self.channel_failure = failure
        self._channel.close()
        if not failure.is_our_fault:
            return
        now = self._clock()
        ends_at = now + pause_delay(self._channel_failures)
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
                with self._notebook.note() as session:
                    return write(session)
            except (OperationalError, InterfaceError):
                if number == RECORDING_TRIES:
                    raise
                log.warning("recording_delayed", failures=number, exc_info=True)
                self._rest(min(0.1 * 2**number, 30.0))
                number += 1

    def _release(self, claims: list[Claim]) -> None:
        ids = [claim.message_id for claim in claims]
        try:
            with self._database.transaction() as session:
                claiming.release_messages(session, ids, claimer=self._claimer)
        except (OperationalError, InterfaceError):
            # The lease ends by itself.
            log.warning("release_failed", messages=len(ids), exc_info=True)

    def _rest(self, seconds: float) -> None:
        if not self._stop.is_set():
            self._stop.wait(seconds)
