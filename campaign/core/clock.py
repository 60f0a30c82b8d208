"""The clock: the one place that asks the machine what time it is."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present moment as an aware UTC time."""
    return datetime.now(UTC)


def day_in(zone: str, moment: datetime) -> date:
    """Return the day that it is in a time zone, such as Europe/London, at an aware time."""
    return moment.astimezone(ZoneInfo(zone)).date()
