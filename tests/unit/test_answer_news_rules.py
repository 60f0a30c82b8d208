"""What has changed in a candidate's answers between two moments, and how mail says it."""

from datetime import UTC, datetime, timedelta

import pytest

from campaign.pledges.rules import (
    NewsKind,
    PublicEntry,
    Stance,
    list_news,
    news_headline,
    news_words,
)

START = datetime(2031, 5, 1, 12, tzinfo=UTC)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def entry(
    number: int, stance: Stance | None, *, public: int, struck: int | None = None, ask: int = 1
) -> PublicEntry:
    return PublicEntry(7, ask, number, stance, at(public), None if struck is None else at(struck))


def words(*entries: PublicEntry) -> list[str]:
    """Return what is told at eight o'clock of what was not known at five."""
    return [news_words(each) for each in list_news(entries, since=at(5), until=at(8))]


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([entry(1, Stance.YES, public=6)], ["Yes"]),
        ([entry(1, Stance.YES, public=5)], []),
        ([entry(1, Stance.YES, public=9)], []),
        (
            [entry(1, Stance.NO, public=1), entry(2, Stance.YES, public=6)],
            ["now Yes (was No)"],
        ),
        (
            [entry(1, Stance.YES, public=1), entry(2, Stance.YES, public=6)],
            ["still Yes, in a new entry"],
        ),
        ([entry(1, Stance.YES, public=1), entry(2, None, public=6)], ["withdrawn (was Yes)"]),
        # Answered again after a withdrawal that was known.
        ([entry(1, None, public=1), entry(2, Stance.YES, public=6)], ["Yes"]),
        # Came and went.
        ([entry(1, Stance.YES, public=6), entry(2, None, public=7)], []),
        ([entry(1, Stance.YES, public=6, struck=7)], []),
        # Reviewed after a newer one was public already.
        ([entry(2, Stance.YES, public=1), entry(1, Stance.NO, public=6)], []),
        # Struck: nothing counts, or what stood before, or what had been withdrawn.
        (
            [entry(1, Stance.YES, public=1, struck=6)],
            [
                "now no answer (the entry “Yes” was taken out of the record "
                "because the candidate objected to it)"
            ],
        ),
        (
            [entry(1, Stance.NO, public=1), entry(2, Stance.YES, public=2, struck=6)],
            [
                "now No (the entry “Yes” was taken out of the record "
                "because the candidate objected to it)"
            ],
        ),
        (
            [entry(1, Stance.NO, public=1), entry(2, None, public=2, struck=6)],
            [
                "now No (the entry “withdrawn” was taken out of the record "
                "because the candidate objected to it)"
            ],
        ),
        # What is struck behind an answer of the candidate's own is no news.
        ([entry(1, Stance.YES, public=1, struck=6), entry(2, Stance.NO, public=2)], []),
    ],
)
def test_only_what_differs_is_told(entries: list[PublicEntry], told: list[str]) -> None:
    assert words(*entries) == told


def test_each_ask_is_compared_by_itself() -> None:
    entries = [
        entry(1, Stance.YES, public=1),
        entry(2, Stance.PARTLY, public=1, ask=2),
        entry(3, None, public=6, ask=2),
    ]
    (news,) = list_news(entries, since=at(5), until=at(8))
    assert (news.ask_id, news.kind, news.before) == (2, NewsKind.WITHDRAWN, Stance.PARTLY)


@pytest.mark.parametrize(
    ("kinds", "headline"),
    [
        ([NewsKind.ANSWERED], "has answered"),
        ([NewsKind.ANSWERED] * 3, "has answered"),
        ([NewsKind.CHANGED], "has changed an answer"),
        ([NewsKind.CHANGED] * 2, "has changed 2 answers"),
        ([NewsKind.REPEATED] * 2, "has answered again"),
        ([NewsKind.WITHDRAWN], "has withdrawn an answer"),
        ([NewsKind.WITHDRAWN] * 4, "has withdrawn 4 answers"),
        ([NewsKind.STRUCK], "has objected, and an entry was taken out"),
        ([NewsKind.ANSWERED, NewsKind.WITHDRAWN], "has changed what they answered"),
        ([], "has answered and taken it back"),
    ],
)
def test_the_headline_says_what_the_candidate_has_done(
    kinds: list[NewsKind], headline: str
) -> None:
    assert news_headline(kinds) == headline
