"""The clock: the one place that asks the machine what time it is."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present moment as an aware UTC time."""
    return datetime.now(UTC)


def whole_minute(moment: datetime) -> datetime:
    """Return its minute: what says so of itself has one ETag while nothing else in it changes."""
    return moment.replace(second=0, microsecond=0)


def day_in(zone: str, moment: datetime) -> date:
    """Return the day that it is in a time zone, such as Europe/London, at an aware time."""
    return moment.astimezone(ZoneInfo(zone)).date()
