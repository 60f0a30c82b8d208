"""Rules of a pledge's life, without a database."""

from enum import IntEnum, StrEnum


class Stance(StrEnum):
    """A candidate's answer to one ask. Silence is not among them: it is the absence of one."""

    YES = "yes"
    YES_WITH_RESERVATIONS = "yes_with_reservations"
    PARTLY = "partly"
    NO = "no"
    DECLINED = "declined"
    """Declined to answer."""


class EventKind(StrEnum):
    """What an event does to the record."""

    ANSWER = "answer"
    WITHDRAWAL = "withdrawal"
    """The candidate takes their answer to an ask back; the history keeps it."""
    REVIEW = "review"
    """A second organiser finds an entry right: from then on it is public."""
    REJECTION = "rejection"
    """A second organiser finds an entry wrong: it never becomes public."""


class Channel(StrEnum):
    """How an answer reached the record."""

    LINK = "link"
    LETTER = "letter"
    PUBLIC_STATEMENT = "public_statement"
    HUSTINGS = "hustings"


class VerificationLevel(IntEnum):
    """How well an answer is vouched for."""

    UNVERIFIED = 0
    SOURCED = 1
    """A source is given: a link or a quote with place and date."""
    CONFIRMED = 2
    """A second organiser has seen the source."""
    FIRST_HAND = 3
    """The candidate answered through their own link."""


STATEMENT_LIMIT = 500
"""Characters of a candidate's public statement on an ask."""
