"""Which events a record can hold: an unbroken chain alone does not say that two people looked."""

from functools import lru_cache
from typing import NamedTuple

from campaign.pledges.rules.kinds import (
    CANDIDATE,
    DECISION_KINDS,
    ENTRY_KINDS,
    Channel,
    EventKind,
    VerificationLevel,
)

_BY_ANOTHER = (*DECISION_KINDS, EventKind.DISPUTE_KEPT, EventKind.DISPUTE_STRUCK)
"""What nobody does to their own entry."""
_NOT_BY_CANDIDATE = (*_BY_ANOTHER, EventKind.HIDING, EventKind.UNHIDING)
_NOT_ABOUT_LINK = (*_BY_ANOTHER, EventKind.DISPUTE)
"""What the candidate answered themselves is neither reviewed nor disputed."""


class Subject(NamedTuple):
    """The event that another one is about, as far as that decides what can be said of it."""

    kind: str
    channel: str
    entered_by: str
    is_same: bool
    """Whether both are about one candidate and one ask."""


@lru_cache(maxsize=4096)
def find_breach(
    kind: str, channel: str, level: int, entered_by: str, subject: Subject | None
) -> str | None:
    """Return why no record can hold such an event; None for one that can be.

    Verifying asks this of every event, and import before it believes one: whoever writes to the
    database or to a file can chain an event properly that no door of ours would have let in.
    """
    if level == VerificationLevel.FIRST_HAND and entered_by != CANDIDATE:
        return "only what the candidate did themselves is first hand"
    if level == VerificationLevel.CONFIRMED and kind != EventKind.REVIEW:
        return "only a review confirms anything"
    if kind in ENTRY_KINDS:
        if subject is not None:
            return "an answer or withdrawal is about no other entry"
        if (channel == Channel.LINK) != (entered_by == CANDIDATE):
            return "only the candidate answers by link, and only by link"
        return None
    if subject is None or subject.kind not in ENTRY_KINDS or not subject.is_same:
        return "it is about no entry of this candidate and ask"
    if kind in _NOT_BY_CANDIDATE and entered_by == CANDIDATE:
        return "only an organiser decides this"
    if kind in _NOT_ABOUT_LINK and subject.channel == Channel.LINK:
        return "it is about what the candidate answered themselves"
    if kind in _BY_ANOTHER and entered_by == subject.entered_by:
        return "whoever made the entry decided on it themselves"
    return None
