"""Rules about return paths, bounces and addresses that get nothing more."""

from datetime import UTC, datetime, timedelta

import pytest

from campaign.delivery.returns import (
    EventKind,
    find_return_token,
    has_bounced_too_often,
    is_refused_address,
    judge_bounce,
    return_address,
    without_keys,
)

TOKEN = "0123456789abcdef0123456789abcdef"
NOW = datetime(2031, 5, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("form", ["bounce+{token}", "b-{token}", "{token}", "us.{token}-return"])
def test_a_return_path_is_read_back(form: str) -> None:
    address = return_address(form, TOKEN, "campaign.example.org")
    assert find_return_token(address, form) == TOKEN
    assert find_return_token(f"<{address.upper()}>", form) == TOKEN
    assert find_return_token(f"x{address}", form) is None
    assert find_return_token(address.replace("0123", "012"), form) is None
    assert find_return_token(address.replace("0123", "012g"), form) is None


@pytest.mark.parametrize("tail", ["+jane=example.org", "=ann=party.example.org", "-1"])
def test_what_a_relay_adds_for_verp_is_passed_over(tail: str) -> None:
    address = f"bounce+{TOKEN}{tail}@campaign.example.org"
    assert find_return_token(address, "bounce+{token}") == TOKEN
    assert find_return_token(f"bounce+{TOKEN}a@campaign.example.org", "bounce+{token}") is None


@pytest.mark.parametrize("text", ["", "@", "bounce+@x.org", "bounce@x.org", f"{TOKEN}", "a b@c"])
def test_other_addresses_have_no_token(text: str) -> None:
    assert find_return_token(text, "bounce+{token}") is None


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        ("5.1.1", "", EventKind.HARD_BOUNCE),
        ("5.1.10", "", EventKind.HARD_BOUNCE),
        ("5.1.2", "", EventKind.HARD_BOUNCE),
        ("5.2.1", "mailbox disabled", EventKind.HARD_BOUNCE),
        ("5.4.4", "no such host", EventKind.HARD_BOUNCE),
        ("5.1.8", "bad sender", EventKind.SOFT_BOUNCE),
        ("5.7.1", "refused by policy", EventKind.SOFT_BOUNCE),
        ("5.6.0", "", EventKind.SOFT_BOUNCE),
        ("5.3.4", "message too big", EventKind.SOFT_BOUNCE),
        ("4.4.7", "expired", EventKind.SOFT_BOUNCE),
        ("5.2.2", "", EventKind.MAILBOX_FULL),
        ("4.2.2", "", EventKind.MAILBOX_FULL),
        ("5.0.0", "550 user is over quota", EventKind.MAILBOX_FULL),
        ("5.0.0", "smtp; 550 5.1.1 no such user", EventKind.HARD_BOUNCE),
        ("5.0.0", "smtp; 550 no such user", EventKind.HARD_BOUNCE),
        ("5.0.0", "smtp; 550 blocked as spam", EventKind.SOFT_BOUNCE),
        ("", "452 try later", EventKind.SOFT_BOUNCE),
        ("", "I cannot", EventKind.UNREADABLE),
    ],
)
def test_only_what_speaks_of_the_address_is_hard(status: str, text: str, kind: EventKind) -> None:
    assert judge_bounce(status, text, is_final=True) is kind


def test_while_the_other_side_tries_nothing_has_bounced() -> None:
    assert judge_bounce("4.2.2", "", is_final=False) is EventKind.DELAYED
    assert judge_bounce("5.1.1", "", is_final=False) is EventKind.DELAYED


def test_soft_bounces_count_by_number_days_and_age() -> None:
    often = [NOW - timedelta(hours=30 * n) for n in range(4)]
    assert has_bounced_too_often(often, now=NOW)
    assert not has_bounced_too_often(often[:3], now=NOW)
    assert not has_bounced_too_often([NOW - timedelta(minutes=n) for n in range(9)], now=NOW)
    assert not has_bounced_too_often([each - timedelta(days=12) for each in often], now=NOW)


@pytest.mark.parametrize(
    ("code", "detail", "is_refused"),
    [
        (550, "The mail server refused the recipient (550 5.1.1).", True),
        (550, "The mail server refused the recipient (550).", True),
        (550, "The mail server refused the recipient (550 5.7.1).", False),
        (554, "The mail server refused the message (554).", False),
        (550, "The mail server refused the message (550).", False),
        (None, "Every try ended without an answer.", False),
    ],
)
def test_a_refusal_at_the_door_may_be_about_the_address(
    code: int | None, detail: str, is_refused: bool
) -> None:
    assert is_refused_address(code, detail) is is_refused


@pytest.mark.parametrize(
    "link",
    [
        "https://write.example.org/answer/WzEsMjM0XQ.c2lnbmF0dXJlLW9m/",
        "<https://write.example.org/answer/WzEsMjM0XQ.c2lnbmF0dXJlLW9m/>",
        "HTTPS://WRITE.EXAMPLE.ORG/ANSWER/WzEsMjM0XQ.c2lnbmF0dXJlLW9m",
        "https://safe.example.net/?url=https%3A%2F%2Fwrite.example.org%2Fanswer%2FWzEsMjM0XQ.c2lnb",
        "https://write.example.org/action/WzEsMjM0XQ.c2lnbmF0dXJlLW9m/",
        "/unsubscribe/WzEsMjM0XQ.c2lnbmF0dXJlLW9m/",
    ],
)
def test_keys_in_a_quoted_letter_are_taken_out(link: str) -> None:
    text = without_keys(f"Thank you.\n\n> It takes a minute:\n>  {link}\n> Jane\n")
    assert text == "Thank you.\n\n> It takes a minute:\n>  [personal link]\n> Jane\n"


def test_other_links_stay() -> None:
    text = "My answer: https://ann.example.org/answer/streets/ and /answer/ and answer/abc"
    assert without_keys(text) == text
    assert len(without_keys("/answer/" * 100_000)) == 800_000
