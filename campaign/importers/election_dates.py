"""When nominations and polls of UK elections close, by the law that the timetables know."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo

from uk_election_timetables.election_ids import (
    AmbiguousElectionIdError,
    InvalidElectionIdError,
    NoSuchElectionTypeError,
    from_election_id,
)

from campaign.importers.errors import ImportRefused

TIMEZONE = "Europe/London"
_NOMINATIONS_CLOSE = time(16)
_POLL_CLOSES = time(22)
_GENERAL_ELECTION_BALLOTS = 600


@dataclass(frozen=True, kw_only=True)
class ElectionDates:
    """The moments that matter to letters, as aware UTC times."""

    nominations_close_at: datetime
    poll_closes_at: datetime


@cache
def dates_of(election_id: str, polling_day: date) -> ElectionDates:
    """Return when nominations and poll close; raises ImportRefused for an unknown kind."""
    try:
        last_day = from_election_id(election_id).close_of_nominations
    except (
        AmbiguousElectionIdError,
        InvalidElectionIdError,
        NoSuchElectionTypeError,
        NotImplementedError,
    ) as error:
        raise ImportRefused(
            f"The timetable of {election_id} is not known; parliamentary elections are, such as "
            "parl.2024-07-04."
        ) from error
    return ElectionDates(
        nominations_close_at=_moment(last_day, _NOMINATIONS_CLOSE),
        poll_closes_at=_moment(polling_day, _POLL_CLOSES),
    )


def name_of(election_id: str, polling_day: date, *, ballot_count: int) -> str:
    """Return what people call the election."""
    day = f"{polling_day.day} {polling_day:%B %Y}"
    if election_id == f"parl.{polling_day}":
        if ballot_count > _GENERAL_ELECTION_BALLOTS:
            return f"UK general election, {day}"
        return f"UK parliamentary election, {day}"
    return f"Election of {day} ({election_id})"


def _moment(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=ZoneInfo(TIMEZONE)).astimezone(UTC)
