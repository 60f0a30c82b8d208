"""What is given to everybody is the same from both kinds of database."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.queries import get_campaign
from campaign.candidates.rules import CandidacyStatus
from campaign.elections.queries import get_election
from campaign.geography.queries import get_constituency
from campaign.letters.rules import LetterStatus
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import check_chain
from campaign.pledges.rules import Channel, DisputeState, Stance
from campaign.pledges.service import (
    dispute_entry,
    hide_texts,
    review_pledge,
    settle_dispute,
    show_texts,
)
from campaign.reports import open_data, pledge_chain
from campaign.reports.changes import list_changes
from campaign.reports.letter_totals import LetterTotals
from campaign.reports.pledge_records import build_pledge_export
from campaign.reports.press_kit import build_press_kit
from campaign.reports.register import count_candidacies, count_seats, list_standings
from campaign.reports.tallies import tally_campaign, tally_places
from tests.factories import EARLY, BallotFactory, CandidacyFactory, SupporterFactory
from tests.factories.recording import record_answer
from tests.factories.worlds import PledgeWorld, letter_from_somebody, pledge_world

HOUR = timedelta(hours=1)


@pytest.fixture
def world(session: Session) -> PledgeWorld:
    """Two ballots; an answer by link, and one by letter that waits for its review."""
    world = pledge_world()
    west = BallotFactory(
        election=world.election, constituency__name="West", constituency__slug="west"
    )
    world.candidacies.append(CandidacyFactory(ballot=west, person__name="Cat Cedar"))
    record_answer(session, world, stance=Stance.YES, statement="I will.")
    record_answer(
        session, world, stance=Stance.NO, candidate=2, channel=Channel.LETTER, quote="No."
    )
    session.flush()
    return world


def review(session: Session) -> None:
    entry = session.scalars(select(PledgeEvent).where(PledgeEvent.sequence == 2)).one()
    review_pledge(session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=EARLY)


def test_parts_of_the_list_make_the_whole(session: Session, world: PledgeWorld) -> None:
    whole = list_standings(session, world.election.id)
    assert count_candidacies(session, world.election.id) == len(whole) == 3
    parts = [
        each
        for offset in range(3)
        for each in list_standings(session, world.election.id, offset=offset, limit=1)
    ]
    assert parts == whole
    west = world.candidacies[2].ballot.constituency_id
    assert count_candidacies(session, world.election.id, constituency_id=west) == 1


def test_counts_of_places_add_up_to_those_of_the_campaign(
    session: Session, world: PledgeWorld
) -> None:
    review(session)
    letter_from_somebody(session, world, status=LetterStatus.SENT)
    ids = {each.ballot.constituency_id for each in world.candidacies}
    places = tally_places(session, world.campaign, ids)
    whole = tally_campaign(session, world.campaign)
    for name in ("standing", "reachable", "asked", "answered", "agreed"):
        assert sum(getattr(each, name) for each in places.values()) == getattr(whole, name), name
    assert (whole.standing, whole.asked, whole.answered, whole.agreed) == (3, 1, 2, 1)


def test_seats_are_counted_where_the_poll_is_held(session: Session, world: PledgeWorld) -> None:
    CandidacyFactory(
        ballot=BallotFactory(election=world.election, is_cancelled=True),
        status=CandidacyStatus.ELECTED,
    )
    seats = count_seats(session, world.election.id)
    assert (seats.known, seats.contested, seats.is_partial) == (0, 2, False)
    for candidate, known, is_partial in ((0, 1, True), (2, 2, False)):
        world.candidacies[candidate].status = CandidacyStatus.ELECTED
        session.flush()
        seats = count_seats(session, world.election.id)
        assert (seats.known, seats.contested, seats.is_partial) == (known, 2, is_partial)
        totals = open_data.describe_totals(
            session, world.campaign, LetterTotals(0, 0), now=EARLY + timedelta(seconds=59)
        )
        assert totals["seats"] == {"known": known, "contested": 2}
        assert totals["as_of"] == open_data.iso(EARLY), "to the minute, or no ETag would hold"


def test_candidates_say_what_they_answered_and_whether_they_were_asked(
    session: Session, world: PledgeWorld
) -> None:
    letter_from_somebody(session, world, status=LetterStatus.SENT)
    standings = list_standings(session, world.election.id)
    ann, _bob, cat = open_data.describe_candidates(session, world.campaign, standings, site="x")
    assert (ann["is_asked"], cat["is_asked"]) == (True, False)
    assert [each["stance"] for each in ann["stances"]] == ["yes", None]  # type: ignore[attr-defined]
    assert [each["stance"] for each in cat["stances"]] == [None, None]  # type: ignore[attr-defined]


def test_the_record_is_whole_and_what_waits_is_closed(session: Session, world: PledgeWorld) -> None:
    assert pledge_chain.count_events(session, world.campaign) == 2
    events = pledge_chain.describe_events(session, world.campaign, offset=0, limit=50)
    assert [each["is_public"] for each in events] == [True, False]
    review(session)
    events = pledge_chain.describe_events(session, world.campaign, offset=1, limit=1)
    assert [(each["sequence"], each["is_public"]) for each in events] == [(2, True)]
    report = check_chain(session, get_campaign(session, world.campaign.slug), now=EARLY)
    last = pledge_chain.describe_events(session, world.campaign, offset=2, limit=50)
    assert [each["hash"] for each in last] == [report.head_hash]


def test_changes_come_in_the_order_in_which_they_became_public(
    session: Session, world: PledgeWorld
) -> None:
    assert [each.sequence for each in list_changes(session, world.campaign)] == [1]
    review(session)
    assert [each.sequence for each in list_changes(session, world.campaign)] == [2, 1]
    west = world.candidacies[2].ballot.constituency_id
    found = list_changes(session, world.campaign, constituency_id=west)
    assert [(each.standing.name, each.stance) for each in found] == [("Cat Cedar", Stance.NO)]


def say(session: Session, world: PledgeWorld, what: str) -> None:
    """Say something about the second entry, which came by letter."""
    entry = session.scalars(select(PledgeEvent).where(PledgeEvent.sequence == 2)).one()
    about = {"campaign_id": world.campaign.id, "event_id": entry.id, "now": EARLY + HOUR}
    because = {**about, "reason": "The source is a private letter."}
    if what == "dispute":
        dispute_entry(session, **about, entered_by="candidate", words="Never said.")
    elif what in ("keep", "strike"):
        settle_dispute(session, **because, is_right=what == "keep", settler="organiser:2")
    elif what == "hide":
        hide_texts(session, **because, hidden_by="organiser:2")
    else:
        show_texts(session, **because, shown_by="organiser:2")


@pytest.mark.parametrize(
    "said",
    [[], ["dispute"], ["dispute", "keep"], ["dispute", "strike"], ["hide"], ["dispute", "hide"],
     ["hide", "unhide"], ["dispute", "strike", "hide"]],
    ids="-".join,
)  # fmt: skip
def test_the_file_and_the_api_have_the_same_events(
    session: Session, world: PledgeWorld, said: list[str]
) -> None:
    record_answer(session, world, stance=Stance.PARTLY, candidate=1, channel=Channel.LETTER,
                  quote="Nobody has reviewed this.")  # fmt: skip
    review(session)
    for each in said:
        say(session, world, each)
    lines = list(pledge_chain.public_json_lines(session, world.campaign))
    count = pledge_chain.count_events(session, world.campaign)
    # One at a time, so that whatever is said of an entry stands on another page than the entry.
    events = [
        event
        for offset in range(count)
        for event in pledge_chain.describe_events(session, world.campaign, offset=offset, limit=1)
    ]
    assert events == pledge_chain.describe_events(session, world.campaign, offset=0, limit=50)
    assert count == len(lines) == len(events) == 4 + len(said)
    for line, event in zip(map(json.loads, lines), events, strict=True):
        assert (line["sequence"], line["hash"]) == (event["sequence"], event["hash"])
        assert line["previous_hash"] == event["previous_hash"]
        assert line.get("sealed", False) is not event["is_public"]
        if event["is_public"]:
            assert {**event["record"], "hash": event["hash"]} == line  # type: ignore[dict-item]
    is_hidden = said[-1:] == ["hide"]
    sealed = {3} | ({2} if is_hidden else set())
    sealed |= {5} if is_hidden and said[0] == "dispute" else set()
    assert {each["sequence"] for each in events if not each["is_public"]} == sealed
    assert "Nobody has reviewed this." not in str(events)
    assert ("Never said." in str(events)) is (said[:1] == ["dispute"] and not is_hidden)


@pytest.mark.parametrize(
    ("said", "dispute", "is_hidden"),
    [([], None, False), (["dispute"], "open", False), (["dispute", "keep"], "kept", False),
     (["hide"], None, True), (["dispute", "hide"], "open", True),
     (["hide", "unhide"], None, False)],
)  # fmt: skip
def test_a_stance_says_that_it_is_disputed_or_hidden(
    session: Session, world: PledgeWorld, said: list[str], dispute: str | None, is_hidden: bool
) -> None:
    review(session)
    for each in said:
        say(session, world, each)
    standings = list_standings(session, world.election.id)
    *_others, cat = open_data.describe_candidates(session, world.campaign, standings, site="x")
    stance, _other = cat["stances"]  # type: ignore[misc]
    assert (stance["stance"], stance["dispute"], stance["is_hidden"]) == ("no", dispute, is_hidden)
    assert (stance["quote"], stance["valid_from"]) == ("" if is_hidden else "No.", None)


def test_a_stance_that_was_struck_is_none(session: Session, world: PledgeWorld) -> None:
    review(session)
    say(session, world, "dispute")
    say(session, world, "strike")
    standings = list_standings(session, world.election.id)
    *_others, cat = open_data.describe_candidates(session, world.campaign, standings, site="x")
    assert cat["stances"] == [{"ask": ask.slug, "stance": None} for ask in world.asks]


def test_an_entry_comes_back_to_the_top_with_what_is_said_of_it(
    session: Session, world: PledgeWorld
) -> None:
    review(session)
    record_answer(session, world, stance=Stance.YES, candidate=1, statement="So will I.")
    assert [each.sequence for each in list_changes(session, world.campaign)] == [4, 2, 1]
    say(session, world, "dispute")
    top, *others = list_changes(session, world.campaign)
    assert (top.sequence, top.marks.dispute) == (2, DisputeState.OPEN)
    assert (top.public_at, top.changed_at) == (EARLY, EARLY + HOUR)
    assert [(each.sequence, each.marks.dispute) for each in others] == [(4, None), (1, None)]
    west = world.candidacies[2].ballot.constituency_id
    found = list_changes(session, world.campaign, constituency_id=west)
    assert [each.sequence for each in found] == [2]


def test_a_press_kit_counts_people_and_not_letters(session: Session, world: PledgeWorld) -> None:
    election = get_election(session, world.election.id)
    place = get_constituency(
        session, boundary_set_id=election.boundary_set_id, slug="northmoor-east"
    )
    for _ in range(5):
        letter_from_somebody(session, world, status=LetterStatus.SENT)
    letter_from_somebody(session, world, status=LetterStatus.UNCONFIRMED)
    SupporterFactory()
    kit = build_press_kit(session, world.campaign, election, place)
    assert kit.writers == 5
    letter_from_somebody(session, world, status=LetterStatus.SENT)
    assert build_press_kit(session, world.campaign, election, place).writers == 5
    assert [each.candidacy.person.name for each in kit.stands] == ["Ann Ash", "Bob Birch"]
    assert (kit.tally.standing, kit.tally.answered) == (2, 1)
    export = build_pledge_export(session, world.campaign, constituency_id=place.id, now=EARLY)
    assert len(export.records) == 4
