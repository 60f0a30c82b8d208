"""The life of a letter: its statuses and the one table of steps between them."""

from datetime import timedelta
from enum import StrEnum

from campaign.elections.rules import ElectionPhase
from campaign.letters.errors import TransitionRefused


class LetterStatus(StrEnum):
    """Where a letter stands; every accepted letter is in exactly one of these."""

    UNCONFIRMED = "unconfirmed"
    QUEUED = "queued"
    HELD = "held"
    SENT = "sent"
    BOUNCED = "bounced"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class HeldReason(StrEnum):
    """Why a confirmed letter waits."""

    NO_ADDRESS = "no_address"
    CALENDAR = "calendar"
    MODERATION = "moderation"
    CANDIDATE_ANSWERED = "candidate_answered"
    PAUSED = "paused"


class AnswerChoice(StrEnum):
    """What a supporter makes of a letter that had not left when its candidate answered."""

    THANK_YOU = "thank_you"
    FOLLOW_UP = "follow_up"
    NOTHING = "nothing"


CHOOSE_WITHIN = timedelta(hours=48)
"""How long a supporter can choose after they were asked; then nothing is sent."""


class MailStop(StrEnum):
    """Why nothing leaves to a candidate who stands and has an address. Also the log's reason."""

    NOTHING_MORE = "asked_for_nothing_more"
    WRONG_ADDRESS = "wrong_address"
    BOUNCED = "address_bounced"
    """Mail to the address comes back."""
    COMPLAINED = "address_complained"
    """Somebody who reads the mail there has called it spam."""


HOLDING_STOPS = frozenset({MailStop.WRONG_ADDRESS, MailStop.BOUNCED, MailStop.COMPLAINED})
"""Stops that letters wait behind, because they may end."""


TRANSITIONS: dict[LetterStatus, frozenset[LetterStatus]] = {
    LetterStatus.UNCONFIRMED: frozenset(
        {
            LetterStatus.QUEUED,
            LetterStatus.HELD,
            LetterStatus.WITHDRAWN,
            LetterStatus.EXPIRED,
        }
    ),
    LetterStatus.QUEUED: frozenset(
        {LetterStatus.SENT, LetterStatus.HELD, LetterStatus.FAILED, LetterStatus.WITHDRAWN}
    ),
    LetterStatus.HELD: frozenset(
        {LetterStatus.QUEUED, LetterStatus.HELD, LetterStatus.FAILED, LetterStatus.WITHDRAWN}
    ),
    LetterStatus.SENT: frozenset({LetterStatus.BOUNCED}),
    LetterStatus.BOUNCED: frozenset({LetterStatus.QUEUED}),
    LetterStatus.FAILED: frozenset({LetterStatus.QUEUED}),
    LetterStatus.WITHDRAWN: frozenset(),
    LetterStatus.EXPIRED: frozenset(),
}
"""The one transition table of a letter. A held letter may stay held for another reason."""

CONFIRMED_STATUSES = frozenset(
    {
        LetterStatus.QUEUED,
        LetterStatus.HELD,
        LetterStatus.SENT,
        LetterStatus.BOUNCED,
        LetterStatus.FAILED,
    }
)
"""Letters that public counts contain."""


def check_transition(current: LetterStatus, target: LetterStatus) -> None:
    """Raise TransitionRefused unless a letter may go from one status to the other."""
    if target not in TRANSITIONS[current]:
        raise TransitionRefused(f"A letter that is {current} cannot become {target}.")


def held_reason_at(
    *, has_address: bool, phase: ElectionPhase, is_paused: bool
) -> HeldReason | None:
    """Return why a confirmed letter must wait at this moment; None when it may leave."""
    if not has_address:
        return HeldReason.NO_ADDRESS
    if phase is not ElectionPhase.CAMPAIGN:
        return HeldReason.CALENDAR
    return HeldReason.PAUSED if is_paused else None
