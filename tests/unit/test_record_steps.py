"""What can be said about an entry, and when: the same for the service, verifying and import."""

from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest

from campaign.pledges.rules import (
    Channel,
    EntryLife,
    EventKind,
    Stance,
    Step,
    VerificationLevel,
    find_anachronism,
    find_flaw,
)

NOW = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ABOUT = set(EventKind) - {EventKind.WITHDRAWAL}
KINDS = {kind.value: kind for kind in EventKind}


@pytest.mark.parametrize(
    ("life", "possible"),
    [
        ("", "review rejection"),
        ("rejection", ""),
        ("review", "answer dispute hiding"),
        ("review hiding", "answer dispute unhiding"),
        ("review hiding unhiding", "answer dispute hiding"),
        ("review dispute", "answer dispute_kept dispute_struck hiding"),
        ("review dispute dispute_kept", "answer hiding"),
        ("review dispute hiding dispute_struck", "answer unhiding"),
    ],
)
def test_each_event_about_an_entry_has_its_time(life: str, possible: str) -> None:
    entry = EntryLife(EventKind.ANSWER, Channel.HUSTINGS, "organiser:1")
    then = reduce(EntryLife.after, life.split(), entry)
    assert {kind for kind in ABOUT if then.find_obstacle(kind) is None} == {
        KINDS[word] for word in possible.split()
    }


@pytest.mark.parametrize(("life", "possible"), [("", "hiding"), ("hiding", "unhiding")])
def test_of_what_the_candidate_answered_only_texts_are_hidden(life: str, possible: str) -> None:
    entry = EntryLife(EventKind.ANSWER, Channel.LINK, "candidate")
    then = reduce(EntryLife.after, life.split(), entry)
    assert [kind for kind in ABOUT if then.find_obstacle(kind) is None] == [KINDS[possible]]


@pytest.mark.parametrize(("days", "is_possible"), [(0, True), (1, True), (2, False)])
def test_it_may_be_the_next_day_where_the_election_is_held(days: int, is_possible: bool) -> None:
    answer = Step(
        kind=EventKind.ANSWER,
        channel=Channel.HUSTINGS,
        entered_by="organiser:1",
        level=VerificationLevel.SOURCED,
        is_about=False,
        recorded_on=NOW.date(),
        stance=Stance.YES,
        statement="",
        source="Yes.",
        copy="",
        day=NOW.date() + days * DAY,
        reason="",
    )
    assert (find_flaw(answer) is None) is is_possible


@pytest.mark.parametrize(
    ("hours", "is_possible"),
    [(0, True), (-23, True), (-25, False), (23, True), (25, False)],
)
def test_clocks_may_differ_by_a_day(hours: int, is_possible: bool) -> None:
    recorded_at = NOW + timedelta(hours=hours)
    assert (find_anachronism(recorded_at, newest=NOW, now=NOW) is None) is is_possible
