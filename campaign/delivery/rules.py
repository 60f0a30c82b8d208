"""Rules of delivery, without a database or a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class Lane(StrEnum):
    """Queues with their own place in the order of sending."""

    CONFIRMATION = "confirmation"
    """Somebody waits for it at their screen: always first."""
    NOTICE = "notice"
    """Receipts and news to people who deal with us."""
    LETTER = "letter"
    """Letters to candidates: limited for each recipient."""


class MessageStatus(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Taken back before it was sent."""


class AttemptOutcome(StrEnum):
    """How a try ended."""

    STARTED = "started"
    """Begun; a row that stays so belongs to a worker that was killed."""
    SENT = "sent"
    TEMPORARY_FAILURE = "temporary_failure"
    PERMANENT_FAILURE = "permanent_failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalMessage:
    """A message that was sent or failed for good, as others learn of it."""

    id: int
    lane: Lane
    status: MessageStatus
    sent_at: datetime | None
    last_error: str


ALL_SCOPES = "all"
"""Scope of the pause that stops the whole installation."""

BATCH_SIZES = {Lane.CONFIRMATION: 10, Lane.NOTICE: 10, Lane.LETTER: 10}
"""Lanes in the order of sending, and how many messages a worker claims at once."""

BATCH_TIME = timedelta(seconds=2)
"""When what is left of a batch is put back, because a confirmation may have arrived meanwhile."""

LEASE = timedelta(minutes=10)
"""How long a worker may stay silent over a message; longer than all timeouts of one try."""

RETRY_DELAYS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=24),
)
"""Waits between tries: quick for greylisting, then long enough for a weekend without a relay."""

MAXIMUM_TRIES = len(RETRY_DELAYS) + 1
LONGEST_REST = timedelta(minutes=1)
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def campaign_scope(campaign_id: int) -> str:
    """Return the scope under which one campaign's messages can be paused."""
    return f"campaign:{campaign_id}"


def normalise_recipient(address: str) -> str:
    """Return the form of an address under which its letters are counted."""
    return address.strip().casefold()


def retry_delay(tries: int, *, jitter: float) -> timedelta | None:
    """Return how long to wait after this many tries; None when that was the last.

    ``jitter`` between 0 and 1 spreads the wait over 80 to 120 %, so that what failed together does
    not come back together.
    """
    if tries >= MAXIMUM_TRIES:
        return None
    return RETRY_DELAYS[tries - 1] * (0.8 + 0.4 * jitter)


def rest_delay(failures: int, *, jitter: float) -> timedelta:
    """Return how long the worker rests after failures in a row that would meet any message."""
    doubled = timedelta(seconds=5 * 2.0 ** min(failures - 1, 10))
    return min(doubled, LONGEST_REST) * (0.8 + 0.4 * jitter)


def pause_delay(failures: int) -> timedelta:
    """Return how long everything is paused after the relay has refused us so often in a row."""
    return min(FIRST_PAUSE * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE)


def next_allowed_time(
    sent: Sequence[datetime], *, now: datetime, per_hour: int, per_day: int
) -> datetime:
    """Return when one recipient may get another letter, after those sent at these times.

    The windows slide: a place becomes free one hour (one day) after a letter took it.
    """
    newest_first = sorted(sent, reverse=True)
    allowed = now
    for limit, window in ((per_hour, HOUR), (per_day, DAY)):
        if len(newest_first) >= limit:
            allowed = max(allowed, newest_first[limit - 1] + window)
    return allowed


def spread_letters(
    count: int, *, sent: Sequence[datetime], now: datetime, per_hour: int, per_day: int
) -> list[datetime]:
    """Return when each of the next letters to one recipient may leave, in their order.

    A time equal to ``now`` means at once.
    """
    known = sorted(sent)[-per_day:]
    times = []
    for _ in range(count):
        allowed = next_allowed_time(known, now=now, per_hour=per_hour, per_day=per_day)
        times.append(allowed)
        known = [*known, allowed][-per_day:]
    return times


class Stage(StrEnum):
    """Where in the talk with a mail server a try ended."""

    CONNECTION = "connection"
    """Connecting, greeting, TLS, login."""
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


class Verdict(NamedTuple):
    """What a failure means for its message, and for the messages after it."""

    is_permanent: bool
    stops_channel: bool
    is_our_fault: bool = False
    """Stays until a person mends our settings or our standing with the relay."""


_OUR_OWN_FAULT = frozenset({500, 501, 502, 503, 504, 521, 530, 534, 535, 538})
"""Replies that speak of the commands, the login or the session and not of the recipient."""
_SERVICE_CLOSING = 421


def judge_reply(stage: Stage, code: int, reply: str) -> Verdict:
    """Judge a refusal by a mail server.

    Only a 5xx that is about this recipient or this content is permanent. A wrong login, sender or
    relay setting would otherwise burn every letter in the outbox within minutes.
    """
    is_for_ever = 500 <= code <= 599
    is_general = (
        stage in (Stage.CONNECTION, Stage.SENDER)
        or code == _SERVICE_CLOSING
        or code in _OUR_OWN_FAULT
        or (stage is Stage.RECIPIENT and "relay" in reply.casefold())
    )
    if is_general:
        return Verdict(is_permanent=False, stops_channel=True, is_our_fault=is_for_ever)
    return Verdict(is_permanent=is_for_ever, stops_channel=False)


def judge_silence(stage: Stage) -> Verdict:
    """Judge a timeout, a dropped or refused connection, or a failure of TLS or DNS."""
    is_general = stage in (Stage.CONNECTION, Stage.SENDER)
    return Verdict(is_permanent=False, stops_channel=is_general)
