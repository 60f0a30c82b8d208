"""Begin a try and record how it ended; each is one transaction, with the network between them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from campaign.delivery.channels.base import Outgoing, copy_for_sending
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.models import DeliveryAttempt, OutboxMessage
from campaign.delivery.queries import is_in_time, is_not_suppressed
from campaign.delivery.rules import (
    LEASE,
    MAXIMUM_TRIES,
    AttemptOutcome,
    MessageStatus,
    retry_delay,
)
from campaign.delivery.worker.claiming import is_not_paused

OutcomeHandler = Callable[[Session, OutboxMessage, datetime], None]
"""Called in the transaction that marks a message sent or failed."""

_REPEAT_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Attempt:
    """A try that has begun: what to send, and the row that waits for the outcome."""

    message_id: int
    attempt_id: int
    outgoing: Outgoing
    settled: AttemptOutcome | None = None
    """Set where there is nothing to send: accepted before but not recorded, or all tries used."""


def begin_attempt(
    session: Session, message_id: int, *, claimer: str, now: datetime
) -> Attempt | None:
    """Write that a try begins and renew the lease.

    None where the message is no longer ours, or, since it was claimed, a kill switch was put on,
    it has become too late or its recipient may get nothing more.
    """
    message = session.scalars(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == message_id,
            OutboxMessage.claimed_by == claimer,
            OutboxMessage.status == MessageStatus.SENDING,
            is_in_time(now),
            is_not_paused(),
            is_not_suppressed(),
        )
        .values(lease_ends_at=now + LEASE, attempt_count=OutboxMessage.attempt_count + 1)
        .returning(OutboxMessage)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if message is None:
        return None
    outgoing = copy_for_sending(message, date=now)
    last = session.scalars(
        select(DeliveryAttempt)
        .where(DeliveryAttempt.outbox_message_id == message_id)
        .order_by(DeliveryAttempt.number.desc())
        .limit(1)
    ).one_or_none()
    if last is not None and last.outcome is AttemptOutcome.SENT:
        return Attempt(message_id, last.id, outgoing, settled=AttemptOutcome.SENT)
    if last is not None and message.attempt_count > MAXIMUM_TRIES:
        # Each try ended with its worker: perhaps the message is what ends them.
        return Attempt(message_id, last.id, outgoing, settled=AttemptOutcome.PERMANENT_FAILURE)
    attempt = DeliveryAttempt(
        outbox_message_id=message_id,
        number=last.number + 1 if last is not None else 1,
        started_at=now,
        outcome=AttemptOutcome.STARTED,
    )
    session.add(attempt)
    session.flush()  # The attempt's id is needed to record its outcome.
    return Attempt(message_id, attempt.id, outgoing)


def record_outcome(
    session: Session,
    attempt: Attempt,
    failure: DeliveryFailed | None,
    *,
    claimer: str,
    on_outcome: OutcomeHandler,
    jitter: float,
    now: datetime,
) -> MessageStatus | None:
    """Write how a try ended and tell the handler what is final; return the new status.

    None where another worker took the message over while the network was slow.
    """
    if attempt.settled is None:
        close_attempt(session, attempt, failure, now=now)
    message = session.get_one(OutboxMessage, attempt.message_id, with_for_update=True)
    is_ours = message.claimed_by == claimer and message.status is MessageStatus.SENDING
    # What a server has accepted is sent, whoever holds the message now.
    if not is_ours and (failure or message.status is MessageStatus.SENT):
        return None
    message.claimed_by = None
    message.lease_ends_at = None
    if failure is None:
        message.status = MessageStatus.SENT
        message.sent_at = now
        message.failed_at = None
        message.last_error = ""
    else:
        message.last_error = str(failure)
        delay = None if failure.is_permanent else retry_delay(message.attempt_count, jitter=jitter)
        if delay is None:
            message.status = MessageStatus.FAILED
            message.failed_at = now
        else:
            message.status = MessageStatus.QUEUED
            message.due_at = now + delay
    if message.status in (MessageStatus.SENT, MessageStatus.FAILED):
        on_outcome(session, message, now)
    return message.status


def close_attempt(
    session: Session, attempt: Attempt, failure: DeliveryFailed | None, *, now: datetime
) -> None:
    """Write the outcome of a try into its own row only."""
    row = session.get_one(DeliveryAttempt, attempt.attempt_id)
    if row.finished_at is not None:
        return
    row.finished_at = now
    if failure is None:
        row.outcome = AttemptOutcome.SENT
        return
    row.outcome = (
        AttemptOutcome.PERMANENT_FAILURE
        if failure.is_permanent
        else AttemptOutcome.TEMPORARY_FAILURE
    )
    row.code = failure.code
    row.detail = str(failure)


def repeat_recording_soon(
    session: Session, attempt: Attempt, *, claimer: str, now: datetime
) -> None:
    """Let the outcome of a closed try be recorded again shortly, without sending again."""
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == attempt.message_id, OutboxMessage.claimed_by == claimer)
        .values(lease_ends_at=now + _REPEAT_AFTER)
    )
