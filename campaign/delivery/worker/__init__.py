"""The delivery worker: claims messages, sends them one by one, records what became of each."""

import random
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
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
    rest_delay,
)
from campaign.delivery.worker import claiming, outcomes
from campaign.delivery.worker.claiming import Claim
from campaign.delivery.worker.domains import DomainWatch
from campaign.delivery.worker.housekeeping import Chore, Housekeeping
from campaign.delivery.worker.outcomes import Attempt, OutcomeHandler
from campaign.delivery.worker.recording import Recorder

IDLE_SECONDS = 1.0
_Begun = tuple[Attempt | None, list[Claim]]

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
        self._channel = channel
        self._clock = clock
        self._mail = mail
        self._house = Housekeeping(database, worker=name, chores=chores)
        self._name = name
        # Two workers of one name must not take each other's messages for their own.
        self._claimer = f"{name}/{secrets.token_hex(4)}"
        self._jitter = jitter
        self._domains = DomainWatch()
        self._recorder = Recorder(
            database,
            claimer=self._claimer,
            clock=clock,
            on_outcome=on_outcome,
            domains=self._domains,
            jitter=jitter,
            rest=self._rest,
        )
        self._last_scope = ""
        """Whose messages were claimed last: the next scope has its turn."""
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
            self._recorder.close()

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
                    session,
                    claimer=self._claimer,
                    mail=self._mail,
                    now=self._clock(),
                    after=self._last_scope,
                    paused_domains=self._domains.refresh(session),
                )
                attempt, waiting = self._begin(session, claims)
            if not claims:
                break
            self._last_scope = claims[0].message.scope
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
                    attempt, waiting = self._recorder.note(partial(self._begin, waiting=waiting))
                    continue
                failure = self._try(attempt)
                tried += 1
                stops = failure is not None and failure.stops_channel
                ended, attempt = attempt, None
                goes_on = not stops and time.monotonic() < ends_at
                nothing: _Begun = (None, waiting)
                attempt, waiting = self._recorder.record(
                    ended,
                    failure,
                    then=partial(self._begin, waiting=waiting, goes_on=goes_on),
                    otherwise=nothing,
                )
                if failure is not None and stops:
                    self._note_channel_failure(failure)
                    return tried, False
                self._channel_failures, self.channel_failure = 0, None
        finally:
            if waiting:
                self._release(waiting)

    def _begin(self, session: Session, waiting: list[Claim], *, goes_on: bool = True) -> _Begun:
        """Begin the first of these that may still leave; return it and those after it.

        Those before it are put back. Nothing is begun once the worker was told to stop.
        """
        if self._stop.is_set() or not goes_on:
            return None, waiting
        now = self._clock()
        for place, claim in enumerate(waiting):
            attempt = None
            if claim.is_settled or not self._domains.is_paused(claim.message, now):
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

    def _note_channel_failure(self, failure: DeliveryFailed) -> None:
        """Let go of the channel; where the fault is ours, pause everything until it is mended."""
        self._channel_failures += 1
        self.channel_failure = failure
        self._channel.close()
        if failure.is_our_fault:
            self._recorder.pause_everything(failure, failures=self._channel_failures)

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
