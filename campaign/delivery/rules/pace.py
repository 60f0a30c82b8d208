"""How many letters one recipient gets, and when."""

from collections.abc import Sequence
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


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
