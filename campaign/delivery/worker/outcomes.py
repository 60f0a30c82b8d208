"""Begin a try and record how it ended, with the network between them.

Bare prebuilt statements and no objects: this is done for every message, and one transaction
records a message and begins the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.orm import Session

from campaign.core.db import table_of
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.models import DeliveryAttempt, OutboxMessage
from campaign.delivery.rules import (
    LEASE,
    MAXIMUM_TRIES,
    AttemptOutcome,
    FinalMessage,
    MessageStatus,
    retry_delay,
)
from campaign.delivery.worker.choosing import may_leave
from campaign.delivery.worker.claiming import Claim

OutcomeHandler = Callable[[Session, FinalMessage, datetime], None]
"""Called in the transaction that marks a message sent or failed."""

_MESSAGES = table_of(OutboxMessage)
_ATTEMPTS = table_of(DeliveryAttempt)
_REPEAT_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that has begun: what to send, and which row waits for the outcome."""

    message: Row[Any]
    number: int
    tries: int
    """Tries of this round with this one."""
    begun_at: datetime
    settled: AttemptOutcome | None = None
    """Set where there is nothing to send: accepted before but not recorded, or all tries used."""

    @property
    def message_id(self) -> int:
        """Return the number of the message in the outbox."""
        number: int = self.message.id
        return number


def begin_attempt(session: Session, claim: Claim, *, claimer: str, now: datetime) -> Attempt | None:
    """Write that a try begins.

    None where the message is no longer ours or not for long enough, or, since it was claimed, a
    kill switch was put on, it has become too late or its recipient gets nothing more.
    """
    settled = None
    if claim.is_settled:
        settled = AttemptOutcome.SENT
    elif claim.tries >= MAXIMUM_TRIES:
        # Each try ended with its worker: perhaps the message is what ends them.
        settled = AttemptOutcome.PERMANENT_FAILURE
    parameters = {
        "message": claim.message_id,
        "claimer": claimer,
        "now": now,
        "enough": now + LEASE * 0.9,
    }
    connection = session.connection()
    if settled is not None:
        if connection.execute(_MAY_LEAVE, parameters).first() is None:
            return None
        return Attempt(claim.message, claim.last_number, claim.tries, now, settled)
    number = claim.last_number + 1
    begun = connection.execute(_BEGIN, {**parameters, "number": number})
    return Attempt(claim.message, number, claim.tries + 1, now) if begun.rowcount == 1 else None


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
    if attempt.settled is not AttemptOutcome.SENT:
        close_attempt(session, attempt, failure, now=now)
    connection = session.connection()
    ours = {"message": attempt.message_id, "claimer": claimer}
    if failure is None:
        status = MessageStatus.SENT
        written = connection.execute(_SENT, {**ours, "now": now, "tries": attempt.tries}).rowcount
        if not written:
            # What a server has accepted is sent, whoever holds the message now.
            written = connection.execute(
                _SENT_AFTER_ALL,
                {"message": attempt.message_id, "now": now, "tries": attempt.tries},
            ).rowcount
    else:
        tries = attempt.tries
        if failure.is_our_fault:
            # Never its last: the letter must not fail for what is wrong on our side.
            tries = min(tries, MAXIMUM_TRIES - 1)
        delay = None if failure.is_permanent else retry_delay(tries, jitter=jitter)
        status = MessageStatus.FAILED if delay is None else MessageStatus.QUEUED
        written = connection.execute(
            _NOT_SENT,
            {
                **ours,
                "status": status,
                "tries": tries,
                "error": str(failure),
                "failed_at": now if delay is None else None,
                "due": attempt.message.due_at if delay is None else now + delay,
            },
        ).rowcount
    if not written:
        return None
    if status is not MessageStatus.QUEUED:
        final = FinalMessage(
            id=attempt.message_id,
            lane=attempt.message.lane,
            status=status,
            sent_at=now if failure is None else None,
            last_error=str(failure or ""),
        )
        on_outcome(session, final, now)
    return status


def close_attempt(
    session: Session, attempt: Attempt, failure: DeliveryFailed | None, *, now: datetime
) -> None:
    """Write the outcome of a try into its own row only."""
    if failure is None:
        outcome = AttemptOutcome.SENT
    elif failure.is_permanent:
        outcome = AttemptOutcome.PERMANENT_FAILURE
    else:
        outcome = AttemptOutcome.TEMPORARY_FAILURE
    session.connection().execute(
        _CLOSE_ATTEMPT,
        {
            "message": attempt.message_id,
            "attempt": attempt.number,
            "now": now,
            "how": outcome,
            "reply": failure.code if failure else None,
            "error": str(failure or ""),
        },
    )


def repeat_recording_soon(
    session: Session, attempt: Attempt, *, claimer: str, now: datetime
) -> None:
    """Let the outcome of a closed try be recorded again shortly, without sending again."""
    session.connection().execute(
        _SHORTEN_LEASE,
        {
            "message": attempt.message_id,
            "claimer": claimer,
            "lease": now + _REPEAT_AFTER,
            "tries": attempt.tries,
        },
    )


_IS_THIS = _MESSAGES.c.id == bindparam("message")
_IS_OURS = (
    _IS_THIS,
    _MESSAGES.c.claimed_by == bindparam("claimer"),
    _MESSAGES.c.status == MessageStatus.SENDING,
)
_AS_SENT: dict[str, Any] = {
    "status": MessageStatus.SENT,
    "claimed_by": None,
    "lease_ends_at": None,
    "sent_at": bindparam("now"),
    "failed_at": None,
    "last_error": "",
    "attempt_count": bindparam("tries"),
}
_MAY_LEAVE = (
    select(_MESSAGES.c.id)
    .where(*_IS_OURS, _MESSAGES.c.lease_ends_at > bindparam("enough"), may_leave())
    .with_for_update(of=_MESSAGES)
)
_BEGIN = (
    insert(_ATTEMPTS)
    .from_select(
        ["outbox_message_id", "number", "started_at", "outcome", "detail"],
        _MAY_LEAVE.with_only_columns(
            _MESSAGES.c.id,
            bindparam("number", type_=_ATTEMPTS.c.number.type),
            bindparam("now", type_=_ATTEMPTS.c.started_at.type),
            bindparam("begun", AttemptOutcome.STARTED, type_=_ATTEMPTS.c.outcome.type),
            bindparam("nothing", "", type_=_ATTEMPTS.c.detail.type),
        ),
        include_defaults=False,
    )
    .execution_options(preserve_rowcount=True)
)
_CLOSE_ATTEMPT = (
    update(_ATTEMPTS)
    .where(
        _ATTEMPTS.c.outbox_message_id == bindparam("message"),
        _ATTEMPTS.c.number == bindparam("attempt"),
        _ATTEMPTS.c.finished_at.is_(None),
    )
    .values(
        finished_at=bindparam("now"),
        outcome=bindparam("how"),
        code=bindparam("reply"),
        detail=bindparam("error"),
    )
)
_SENT = update(_MESSAGES).where(*_IS_OURS).values(_AS_SENT)
_SENT_AFTER_ALL = (
    update(_MESSAGES).where(_IS_THIS, _MESSAGES.c.status != MessageStatus.SENT).values(_AS_SENT)
)
_NOT_SENT = (
    update(_MESSAGES)
    .where(*_IS_OURS)
    .values(
        status=bindparam("status"),
        claimed_by=None,
        lease_ends_at=None,
        attempt_count=bindparam("tries"),
        last_error=bindparam("error"),
        failed_at=bindparam("failed_at"),
        due_at=bindparam("due"),
    )
)
_SHORTEN_LEASE = (
    update(_MESSAGES)
    .where(_IS_THIS, _MESSAGES.c.claimed_by == bindparam("claimer"))
    .values(lease_ends_at=bindparam("lease"), attempt_count=bindparam("tries"))
)
