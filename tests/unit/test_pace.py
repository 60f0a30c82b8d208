"""The pace of letters to one recipient: whatever happens, no window holds more than its cap."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.delivery.rules import (
    CURVE,
    DAY,
    HOUR,
    LAST_WEEK,
    Caps,
    Pace,
    Waiting,
    caps_at,
    count_places,
    jitter_of,
    plan_places,
)

LONDON = "Europe/London"
PACE = Pace(per_hour=20, per_day=100)
NOON = datetime(2031, 5, 6, 11, 0, tzinfo=UTC)  # 12:00 in London
MONTH = timedelta(days=30)
MARCH_CHANGE = datetime(2031, 3, 30, 1, 0, tzinfo=UTC)
OCTOBER_CHANGE = datetime(2031, 10, 26, 1, 0, tzinfo=UTC)

ZONES = [None, LONDON, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "no/zone"]
moments = st.one_of(
    st.timedeltas(timedelta(0), 364 * DAY).map(
        lambda into: datetime(2031, 1, 1, tzinfo=UTC) + into
    ),
    *(st.timedeltas(-DAY, DAY).map(change.__add__) for change in (MARCH_CHANGE, OCTOBER_CHANGE)),
)
paces = st.builds(Pace, per_hour=st.integers(1, 40), per_day=st.integers(1, 120))


def caps(moment: datetime, *, not_after: datetime | None = None) -> Caps:
    return caps_at(moment, PACE, timezone=LONDON, not_after=not_after)


def letters(count: int, *, now: datetime, not_after: datetime | None = None) -> list[Waiting]:
    return [Waiting(now, LONDON, not_after, jitter_of(number)) for number in range(1, count + 1)]


def most_in(times: Sequence[datetime], window: timedelta) -> int:
    """Return how many times the fullest window of this length holds, its end not counted."""
    return max(
        sum(begin <= each < begin + window for each in times[place:])
        for place, begin in enumerate(times)
    )


def test_most_letters_leave_by_day_and_few_at_night() -> None:
    by_hour = [
        caps(datetime(2031, 5, 6, hour, 30, tzinfo=ZoneInfo(LONDON))).hour for hour in range(24)
    ]
    assert by_hour == [
        *(1, 1, 1, 1, 1, 1, 2, 6, 12, 20, 20, 20),
        *(20, 20, 20, 20, 20, 20, 16, 12, 8, 5, 2, 1),
    ]
    assert sum(CURVE[7:21]) > 10 * (sum(CURVE) - sum(CURVE[7:21]))


@pytest.mark.parametrize(
    ("moment", "hour"),
    [
        (datetime(2031, 1, 15, 9, 0, tzinfo=UTC), 20),
        (datetime(2031, 1, 15, 8, 59, 59, tzinfo=UTC), 12),
        (datetime(2031, 7, 15, 8, 0, tzinfo=UTC), 20),
        (MARCH_CHANGE - timedelta(hours=2), 1),
        (MARCH_CHANGE + timedelta(hours=7), 20),
        (OCTOBER_CHANGE + timedelta(hours=7), 12),
        (OCTOBER_CHANGE + timedelta(hours=8), 20),
    ],
)
def test_the_hours_are_the_recipient_s_own(moment: datetime, hour: int) -> None:
    assert caps(moment).hour == hour


@pytest.mark.parametrize("change", [MARCH_CHANGE, OCTOBER_CHANGE])
def test_caps_change_with_the_local_hour_when_clocks_change(change: datetime) -> None:
    moment = change - timedelta(hours=5, minutes=20)
    for _ in range(12):
        until = caps(moment).until
        assert until > moment
        assert until.astimezone(ZoneInfo(LONDON)).minute == 0
        assert until - moment <= HOUR
        moment = until


def test_the_last_week_has_half_the_caps() -> None:
    poll = NOON + LAST_WEEK
    before = caps(NOON - timedelta(minutes=20), not_after=poll)
    assert (before.hour, before.day, before.until) == (20, 100, NOON)
    within = caps(NOON, not_after=poll)
    assert (within.hour, within.day) == (10, 50)
    assert caps_at(NOON, Pace(1, 1), timezone=LONDON, not_after=poll).hour == 1


def test_the_first_letter_after_a_quiet_time_leaves_at_once() -> None:
    assert list(plan_places(letters(1, now=NOON), sent=[], now=NOON, pace=PACE)) == [NOON]
    night = NOON + timedelta(hours=15)
    assert list(plan_places(letters(1, now=night), sent=[], now=night, pace=PACE)) == [night]


def test_letters_do_not_arrive_as_a_burst() -> None:
    times = list(plan_places(letters(20, now=NOON), sent=[], now=NOON, pace=PACE))
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= timedelta(minutes=1, seconds=48)
    assert len({gap.seconds // 10 for gap in gaps}) > 8, "no rhythm"
    assert timedelta(minutes=50) < times[-1] - times[0] < timedelta(minutes=75)


def test_a_place_is_free_when_the_windows_and_the_gap_allow_it() -> None:
    day = Caps(hour=20, day=100, until=NOON)
    assert count_places(day, in_hour=0, in_day=0, last=None, now=NOON) == 1
    assert count_places(day, in_hour=19, in_day=99, last=NOON - HOUR / 60, now=NOON) == 1
    assert count_places(day, in_hour=1, in_day=1, last=NOON - HOUR / 120, now=NOON) == 0
    assert count_places(day, in_hour=20, in_day=20, last=NOON - HOUR / 2, now=NOON) == 0
    assert count_places(day, in_hour=0, in_day=100, last=NOON - 2 * HOUR, now=NOON) == 0
    boundless = Caps(hour=5000, day=10**6, until=NOON)
    assert count_places(boundless, in_hour=10, in_day=10, last=NOON, now=NOON) == 4990


def test_what_cannot_leave_before_the_close_takes_no_place() -> None:
    close = NOON + timedelta(hours=3)
    late = letters(60, now=NOON, not_after=close)
    other = Waiting(NOON, LONDON, NOON + MONTH, 0.5)
    times = list(plan_places([*late, other], sent=[], now=NOON, pace=PACE))
    in_time = [each for each in times[:-1] if each < close]
    assert 20 < len(in_time) < 45
    assert times[: len(in_time)] == in_time, "the first in line leave"
    assert times[-1] < close + HOUR, "the other campaign's letter stands right behind them"


def test_jitter_is_spread_evenly() -> None:
    drawn = [jitter_of(number) for number in range(1, 1001)]
    assert all(0 <= each < 1 for each in drawn)
    assert all(80 < sum(n / 10 <= each < (n + 1) / 10 for each in drawn) < 120 for n in range(10))


@settings(max_examples=150)
@given(
    now=moments,
    pace=paces,
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3),
    polls=st.lists(st.none() | st.timedeltas(DAY / 2, MONTH), min_size=1, max_size=3),
    jitters=st.lists(st.floats(0, 1), min_size=1, max_size=60),
)
def test_a_plan_keeps_caps_and_order_and_drains(
    now: datetime,
    pace: Pace,
    zones: list[str | None],
    polls: list[timedelta | None],
    jitters: list[float],
) -> None:
    waiting = []
    for number, jitter in enumerate(jitters):
        poll = polls[number % len(polls)]
        ends = None if poll is None else now + poll
        waiting.append(Waiting(now, zones[number % len(zones)], ends, jitter))
    times = list(plan_places(waiting, sent=[], now=now, pace=pace))
    leave = [
        (letter, at)
        for letter, at in zip(waiting, times, strict=True)
        if letter.not_after is None or at < letter.not_after
    ]
    assert times[0] == now
    planned = [at for _letter, at in leave]
    assert planned == sorted(planned)
    assert most_in(planned, HOUR) <= pace.per_hour
    assert most_in(planned, DAY) <= pace.per_day
    for letter, at in leave:
        cap = caps_at(at, pace, timezone=letter.timezone, not_after=letter.not_after)
        assert sum(at - HOUR < each <= at for each in planned) <= cap.hour
        assert sum(at - DAY < each <= at for each in planned) <= cap.day
    # At least one in two hours at night and one a day where the day's cap is one.
    slowest = max(2 * HOUR, (DAY + HOUR) / pace.per_day * 2 + 2 * HOUR)
    assert planned[-1] - now <= slowest * len(planned)


events = st.lists(
    st.tuples(
        st.sampled_from(["letters", "pause", "resume", "poll", "fail", "wait", "zone"]),
        st.integers(1, 40),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=100)
@given(now=moments, pace=paces, happenings=events)
def test_nothing_that_happens_exceeds_a_cap(
    now: datetime, pace: Pace, happenings: list[tuple[str, int, float]]
) -> None:
    """Letters leave as the worker lets them, at moments and by dates that change at will."""
    queue = 0
    sent: list[datetime] = []
    is_paused = False
    poll: datetime | None = None
    zone: str | None = LONDON
    for what, number, part in happenings:
        if what == "letters":
            queue += number
        elif what in ("pause", "resume"):
            is_paused = what == "pause"
        elif what == "poll":
            poll = None if part < 0.1 else now + number * DAY / 3
        elif what == "zone":
            zone = ZONES[number % len(ZONES)]
        steps = number if what == "wait" else 1
        for step in range(steps * 6):
            now += timedelta(minutes=10 * part, seconds=step)
            if is_paused or not queue:
                continue
            allowed = count_places(
                caps_at(now, pace, timezone=zone, not_after=poll),
                in_hour=sum(each > now - HOUR for each in sent),
                in_day=sum(each > now - DAY for each in sent),
                last=max(sent, default=None),
                now=now,
            )
            leaving = min(allowed, queue)
            if what == "fail":
                continue  # A try that fails takes no place.
            sent += [now] * leaving
            queue -= leaving
    if sent:
        assert most_in(sent, HOUR) <= pace.per_hour
        assert most_in(sent, DAY) <= pace.per_day
