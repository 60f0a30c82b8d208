"""How many letters one recipient gets, and when: caps, hours of the day, and a gap between two."""

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# fmt: off
CURVE = (
    5, 5, 5, 5, 5, 5, 10, 30, 60, 100, 100, 100,
    100, 100, 100, 100, 100, 100, 80, 60, 40, 25, 10, 5,
)
# fmt: on
"""Per cent of the hourly cap by the recipient's local hour, from midnight: few at night."""

LAST_WEEK = timedelta(days=7)
LAST_WEEK_SHARE = 50
"""Per cent of both caps in the week before the poll, when candidates get most and have least time:
half leaves room for as many letters again from everybody else who writes to them."""

LEAST_GAP = 0.25
"""Of the even distance between letters: what is kept however late a letter leaves."""
PLANNED_GAPS = (0.6, 1.4)
"""Of the even distance: planned gaps lie between these, so that letters keep no rhythm."""
SLACK = timedelta(seconds=20)
"""How much later than its place becomes free a letter is planned: the one before may be late."""
HORIZON = DAY
"""How far ahead places are given; letters beyond it are looked at once more when it is reached."""

_SPREAD = 2654435761  # Knuth's multiplier: neighbours get numbers far apart.


@dataclass(frozen=True, slots=True)
class Pace:
    """The highest caps of an installation; nothing that is read from a letter raises them."""

    per_hour: int
    per_day: int


@dataclass(frozen=True, slots=True)
class Caps:
    """How many letters may have left in the hour and the day before a moment."""

    hour: int
    day: int
    until: datetime
    """When other caps begin."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter that waits, as far as its pace goes."""

    earliest: datetime
    timezone: str | None
    """Whose hours count; None for UTC."""
    not_after: datetime | None
    """The close of poll: the week before it has tighter caps."""
    jitter: float
    """Between 0 and 1: where its gap lies."""


@dataclass(frozen=True, slots=True)
class Line:
    """Everything that decides when letters to one recipient leave."""

    sent: Sequence[datetime]
    """When letters left in the last day; one being sent counts as now."""
    waiting: Sequence[tuple[int, Waiting]]
    """Number and letter, in the order in which they leave."""


def caps_at(
    moment: datetime, pace: Pace, *, timezone: str | None, not_after: datetime | None
) -> Caps:
    """Return the caps at a moment: by local hour, and tighter in the last week.

    A share is rounded up, so that one letter an hour may leave at any time and every line drains;
    it is never more than the whole.
    """
    local = moment.astimezone(_zone(timezone))
    into_hour = timedelta(
        minutes=local.minute, seconds=local.second, microseconds=local.microsecond
    )
    until = moment + HOUR - into_hour
    hour, day = pace.per_hour, pace.per_day
    if not_after is not None:
        tight_from = not_after - LAST_WEEK
        if moment >= tight_from:
            hour, day = _share(hour, LAST_WEEK_SHARE), _share(day, LAST_WEEK_SHARE)
        else:
            until = min(until, tight_from)
    return Caps(_share(hour, CURVE[local.hour]), day, until)


def count_places(
    caps: Caps, *, in_hour: int, in_day: int, last: datetime | None, now: datetime
) -> int:
    """Return how many letters may leave to one recipient at this moment.

    One at most, unless the caps are so high that letters are less than a second apart.
    """
    left = min(caps.hour - in_hour, caps.day - in_day)
    gap = _gap(caps.hour, LEAST_GAP)
    if gap:
        left = min(left, 0 if last is not None and now < last + gap else 1)
    return max(0, left)


def plan_places(
    waiting: Sequence[Waiting], *, sent: Sequence[datetime], now: datetime, pace: Pace
) -> Iterator[datetime]:
    """Yield when each of these letters to one recipient may leave, in their order.

    A time equal to ``now`` means at once. A letter whose time is not before its ``not_after``
    never leaves, and takes no place.
    """
    taken = sorted(sent)
    missed: datetime | None = None
    place = now
    for letter in waiting:
        ends = letter.not_after
        if missed is not None and ends is not None and ends <= missed:
            yield max(place, missed)  # A letter with other caps may have had an earlier place.
            continue
        place = _next_place(taken, letter, now=now, pace=pace)
        if ends is not None and place >= ends:
            missed = ends if missed is None else max(missed, ends)
        else:
            insort(taken, place)
        yield place


def expect_places(line: Line, *, now: datetime, pace: Pace) -> dict[int, datetime | None]:
    """Return when each letter of a line is likely to leave; None where the poll closes before.

    An estimate: candidates, campaigns and the relay may change what is in the line.
    """
    waiting = [letter for _number, letter in line.waiting]
    places = plan_places(waiting, sent=line.sent, now=now, pace=pace)
    return {
        number: None if letter.not_after is not None and place >= letter.not_after else place
        for (number, letter), place in zip(line.waiting, places, strict=True)
    }


def jitter_of(number: int) -> float:
    """Return the jitter of a letter by its number, the same for all who plan; from 0 to 1."""
    return (number * _SPREAD % 2**32) / 2**32


def _next_place(
    taken: Sequence[datetime], letter: Waiting, *, now: datetime, pace: Pace
) -> datetime:
    moment = max(letter.earliest, now, taken[-1]) if taken else max(letter.earliest, now)
    low, high = PLANNED_GAPS
    while True:
        caps = caps_at(moment, pace, timezone=letter.timezone, not_after=letter.not_after)
        place = moment
        if taken:
            gap = _gap(caps.hour, low + (high - low) * letter.jitter)
            place = max(place, taken[-1] + gap)
        for cap, window in ((caps.hour, HOUR), (caps.day, DAY)):
            if len(taken) >= cap and (free_at := taken[-cap] + window) > moment:
                place = max(place, free_at + SLACK)
        if place < caps.until:
            return place
        # Caps of later hours may be higher; the day's own only falls.
        moment = caps.until
        if len(taken) >= caps.day:
            moment = max(moment, taken[-caps.day] + DAY)


def _gap(cap: int, part: float) -> timedelta:
    return timedelta(seconds=int(part * 3600 / cap))


def _share(cap: int, per_cent: int) -> int:
    return -(-cap * per_cent // 100)


@lru_cache(maxsize=64)
def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        return UTC  # A name that this machine does not know must not stop its letters.
