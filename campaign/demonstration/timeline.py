"""The past as steps in the order of time, each done by the domains' own services."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

PAST_DAYS = 14
"""So many days back the first letter was written."""


@dataclass(frozen=True, order=True)
class Step:
    """Something that somebody did at a moment."""

    at: datetime
    act: Callable[[Session], object] = field(compare=False)


def moment_before(
    now: datetime, chance: random.Random, *, days: float, not_before: timedelta | None = None
) -> datetime:
    """Return a moment of the last ``days``, the later the likelier, and an hour ago at the latest.

    ``not_before`` is the least time that has passed since.
    """
    least = not_before or timedelta(hours=1)
    longest = timedelta(days=days)
    return now - least - (longest - least) * chance.betavariate(1.1, 1.6)
