from datetime import UTC, datetime, timedelta

import pytest

from campaign.core.config import MailSettings, Settings
from campaign.core.errors import SettingsError
from campaign.delivery.rules import (
    BATCH_SIZES,
    LONGEST_REST,
    MAXIMUM_TRIES,
    Lane,
    Stage,
    judge_reply,
    judge_silence,
    next_allowed_time,
    normalise_recipient,
    rest_delay,
    retry_delay,
    spread_letters,
)

NOW = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_waits_between_tries_grow_and_end() -> None:
    delays = [retry_delay(tries, jitter=0.5) for tries in range(1, MAXIMUM_TRIES)]
    assert delays[0] == timedelta(minutes=1)
    assert delays == sorted(delays)
    assert sum(delays, timedelta()) > timedelta(days=2)
    assert retry_delay(MAXIMUM_TRIES, jitter=0.5) is None


def test_jitter_spreads_a_wait_to_both_sides() -> None:
    assert retry_delay(1, jitter=0) == timedelta(seconds=48)
    assert retry_delay(1, jitter=1) == timedelta(seconds=72)


def test_a_rest_grows_up_to_its_limit() -> None:
    rests = [rest_delay(failures, jitter=0.5) for failures in (1, 2, 3, 50)]
    assert rests == [
        timedelta(seconds=5),
        timedelta(seconds=10),
        timedelta(seconds=20),
        LONGEST_REST,
    ]


def test_lanes_have_their_order() -> None:
    assert list(BATCH_SIZES) == [Lane.CONFIRMATION, Lane.NOTICE, Lane.LETTER]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([], NOW),
        ([NOW - timedelta(minutes=50)], NOW),
        ([NOW - timedelta(minutes=50), NOW], NOW + timedelta(minutes=10)),
        ([NOW - HOUR, NOW], NOW),
        ([NOW - 20 * HOUR, NOW - 3 * HOUR, NOW - 2 * HOUR], NOW + 4 * HOUR),
    ],
)
def test_a_place_becomes_free_when_a_window_has_passed(
    sent: list[datetime], expected: datetime
) -> None:
    assert next_allowed_time(sent, now=NOW, per_hour=2, per_day=3) == expected


def test_letters_are_spread_over_hours_and_days() -> None:
    times = spread_letters(5, sent=[], now=NOW, per_hour=2, per_day=3)
    assert times == [NOW, NOW, NOW + HOUR, NOW + DAY, NOW + DAY]


def test_one_recipient_has_one_form() -> None:
    assert normalise_recipient(" Jane@Example.ORG ") == "jane@example.org"


@pytest.mark.parametrize(
    ("stage", "code", "reply", "is_permanent", "stops_channel"),
    [
        (Stage.RECIPIENT, 550, "5.1.1 no such user", True, False),
        (Stage.RECIPIENT, 451, "greylisted", False, False),
        (Stage.RECIPIENT, 554, "5.7.1 Relay access denied", False, True),
        (Stage.RECIPIENT, 530, "authentication required", False, True),
        (Stage.CONTENT, 554, "looks like spam", True, False),
        (Stage.CONTENT, 452, "disk full", False, False),
        (Stage.CONTENT, 421, "closing", False, True),
        (Stage.SENDER, 553, "sender not owned", False, True),
        (Stage.CONNECTION, 535, "wrong password", False, True),
        (Stage.CONNECTION, 554, "go away", False, True),
        (Stage.RECIPIENT, -1, "garbage", False, False),
    ],
)
def test_only_what_is_about_the_message_is_permanent(
    stage: Stage, code: int, reply: str, is_permanent: bool, stops_channel: bool
) -> None:
    assert judge_reply(stage, code, reply) == (is_permanent, stops_channel)


@pytest.mark.parametrize("stage", list(Stage))
def test_silence_is_never_permanent(stage: Stage) -> None:
    verdict = judge_silence(stage)
    assert not verdict.is_permanent
    assert verdict.stops_channel == (stage in (Stage.CONNECTION, Stage.SENDER))


@pytest.mark.parametrize("limits", [{"letters_per_hour": 0}, {"letters_per_day": 0}])
def test_a_limit_that_lets_nothing_through_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(SettingsError):
        Settings(secret_key="s" * 40, mail=MailSettings(**limits))
