"""When a supporter's letters that wait are likely to leave, by the rule that the worker goes by."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaign.core.config import MailSettings
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import find_lines, find_pause
from campaign.delivery.rules import ALL_SCOPES, Pace, expect_places
from campaign.letters.models import Action
from campaign.letters.rules import LetterStatus

SOON = timedelta(minutes=15)


class ExpectedKind(StrEnum):
    """How exactly one can say when a letter leaves."""

    SOON = "soon"
    TODAY = "today"
    TOMORROW = "tomorrow"
    LATER = "later"
    TOO_LATE = "too_late"
    """More letters wait than can leave before the poll closes."""
    AGAIN = "again"
    """A try has failed for the time being; another follows by itself."""
    STOPPED = "stopped"
    """Nothing leaves now, and nobody knows when it goes on."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """When a letter is likely to leave, in the time of its election."""

    kind: ExpectedKind
    day: date | None = None
    begins: str = ""
    ends: str = ""
    """The hour within which it leaves: 14:00 to 15:00."""


def expect_letters(
    session: Session, action: Action, *, mail: MailSettings, timezone: str, now: datetime
) -> dict[int, Expectation]:
    """Return by letter when those of an action that are in the outbox are likely to leave."""
    numbers = {
        letter.outbox_message_id: letter.id
        for letter in action.letters
        if letter.status is LetterStatus.QUEUED and letter.outbox_message_id is not None
    }
    messages = [session.get_one(OutboxMessage, number) for number in numbers]
    if not messages:
        return {}
    if find_pause(session, ALL_SCOPES) is not None:
        return dict.fromkeys(numbers.values(), Expectation(ExpectedKind.STOPPED))
    pace = Pace(mail.letters_per_hour, mail.letters_per_day)
    lines = find_lines(session, {each.recipient_key for each in messages}, now)
    places: dict[int, datetime | None] = {}
    for line in lines.values():
        places |= expect_places(line, now=now, pace=pace)
    expected = {}
    for each in messages:
        if each.id in places:
            found = describe_place(places[each.id], timezone=timezone, now=now)
        elif each.attempt_count:
            found = Expectation(ExpectedKind.AGAIN)
        else:  # In a worker's hands, or just about to be held.
            found = Expectation(ExpectedKind.SOON)
        expected[numbers[each.id]] = found
    return expected


def describe_place(place: datetime | None, *, timezone: str, now: datetime) -> Expectation:
    """Say when a letter leaves as exactly as one can know: an hour today, later a day."""
    if place is None:
        return Expectation(ExpectedKind.TOO_LATE)
    if place - now < SOON:
        return Expectation(ExpectedKind.SOON)
    zone = ZoneInfo(timezone)
    local, today = place.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        kind = ExpectedKind.TODAY
    elif local.date() == today + timedelta(days=1):
        kind = ExpectedKind.TOMORROW
    else:
        kind = ExpectedKind.LATER
    return Expectation(kind, local.date(), f"{local.hour:02}:00", f"{(local.hour + 1) % 24:02}:00")
