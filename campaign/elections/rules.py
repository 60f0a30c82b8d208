"""Rules of an election's calendar, without a database."""

from datetime import datetime
from enum import StrEnum


class ElectionPhase(StrEnum):
    """Where an election stands, as far as letters are concerned."""

    BEFORE_NOMINATIONS = "before_nominations"
    """The list of candidates is not final: letters are accepted and held."""
    CAMPAIGN = "campaign"
    """Candidates are known: letters are sent."""
    CLOSED = "closed"
    """The poll has closed: nothing is accepted or sent any more."""


def phase_at(
    now: datetime, *, nominations_close_at: datetime, poll_closes_at: datetime
) -> ElectionPhase:
    """Return the phase at a moment; a boundary belongs to the later phase."""
    if now >= poll_closes_at:
        return ElectionPhase.CLOSED
    if now >= nominations_close_at:
        return ElectionPhase.CAMPAIGN
    return ElectionPhase.BEFORE_NOMINATIONS
