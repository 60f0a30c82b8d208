"""The days of the invented election, counted from the day on which it is built."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TIMEZONE = "Europe/London"
_THURSDAY = 3
_DAYS_AHEAD = 17
"""At least so many days lie between the building and the poll: two to three weeks and a half."""
_NOMINATION_DAYS = 40
"""Days between the close of nominations and the poll: so that all past letters could leave."""


@dataclass(frozen=True, kw_only=True)
class ElectionDays:
    """Polling day, and the moments between which letters are sent."""

    polling_day: date
    nominations_close_at: datetime
    poll_closes_at: datetime

    @property
    def election_id(self) -> str:
        """Return the election's id in Democracy Club's form."""
        return f"parl.{self.polling_day.isoformat()}"


def election_days(today: date) -> ElectionDays:
    """Return the days of an election whose poll is the first Thursday well ahead of ``today``."""
    earliest = today + timedelta(days=_DAYS_AHEAD)
    polling_day = earliest + timedelta(days=(_THURSDAY - earliest.weekday()) % 7)
    return ElectionDays(
        polling_day=polling_day,
        nominations_close_at=_local(polling_day - timedelta(days=_NOMINATION_DAYS), hour=16),
        poll_closes_at=_local(polling_day, hour=22),
    )


def _local(day: date, *, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=ZoneInfo(TIMEZONE)).astimezone(UTC)
