from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.campaigns.rules import MailForm
from campaign.core.languages import Language
from campaign.letters.rules import (
    DigestLetter,
    divide,
    goes_into_digest,
    list_first_names,
    local_midnight,
    next_digest_at,
    quote,
)
from campaign.letters.rules.digest import first_name

LONDON = ZoneInfo("Europe/London")
CLOSE = datetime(2031, 5, 22, 21, 0, tzinfo=UTC)
"""22:00 on polling day, in summer time."""


def letter(number: int, *, name: str = "Ann Able", body: str = "", **more: object) -> DigestLetter:
    return DigestLetter(
        id=number, name=name, email=f"{number}@example.org", is_personal=bool(body), body=body
    )


def due(now: datetime, *, hour: int = 18) -> datetime:
    return next_digest_at(now, hour=hour, zone=LONDON, poll_closes_at=CLOSE)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ((2031, 5, 1, 10, 0), (2031, 5, 1, 17, 0)),
        ((2031, 5, 1, 16, 59), (2031, 5, 1, 17, 0)),
        ((2031, 5, 1, 17, 0), (2031, 5, 2, 17, 0)),  # What comes at the hour itself is too late.
        ((2031, 5, 1, 23, 30), (2031, 5, 2, 17, 0)),  # Half past midnight there.
        ((2031, 3, 29, 18, 30), (2031, 3, 30, 17, 0)),  # The clocks go forward at night.
        ((2031, 5, 21, 17, 0), (2031, 5, 22, 9, 0)),  # The last day: twelve hours to answer.
        ((2031, 5, 22, 9, 0), (2031, 5, 22, 19, 0)),
        ((2031, 5, 22, 19, 0), (2031, 5, 22, 20, 30)),
        ((2031, 5, 22, 20, 45), (2031, 5, 22, 20, 45)),
    ],
)
def test_a_digest_leaves_at_its_hour_and_in_time(now: tuple[int], expected: tuple[int]) -> None:
    assert due(datetime(*now, tzinfo=UTC)) == datetime(*expected, tzinfo=UTC)


@given(
    minutes=st.integers(1, 60 * 24 * 50),
    hour=st.integers(0, 23),
)
def test_no_digest_is_due_after_the_poll_or_in_the_past(minutes: int, hour: int) -> None:
    now = CLOSE - timedelta(minutes=minutes)
    at = due(now, hour=hour)
    assert now <= at < CLOSE
    assert at - now <= timedelta(hours=25)


def test_a_day_begins_at_local_midnight() -> None:
    late = datetime(2031, 5, 1, 23, 30, tzinfo=UTC)
    assert local_midnight(late, LONDON) == datetime(2031, 5, 1, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "is_own_choice", "letters_today", "waits"),
    [
        (MailForm.EVERY_LETTER, False, 19, False),
        (MailForm.EVERY_LETTER, False, 20, True),
        (MailForm.EVERY_LETTER, True, 500, False),
        (MailForm.ONE_DIGEST, False, 0, True),
        (MailForm.ONE_DIGEST, True, 0, True),
    ],
)
def test_who_gets_a_digest(
    form: MailForm, is_own_choice: bool, letters_today: int, waits: bool
) -> None:
    assert waits is goes_into_digest(
        form, is_own_choice=is_own_choice, letters_today=letters_today, letters_a_day=20
    )


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Jane Smith", "Jane"),
        ("  Jane\n\x07 Smith", "Jane"),
        ("Dr. Jane Smith", "Jane"),
        ("Mrs J. Smith", "J"),
        ("Rev", "Rev"),
        ("Ludwig-Maximilian-Ferdinand von Hohenberg", "Ludwig-Maximilian-Ferdi…"),
        ("李 明", "李"),
        ("🙂 Sam", "Sam"),
        ("", "?"),
    ],
)
def test_first_names(name: str, first: str) -> None:
    assert first_name(name) == first


@given(st.text())
def test_any_name_becomes_a_short_word_on_one_line(name: str) -> None:
    first = first_name(name)
    assert first.isprintable() or first.strip() == first
    assert 0 < len(first) <= 24
    assert len(first.split()) == 1


def test_names_are_listed_once_and_counted() -> None:
    people = [letter(n, name=name) for n, name in enumerate(["Ann A", "Bo B", "Ann C", "Cy D"])]
    assert list_first_names(people) == "Ann (2), Bo and Cy"
    assert list_first_names(people[:1]) == "Ann"
    assert list_first_names(people, limit=2) == "Ann (2), Bo and 1 other"
    assert list_first_names(people, limit=1) == "Ann (2) and 2 others"
    in_welsh = partial(list_first_names, people, language=Language.WELSH)
    assert in_welsh() == "Ann (2), Bo, Cy"
    assert in_welsh(limit=2) == "Ann (2), Bo, ac un arall"
    assert in_welsh(limit=1) == "Ann (2), ac eraill: 2"


def test_a_digest_is_one_mail_as_long_as_it_fits() -> None:
    letters = [letter(1), letter(2, body="b" * 40), letter(3), letter(4, body="b" * 60)]
    (part,) = divide(letters, size=100)
    assert [each.id for each in part.unchanged] == [1, 3]
    assert [each.id for each in part.personal] == [2, 4]


def test_what_does_not_fit_continues_in_a_further_mail() -> None:
    letters = [letter(n, body="b" * length) for n, length in enumerate([60, 60, 500, 30, 30])]
    parts = divide([*letters, letter(9)], size=100)
    assert [[each.id for each in part.personal] for part in parts] == [[0], [1], [2], [3, 4]]
    assert [part.first_place for part in parts] == [1, 2, 3, 4]
    assert [part.number for part in parts] == [1, 2, 3, 4]
    assert [len(part.unchanged) for part in parts] == [1, 0, 0, 0]


@given(st.lists(st.integers(0, 300), max_size=40))
def test_no_letter_is_dropped_or_sent_twice(lengths: list[int]) -> None:
    letters = [letter(n, body="b" * length) for n, length in enumerate(lengths)]
    parts = divide(letters, size=250)
    assert sorted(each for part in parts for each in part.letter_ids) == list(range(len(letters)))
    for part in parts:
        assert len(part.personal) == 1 or sum(len(each.body) for each in part.personal) <= 250


def test_a_letter_cannot_pass_for_what_we_say() -> None:
    assert (
        quote("Dear you,\n\n--\nQuestions? Ask me") == "| Dear you,\n|\n| --\n| Questions? Ask me"
    )
