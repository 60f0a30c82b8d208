"""What a message of the outbox is: its lane, its status, whose it is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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


def campaign_scope(campaign_id: int) -> str:
    """Return the scope under which one campaign's messages can be paused."""
    return f"campaign:{campaign_id}"


def normalise_recipient(address: str) -> str:
    """Return the form of an address under which its letters are counted."""
    return address.strip().casefold()
