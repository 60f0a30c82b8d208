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
    Verdict,
    judge_reply,
    judge_silence,
    normalise_recipient,
    pause_delay,
    rest_delay,
    retry_delay,
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


def test_one_recipient_has_one_form() -> None:
    assert normalise_recipient(" Jane@Example.ORG ") == "jane@example.org"


LETTER = Verdict(is_permanent=True, stops_channel=False)
LATER = Verdict(is_permanent=False, stops_channel=False)
CHANNEL = Verdict(is_permanent=False, stops_channel=True)
OURS = Verdict(is_permanent=False, stops_channel=True, is_our_fault=True)
DOMAIN = Verdict(is_permanent=False, stops_channel=False, is_throttled=True)


@pytest.mark.parametrize(
    ("stage", "code", "reply", "verdict"),
    [
        (Stage.RECIPIENT, 550, "5.1.1 no such user", LETTER),
        (Stage.RECIPIENT, 451, "greylisted", LATER),
        (Stage.RECIPIENT, 554, "5.7.1 Relay access denied", OURS),
        (Stage.RECIPIENT, 454, "4.7.1 <ann@example.org>: Relay access denied", OURS),
        (Stage.RECIPIENT, 550, "5.7.1 Relaying denied. IP name lookup failed", OURS),
        (Stage.RECIPIENT, 550, "relay not permitted", OURS),
        (Stage.RECIPIENT, 550, "5.7.54 SMTP; Unable to relay recipient", OURS),
        (Stage.RECIPIENT, 550, "5.7.1 Invalid credentials for relay [192.0.2.1]", OURS),
        (Stage.RECIPIENT, 550, "5.1.1 User unknown in relay recipient table", LETTER),
        (Stage.RECIPIENT, 550, "5.1.1 <relay@example.org>: not known here", LETTER),
        (Stage.RECIPIENT, 550, "5.1.1 not known, says relay.example.org", LETTER),
        (Stage.RECIPIENT, 450, "4.2.0 greylisted by our relay", LATER),
        (Stage.RECIPIENT, 501, "5.1.3 Bad recipient address syntax", LETTER),
        (Stage.RECIPIENT, 504, "5.5.2 Recipient address rejected: need full address", LETTER),
        (Stage.RECIPIENT, 501, "5.5.4 Syntax: RCPT TO:<address>", OURS),
        (Stage.RECIPIENT, 530, "authentication required", OURS),
        (Stage.CONTENT, 554, "looks like spam", LETTER),
        (Stage.CONTENT, 452, "disk full", LATER),
        (Stage.CONTENT, 421, "closing", CHANNEL),
        (Stage.RECIPIENT, 421, "4.3.2 Service shutting down", CHANNEL),
        (Stage.RECIPIENT, 421, "4.4.2 Error: timeout exceeded", CHANNEL),
        (Stage.RECIPIENT, 421, "4.7.0 Try again later, closing connection.", DOMAIN),
        (Stage.RECIPIENT, 421, "Too many messages from you", DOMAIN),
        (Stage.RECIPIENT, 450, "4.7.1 Rate limit reached", DOMAIN),
        (Stage.RECIPIENT, 451, "4.7.1 Greylisting in action", LATER),
        (Stage.RECIPIENT, 550, "5.7.1 4.7.0 was said before", LETTER),
        (Stage.CONTENT, 451, "4.7.650 The mail server has been temporarily rate limited", DOMAIN),
        (Stage.CONTENT, 452, "4.2.2 mailbox full, not 14.7.0", LATER),
        (Stage.SENDER, 421, "4.7.0 Try again later", CHANNEL),
        (Stage.CONNECTION, 421, "4.7.0 Too many connections", CHANNEL),
        (Stage.SENDER, 553, "sender not owned", OURS),
        (Stage.CONNECTION, 535, "wrong password", OURS),
        (Stage.CONNECTION, 554, "go away", OURS),
        (Stage.CONNECTION, 421, "too many connections", CHANNEL),
        (Stage.CONNECTION, 454, "4.7.0 TLS not available", CHANNEL),
        (Stage.SENDER, 451, "4.3.0 try later", CHANNEL),
        (Stage.RECIPIENT, -1, "garbage", LATER),
    ],
)
def test_only_what_is_about_the_message_is_permanent(
    stage: Stage, code: int, reply: str, verdict: Verdict
) -> None:
    assert judge_reply(stage, code, reply) == verdict


def test_pauses_grow_up_to_an_hour() -> None:
    assert [pause_delay(failures) for failures in (1, 2, 3, 4, 5, 50)] == [
        timedelta(minutes=minutes) for minutes in (5, 10, 20, 40, 60, 60)
    ]


@pytest.mark.parametrize("stage", list(Stage))
def test_silence_is_never_permanent(stage: Stage) -> None:
    verdict = judge_silence(stage)
    assert not verdict.is_permanent
    assert verdict.stops_channel == (stage in (Stage.CONNECTION, Stage.SENDER))


@pytest.mark.parametrize("limits", [{"letters_per_hour": 0}, {"letters_per_day": 0}])
def test_a_limit_that_lets_nothing_through_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(SettingsError):
        Settings(secret_key="s" * 40, mail=MailSettings(**limits))
