import itertools
from datetime import UTC, datetime, timedelta

import pytest

from campaign.core.config import MailSettings, Settings
from campaign.core.errors import SettingsError
from campaign.delivery.rules import (
    STEPS,
    Move,
    StepFigures,
    after_pause,
    count_left,
    domain_of,
    is_past,
    is_too_many,
    judge_step,
    spread_over,
)

NOW = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def judge(step: int = 0, waits_until: datetime | None = None, **figures: int) -> Move:
    return judge_step(step, StepFigures(**figures), waits_until=waits_until, now=NOW)


def test_a_campaign_begins_with_fifty_then_five_hundred() -> None:
    assert [step.letters for step in STEPS] == [50, 500]
    assert [is_past(step) for step in range(4)] == [False, False, True, True]
    assert count_left(0, 0) == 50
    assert count_left(1, 499) == 1
    assert count_left(0, 51) == 0


@pytest.mark.parametrize(
    ("bounced", "of", "too_many"),
    [(0, 50, False), (2, 50, False), (3, 50, True), (25, 500, False), (26, 500, True)],
)
def test_more_than_five_per_cent_are_too_many(bounced: int, of: int, too_many: bool) -> None:
    assert is_too_many(bounced, of=of) is too_many


def test_a_step_that_has_places_stays() -> None:
    assert judge(letters=49, sent=49) is Move.STAY


def test_a_step_waits_once_every_letter_has_been_tried() -> None:
    assert judge(letters=50, untried=1, sent=49) is Move.STAY
    assert judge(letters=50, sent=48) is Move.WAIT, "two are tried again"


def test_a_step_goes_on_when_its_bounces_had_their_time() -> None:
    assert judge(letters=50, waits_until=NOW + MINUTE) is Move.STAY
    assert judge(letters=50, waits_until=NOW) is Move.GO_ON
    assert judge(letters=50, bounced=2, waits_until=NOW) is Move.GO_ON


@pytest.mark.parametrize("waits_until", [None, NOW + MINUTE, NOW])
def test_too_many_bounces_stop_at_any_time(waits_until: datetime | None) -> None:
    assert judge(letters=50, bounced=3, waits_until=waits_until) is Move.STOP
    assert judge(letters=20, bounced=3, waits_until=waits_until) is Move.STOP


def test_a_few_bounces_of_a_few_letters_do_not_stop() -> None:
    assert judge(letters=4, bounced=2) is Move.STAY


def test_the_domain_is_what_follows_the_last_at() -> None:
    assert domain_of('"a@b"@example.org') == "example.org"


def test_what_waits_for_a_domain_leaves_spread_out_after_the_pause() -> None:
    ends_at = NOW + 10 * MINUTE
    times = sorted(after_pause(ends_at, now=NOW, number=number) for number in range(1, 101))
    assert ends_at <= times[0]
    assert times[-1] <= ends_at + 10 * MINUTE
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert max(gaps) < timedelta(seconds=15), "evenly, wherever the numbers begin"


def test_the_spread_of_a_pause_that_is_nearly_over_is_a_minute() -> None:
    assert max(after_pause(NOW, now=NOW, number=n) for n in range(50)) > NOW + timedelta(seconds=50)
    assert spread_over(7, timedelta(0)) == timedelta(0)


def test_a_share_of_a_domain_that_lets_nothing_through_is_refused() -> None:
    with pytest.raises(SettingsError):
        Settings(secret_key="s" * 40, mail=MailSettings(letters_at_once_to_domain=0))
