"""How many letters a campaign has and from how many people, counted now and then.

Counting takes the longer the more letters there are. So a count stands for a hundred times as long
as it took, which bounds what counting costs to a hundredth of the time, however many there are.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.letters.models import Letter
from campaign.letters.rules import CONFIRMED_STATUSES
from campaign.supporters.rules import public_count

SHARE = 100
SHORTEST_SECONDS = 5.0
LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class LetterTotals:
    """How many wrote how much."""

    letters: int
    """Letters that their supporters confirmed."""
    supporters: int
    """People who confirmed a letter."""

    @property
    def public_supporters(self) -> int | None:
        """Return the people as the public is told of them."""
        return public_count(self.supporters)

    @property
    def public_letters(self) -> int | None:
        """Return the letters as the public is told of them; None where the people are few."""
        return public_count(self.letters) if self.public_supporters else None


class LetterTotalsKeeper:
    """The totals of each campaign, shared by the threads of a process."""

    def __init__(self, *, is_kept: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._is_kept = is_kept
        self._clock = clock
        self._kept: dict[int, tuple[float, LetterTotals]] = {}

    def get(self, session: Session, campaign_id: int) -> LetterTotals:
        """Return a campaign's totals, at most a minute old."""
        begun = self._clock()
        ends, totals = self._kept.get(campaign_id, (begun, None))
        if totals is not None and begun < ends:
            return totals
        totals = count_totals(session, campaign_id)
        if self._is_kept:
            taken = self._clock() - begun
            lasts = min(max(taken * SHARE, SHORTEST_SECONDS), LONGEST_SECONDS)
            self._kept[campaign_id] = begun + lasts, totals
        return totals


def count_totals(session: Session, campaign_id: int) -> LetterTotals:
    """Count a campaign's confirmed letters and their writers."""
    letters, supporters = session.execute(
        select(func.count(), func.count(Letter.supporter_id.distinct()))
        .select_from(Letter)
        .where(Letter.campaign_id == campaign_id, Letter.status.in_(CONFIRMED_STATUSES))
    ).one()
    return LetterTotals(letters, supporters)
