"""The record as a chain: nobody changes it, and who tries is found."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Person, PersonAlias
from campaign.core.db import Database
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import (
    NotedHead,
    check_chain,
    find_published_head,
    list_published_heads,
    stream_chain,
)
from campaign.pledges.rules import ChainEntry, RawChainHasher, Stance, canonical_json, chain_hash
from campaign.pledges.service import publish_heads, review_pledge
from tests.factories.pledges import answer, entered
from tests.factories.worlds import PledgeWorld, pledge_world

NOW = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)


@pytest.fixture
def world(session: Session) -> PledgeWorld:
    return pledge_world()


def test_the_chain_holds_and_says_where_it_was_broken(
    database: Database, session: Session, world: PledgeWorld
) -> None:
    for stance in (Stance.YES, Stance.NO, Stance.PARTLY):
        answer(session, world, stance=stance)
    entry = entered(session, world, candidacy_id=world.candidacies[1].id)
    review_pledge(session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=NOW)
    report = check_chain(session, world.campaign, now=NOW)
    assert (report.count, report.faults) == (5, [])
    assert report.head_hash == session.query(PledgeEvent).filter_by(sequence=5).one().hash
    _let_changes_through(database, session)
    session.execute(text("UPDATE pledge_events SET stance = 'yes' WHERE sequence = 2"))
    session.execute(text("UPDATE pledge_events SET sequence = 7 WHERE sequence = 5"))
    found = [
        (fault.sequence, fault.problem)
        for fault in check_chain(session, world.campaign, now=NOW).faults
    ]
    assert found == [
        (2, "its content is not what was hashed when it was added"),
        (7, "entry 5 should come here and is missing"),
        (7, "its content is not what was hashed when it was added"),
    ]
    session.rollback()


def test_the_chain_survives_a_merge_of_two_entries_for_one_person(
    session: Session, world: PledgeWorld
) -> None:
    answer(session, world)
    old_id = world.candidacies[0].person_id
    session.add(Person(id=99, name="Ann Ash", sort_name="ash ann", email=None))
    session.flush()
    world.candidacies[0].person_id = 99
    session.flush()
    assert [f.sequence for f in check_chain(session, world.campaign, now=NOW).faults] == [1]
    session.add(PersonAlias(old_person_id=old_id, person_id=99))
    assert check_chain(session, world.campaign, now=NOW).faults == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pledge_events SET statement = 'never said'",
        "DELETE FROM pledge_events",
        "UPDATE pledge_heads SET head_hash = 'another'",
        "DELETE FROM pledge_heads",
    ],
)
def test_the_database_refuses_to_change_the_record(
    session: Session, world: PledgeWorld, statement: str
) -> None:
    answer(session, world)
    publish_heads(session, NOW)
    with pytest.raises(DatabaseError, match="added, never changed"):
        session.execute(text(statement))


def test_what_replaces_a_row_without_deleting_it_is_refused(
    database: Database, session: Session, world: PledgeWorld
) -> None:
    answer(session, world)
    publish_heads(session, NOW)
    session.commit()
    if database.is_sqlite:
        ways = [
            "INSERT OR REPLACE INTO pledge_events SELECT * FROM pledge_events",
            "REPLACE INTO pledge_heads SELECT * FROM pledge_heads",
        ]
    else:
        ways = ["TRUNCATE pledge_events CASCADE", "TRUNCATE pledge_heads"]
    for way in ways:
        with pytest.raises(DatabaseError, match="added, never changed"):
            session.execute(text(way))
        session.rollback()
    assert check_chain(session, session.merge(world.campaign), now=NOW).faults == []


def test_events_of_the_first_form_go_on_verifying_before_those_of_the_second(
    session: Session, world: PledgeWorld
) -> None:
    session.commit()
    answer(session, world)
    ((entry, _hash),) = stream_chain(session, world.campaign)
    session.rollback()
    # As an installation has it that recorded its first answers before the second form was there.
    old = replace(entry, form=1)
    same = {name: getattr(old, name) for name in _COLUMNS}
    session.add(
        PledgeEvent(
            campaign_id=world.campaign.id,
            candidacy_id=world.candidacies[0].id,
            ask_id=world.asks[0].id,
            ask_version_id=world.asks[0].current.id,
            hash=chain_hash(old),
            **same,
        )
    )
    session.flush()
    second = answer(session, world, stance=Stance.NO)
    assert (second.form, second.previous_hash) == (2, chain_hash(old))
    report = check_chain(session, world.campaign, now=NOW)
    assert (report.count, report.faults) == (2, [])


_COLUMNS = (
    "form", "sequence", "kind", "stance", "statement", "channel", "source_url", "quote",
    "verification_level", "entered_by", "recorded_at", "previous_hash",
)  # fmt: skip


def test_the_fast_hash_is_the_same_for_every_event(session: Session, world: PledgeWorld) -> None:
    answer(session, world, statement="Gwnaf – “I will”.\nTruly.")
    bob = world.candidacies[1].id
    said = {"valid_from": date(2031, 4, 30), "archive_sha256": "ab" * 32}
    entry = entered(session, world, candidacy_id=bob, **said)
    review_pledge(
        session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=NOW, reason="Seen."
    )
    assert check_chain(session, world.campaign, now=NOW).faults == []
    row = (2, 1, "answer", None, "yes", "é", "link", "", "", 3, "candidate",
           "2031-05-01 10:00:00.000000", "0" * 64, "", "", "", None)  # fmt: skip
    quick = RawChainHasher("a").hash((1, "b"), ("c", 1), row)
    slow = ChainEntry(
        form=2, campaign="a", sequence=1, kind="answer", person_id=1, ballot_id="b", ask="c",
        ask_version=1, refers_to=None, stance="yes", statement="é", channel="link", source_url="",
        quote="", verification_level=3, entered_by="candidate", recorded_at=NOW,
        previous_hash="0" * 64,
    )  # fmt: skip
    assert quick == chain_hash(slow), canonical_json(slow)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("form = 1, reason = 'x'", "it holds something that its form does not hash"),
        ("form = 1", "its content is not what was hashed when it was added"),
        ("reason = 'x'", "its content is not what was hashed when it was added"),
        ("valid_from = '2031-01-01'", "its content is not what was hashed when it was added"),
        ("archive_sha256 = 'x'", "its content is not what was hashed when it was added"),
    ],
)
def test_every_column_that_counts_is_hashed(
    database: Database, session: Session, world: PledgeWorld, change: str, problem: str
) -> None:
    answer(session, world)
    _let_changes_through(database, session)
    session.execute(text(f"UPDATE pledge_events SET {change}"))
    (fault,) = check_chain(session, world.campaign, now=NOW).faults
    assert (fault.sequence, fault.problem) == (1, problem)
    session.rollback()


def test_a_record_written_anew_is_a_good_chain_and_found_by_its_published_heads(
    database: Database, session: Session, world: PledgeWorld
) -> None:
    answer(session, world)
    assert publish_heads(session, NOW) == 1
    assert publish_heads(session, NOW + timedelta(hours=3)) == 0
    answer(session, world, stance=Stance.NO)
    assert publish_heads(session, NOW + timedelta(days=1)) == 1
    assert publish_heads(session, NOW + timedelta(days=2)) == 1
    heads = list_published_heads(session, world.campaign.id)
    assert [(head.day.day, head.sequence) for head in heads] == [(1, 1), (2, 2), (3, 2)]
    assert check_chain(session, world.campaign, now=NOW).heads_checked == 3

    _let_changes_through(database, session)
    ((first, _), (second, _)) = stream_chain(session, world.campaign)
    forged = replace(first, stance=Stance.NO)
    after = replace(second, previous_hash=chain_hash(forged))
    for entry in (forged, after):
        session.execute(
            text("UPDATE pledge_events SET stance = :s, previous_hash = :p, hash = :h "
                 "WHERE sequence = :n"),
            {"s": entry.stance.value, "p": entry.previous_hash, "h": chain_hash(entry),
             "n": entry.sequence},
        )  # fmt: skip
    found = [(f.sequence, f.problem) for f in check_chain(session, world.campaign, now=NOW).faults]
    assert found == [
        (1, "its hash is not the one published on 2031-05-01"),
        (2, "its hash is not the one published on 2031-05-02"),
        (2, "its hash is not the one published on 2031-05-03"),
    ]
    session.rollback()


def test_a_record_that_was_cut_is_found_by_a_head_noted_elsewhere(
    session: Session, world: PledgeWorld
) -> None:
    event = answer(session, world)
    right = NotedHead(1, event.hash, "noted")
    assert check_chain(session, world.campaign, now=NOW, noted=[right]).faults == []
    for sequence, head_hash in ((1, "0" * 64), (2, "0" * 64)):
        wrong = NotedHead(sequence, head_hash, "noted")
        (fault,) = check_chain(session, world.campaign, now=NOW, noted=[wrong]).faults
        assert fault.sequence == sequence


def test_a_campaign_that_is_over_gets_no_more_heads_once_nothing_is_added(
    session: Session, world: PledgeWorld
) -> None:
    assert publish_heads(session, NOW) == 0, "nothing is recorded yet"
    answer(session, world)
    world.campaign.status = CampaignStatus.CLOSED
    session.flush()
    assert publish_heads(session, NOW) == 1
    assert publish_heads(session, NOW + timedelta(days=1)) == 0
    last = find_published_head(session, world.campaign.id)
    assert last is not None
    assert last.day == date(2031, 5, 1)


def _let_changes_through(database: Database, session: Session) -> None:
    if database.is_sqlite:
        session.execute(text("DROP TRIGGER pledge_events_refuse_UPDATE"))
    else:
        session.execute(text("ALTER TABLE pledge_events DISABLE TRIGGER USER"))
