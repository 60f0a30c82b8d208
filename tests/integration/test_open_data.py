"""What is given to everybody is the same from both kinds of database."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.queries import get_campaign
from campaign.elections.queries import get_election
from campaign.geography.queries import get_constituency
from campaign.letters.rules import LetterStatus
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import check_chain
from campaign.pledges.rules import Channel, EventKind, Stance
from campaign.pledges.service import review_pledge
from campaign.reports import open_data, open_events
from campaign.reports.changes import list_changes
from campaign.reports.pledge_records import build_pledge_export
from campaign.reports.press_kit import build_press_kit
from campaign.reports.register import count_candidacies, list_standings
from campaign.reports.tallies import tally_campaign, tally_places
from tests.factories import EARLY, BallotFactory, CandidacyFactory, SupporterFactory
from tests.factories.recording import record_answer
from tests.factories.worlds import PledgeWorld, letter_from_somebody, pledge_world


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
    assert open_events.count_events(session, world.campaign) == 2
    events = open_events.describe_events(session, world.campaign, offset=0, limit=50)
    assert [each["is_public"] for each in events] == [True, False]
    review(session)
    events = open_events.describe_events(session, world.campaign, offset=1, limit=1)
    assert [(each["sequence"], each["is_public"]) for each in events] == [(2, True)]
    report = check_chain(session, get_campaign(session, world.campaign.slug))
    last = open_events.describe_events(session, world.campaign, offset=2, limit=50)
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


def test_an_entry_of_which_something_unknown_is_said_is_told_nowhere(
    session: Session, world: PledgeWorld
) -> None:
    entry = session.scalars(select(PledgeEvent).where(PledgeEvent.sequence == 1)).one()
    # Stands for a kind of event that is none of the two decisions.
    session.add(
        PledgeEvent(
            campaign_id=entry.campaign_id,
            sequence=3,
            kind=EventKind.WITHDRAWAL,
            candidacy_id=entry.candidacy_id,
            ask_id=entry.ask_id,
            ask_version_id=entry.ask_version_id,
            refers_to_id=entry.id,
            channel=Channel.LETTER,
            verification_level=1,
            entered_by="organiser:1",
            recorded_at=EARLY,
            previous_hash="0" * 64,
            hash="1" * 64,
        )
    )
    session.flush()
    assert list_changes(session, world.campaign) == []
    events = open_events.describe_events(session, world.campaign, offset=0, limit=50)
    assert [each["record"] for each in events] == [None, None, None]
    assert "I will." not in str(events)


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
    assert [each.candidacy.person.name for each in kit.stands] == ["Ann Ash", "Bob Birch"]
    assert (kit.tally.standing, kit.tally.answered) == (2, 1)
    export = build_pledge_export(session, world.campaign, constituency_id=place.id)
    assert len(export.records) == 4
