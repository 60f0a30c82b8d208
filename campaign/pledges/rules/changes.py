"""How a change of an earlier answer takes effect, and how often a candidate is invited."""

from datetime import timedelta
from enum import StrEnum


class ChangeOutcome(StrEnum):
    """How it ended that a change of an earlier answer waited."""

    CONFIRMED = "confirmed"
    """The link in the mail to the address on file was used."""
    UNOPPOSED = "unopposed"
    """The mail left, and nobody protested in time."""
    ALLOWED = "allowed"
    """An organiser asked the candidate."""
    DISPUTED = "disputed"
    DROPPED = "dropped"
    """Taken back by the candidate, by an organiser, or with the link that it came by."""
    REPLACED = "replaced"
    """By a later change of the same answer."""
    LAPSED = "lapsed"
    """The poll closed first, or the wording of the ask changed."""


TAKES_EFFECT = frozenset({ChangeOutcome.CONFIRMED, ChangeOutcome.UNOPPOSED, ChangeOutcome.ALLOWED})

PROTEST_TIME = timedelta(hours=24)
"""How long a candidate can object to a change after the mail about it has left."""

INVITATION_STEPS = 3
"""The invitation and at most two reminders."""
