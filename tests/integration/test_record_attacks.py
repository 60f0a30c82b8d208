"""Somebody with SQL against the record: what the database refuses, and what verifying finds."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.core.db import Database, table_of
from campaign.importers.pledge_record import import_record
from campaign.pledges.errors import ImportRefused
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import check_chain, stream_chain
from campaign.pledges.rules import (
    ChainEntry,
    Channel,
    EventKind,
    Stance,
    chain_hash,
    to_json_line,
)
from campaign.pledges.service import dispute_entry, publish_heads, review_pledge
from tests.factories import AskFactory, CampaignFactory
from tests.factories.pledges import answer, entered
from tests.factories.worlds import PledgeWorld, pledge_world

NOW = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)
COLUMNS = tuple(column.key for column in inspect(PledgeEvent).columns)
ALL = ", ".join(COLUMNS)


@pytest.fixture
def world(session: Session) -> PledgeWorld:
    """A record of five events, a published head, and a second campaign with two events."""
    world = pledge_world()
    answer(session, world)
    bob = world.candidacies[1].id
    entry = entered(session, world, candidacy_id=bob)
    review_pledge(session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=NOW)
    where = {"campaign_id": world.campaign.id, "event_id": entry.id, "now": NOW}
    dispute_entry(session, entered_by="candidate", words="I never said so.", **where)
    answer(session, world, ask_id=world.asks[1].id, statement="I will.")
    publish_heads(session, NOW)
    other = CampaignFactory(election=world.election, slug="elsewhere")
    ask = AskFactory(campaign=other, position=1, slug="priority", wording="Make it first.")
    for stance in (Stance.YES, Stance.NO):
        answer(session, world, campaign_id=other.id, ask_id=ask.id, stance=stance)
    session.commit()
    return world


ON_BOTH = (
    "UPDATE pledge_events SET stance = 'no' WHERE sequence = 1",
    "UPDATE pledge_events SET id = id + 100",
    "UPDATE pledge_events SET hash = hash",
    "DELETE FROM pledge_events WHERE sequence = 5",
    f"INSERT INTO pledge_events ({ALL}) SELECT {ALL} FROM pledge_events WHERE sequence = 1 "
    "ON CONFLICT (id) DO UPDATE SET statement = 'never said'",
    "UPDATE ask_versions SET wording = 'Something else.'",
    "DELETE FROM ask_versions",
    "INSERT INTO ask_versions SELECT * FROM ask_versions WHERE true "
    "ON CONFLICT (id) DO UPDATE SET wording = 'Something else.'",
    "UPDATE pledge_heads SET head_hash = 'another'",
    "DELETE FROM pledge_heads",
    "INSERT INTO pledge_heads SELECT * FROM pledge_heads WHERE true "
    "ON CONFLICT (campaign_id, day) DO UPDATE SET head_hash = 'another'",
)
ON_SQLITE = (
    "DELETE FROM pledge_events",
    "UPDATE OR IGNORE pledge_events SET stance = 'no'",
    "UPDATE OR REPLACE pledge_events SET sequence = 1",
    f"REPLACE INTO pledge_events ({ALL}) SELECT {ALL} FROM pledge_events WHERE sequence = 5",
    # Under a new id, but in a place that is taken.
    f"REPLACE INTO pledge_events ({ALL.removeprefix('id, ')}) "
    f"SELECT {ALL.removeprefix('id, ')} FROM pledge_events WHERE sequence = 5",
    "INSERT OR REPLACE INTO pledge_heads SELECT * FROM pledge_heads",
    "REPLACE INTO ask_versions (ask_id, number, title, wording, created_at) "
    "SELECT ask_id, number, title, 'Something else.', created_at FROM ask_versions",
)
ON_POSTGRESQL = (
    "TRUNCATE pledge_events CASCADE",
    "TRUNCATE campaigns CASCADE",
    "TRUNCATE pledge_heads",
    "TRUNCATE ask_versions CASCADE",
    "MERGE INTO pledge_events e USING campaigns c ON e.campaign_id = c.id "
    "WHEN MATCHED THEN UPDATE SET statement = 'never said'",
    "MERGE INTO pledge_events e USING campaigns c ON e.campaign_id = c.id WHEN MATCHED THEN DELETE",
)


def test_every_way_to_change_a_row_is_refused(
    database: Database, session: Session, world: PledgeWorld
) -> None:
    before = _rows(session)
    for way in (*ON_BOTH, *(ON_SQLITE if database.is_sqlite else ON_POSTGRESQL)):
        with pytest.raises(DatabaseError, match="added, never changed"):
            session.execute(text(way))
        session.rollback()
        assert _rows(session) == before, way
    assert _problems(session) == []


def test_a_place_that_is_taken_is_refused(
    database: Database, session: Session, world: PledgeWorld
) -> None:
    with pytest.raises(DatabaseError if database.is_sqlite else IntegrityError):
        _insert(session, sequence=2, hash="f" * 64)
    session.rollback()
    assert _problems(session) == []


# What each column could be made into once the triggers are gone, and at which entry it shows.
EDITS: dict[str, tuple[int, str, int]] = {
    "id": (1, "900", 2),
    "campaign_id": (5, "(SELECT id FROM campaigns WHERE slug = 'elsewhere')", 5),
    "sequence": (5, "9", 9),
    "kind": (3, "'rejection'", 3),
    "candidacy_id": (2, "(SELECT min(id) FROM candidacies)", 2),
    "ask_id": (1, "(SELECT id FROM asks WHERE slug = 'lights')", 1),
    "ask_version_id": (1, "(SELECT max(id) FROM ask_versions)", 1),
    # Another campaign's entry of the same number: the number alone would not show it.
    "refers_to_id": (
        3,
        "(SELECT e.id FROM pledge_events e JOIN campaigns c ON c.id = e.campaign_id "
        "WHERE c.slug = 'elsewhere' AND e.sequence = 2)",
        3,
    ),
    "stance": (1, "'no'", 1),
    "statement": (1, "'I never will.'", 1),
    "channel": (2, "'letter'", 2),
    "source_url": (2, "'https://example.org/'", 2),
    "quote": (2, "'No.'", 2),
    "archive_sha256": (2, f"'{'ab' * 32}'", 2),
    "archive_url": (2, "'https://example.org/'", 2),
    "valid_from": (2, "'2031-04-01'", 2),
    "reason": (3, "'Seen.'", 3),
    "verification_level": (2, "3", 2),
    "entered_by": (3, "'organiser:9'", 3),
    "recorded_at": (1, "'2031-04-01 10:00:00.000000'", 1),
    "form": (1, "1", 1),
    "previous_hash": (2, f"'{'0' * 64}'", 2),
    "hash": (5, f"'{'0' * 64}'", 5),
}


@pytest.mark.parametrize("column", COLUMNS)
def test_without_its_triggers_a_change_of_any_column_is_found_where_it_is(
    database: Database, session: Session, world: PledgeWorld, column: str
) -> None:
    sequence, value, found_at = EDITS[column]
    _drop_triggers(database, session)
    session.execute(
        text(f"UPDATE pledge_events SET {column} = {value} "
             "WHERE sequence = :n AND campaign_id = :c"),
        {"n": sequence, "c": world.campaign.id},
    )  # fmt: skip
    assert found_at in [sequence for sequence, _problem in _problems(session)], column
    session.rollback()


@pytest.mark.parametrize(
    ("way", "found"),
    [
        (
            "DELETE FROM pledge_events WHERE sequence = 1 AND campaign_id = :c",
            (2, "entry 1 should come here and is missing"),
        ),
        (
            "DELETE FROM pledge_events WHERE sequence = 5 AND campaign_id = :c",
            (5, "it is missing, and its hash was published on 2031-05-01"),
        ),
        (
            "UPDATE pledge_heads SET sequence = 4 WHERE campaign_id = :c",
            (4, "its hash is not the one published on 2031-05-01"),
        ),
        (
            f"UPDATE pledge_heads SET head_hash = '{'0' * 64}' WHERE campaign_id = :c",
            (5, "its hash is not the one published on 2031-05-01"),
        ),
        (
            "UPDATE pledge_heads SET sequence = 7 WHERE campaign_id = :c",
            (7, "it is missing, and its hash was published on 2031-05-01"),
        ),
    ],
)
def test_what_was_cut_out_and_a_head_that_was_changed_are_found(
    database: Database, session: Session, world: PledgeWorld, way: str, found: tuple[int, str]
) -> None:
    _drop_triggers(database, session)
    session.execute(text(way), {"c": world.campaign.id})
    assert found in _problems(session)
    session.rollback()


def test_an_added_row_needs_the_right_hash(session: Session, world: PledgeWorld) -> None:
    _insert(session, sequence=6, hash="f" * 64)
    assert (6, "its content is not what was hashed when it was added") in _problems(session)
    session.rollback()


NO_ENTRY = "it is about no entry of this candidate and ask"
ANSWER: dict[str, Any] = {
    "kind": EventKind.ANSWER, "refers_to": None, "stance": Stance.YES, "verification_level": 1,
    "quote": "“I will”",
}  # fmt: skip
BY_LINK = ANSWER | {
    "channel": Channel.LINK, "entered_by": "candidate", "verification_level": 3, "quote": "",
}  # fmt: skip
ABOUT = {"verification_level": 0, "reason": "Somebody says so."}
# What a sixth event could be made into, well chained: entry 2 is public, and in dispute.
IMPOSSIBLE: tuple[tuple[dict[str, Any], str], ...] = (
    ({"entered_by": "organiser:1"}, "whoever made the entry decided on it themselves"),
    (ABOUT | {"kind": EventKind.DISPUTE_STRUCK, "entered_by": "organiser:1"},
     "whoever made the entry decided on it themselves"),
    ({"entered_by": "candidate"}, "only an organiser decides this"),
    ({"refers_to": 1}, NO_ENTRY),
    ({"refers_to": None}, NO_ENTRY),
    (ABOUT | {"kind": EventKind.HIDING, "refers_to": 4}, NO_ENTRY),
    ({}, "the entry has been reviewed before"),
    (ABOUT | {"kind": EventKind.DISPUTE}, "the entry has been disputed before"),
    (ABOUT | {"kind": EventKind.UNHIDING}, "the texts of the entry are not hidden"),
    (ABOUT | {"kind": EventKind.HIDING, "reason": ""}, "it has no reason"),
    (ABOUT | {"kind": EventKind.HIDING, "channel": Channel.LETTER},
     "its channel is not that of the entry"),
    ({"verification_level": 0}, "it has level 0, and an event of this kind has 2"),
    (BY_LINK | {"verification_level": 0}, "it has level 0, and an event of this kind has 3"),
    (ANSWER | {"verification_level": 3}, "it has level 3, and an event of this kind has 1"),
    (ANSWER | {"entered_by": "candidate", "verification_level": 3, "quote": ""},
     "only the candidate answers by link, and only by link"),
    (BY_LINK | {"refers_to": 2}, "only an organiser's answer corrects another entry"),
    (ANSWER | {"stance": None}, "it has no stance"),
    (ANSWER | {"kind": EventKind.WITHDRAWAL, "verification_level": 0, "quote": ""},
     "it has a stance, as no event of this kind"),
    (ANSWER | {"quote": ""}, "it has no source"),
    (ANSWER | {"entered_by": "root"}, "nobody who enters anything is named like this"),
    (ANSWER | {"valid_from": date(2099, 1, 1)},
     "the day on which it was said does not fit the day on which it was recorded"),
    (ANSWER | {"recorded_at": NOW.replace(year=2020)},
     "it was recorded more than a day before an entry that stands before it"),
    (ANSWER | {"recorded_at": NOW.replace(year=2099)},
     "it was recorded at a time that has not come"),
)  # fmt: skip


@pytest.mark.parametrize(("changes", "problem"), IMPOSSIBLE)
def test_an_event_that_nobody_could_have_added_is_found_and_not_let_in(
    session: Session, world: PledgeWorld, tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    _is_found_and_refused(session, world, tmp_path, changes, problem)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"entered_by": "organiser:9"}, "the entry has been reviewed before"),
        (ABOUT | {"kind": EventKind.HIDING}, "the entry is not public"),
        (ABOUT | {"kind": EventKind.DISPUTE}, "the entry is not public"),
        (ABOUT | {"kind": EventKind.DISPUTE_STRUCK}, "the entry is not public"),
        (ANSWER, "the entry is not public"),
    ],
)
def test_nothing_brings_a_rejected_entry_before_the_public(
    session: Session, world: PledgeWorld, tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    entry = entered(session, world, candidacy_id=world.candidacies[1].id, stance=Stance.NO)
    review_pledge(
        session,
        event_id=entry.id,
        is_right=False,
        reason="The article does not say this.",
        reviewer="organiser:2",
        now=NOW,
    )
    session.commit()
    changes = changes | {"refers_to": entry.sequence}
    _is_found_and_refused(session, world, tmp_path, changes, problem)


def _is_found_and_refused(
    session: Session, world: PledgeWorld, tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    """Make the newest event of the third with changes; bring it in by a file, then by SQL."""
    events = _stream(session, world)
    forged = replace(
        events[2][0],
        sequence=len(events) + 1,
        previous_hash=events[-1][1],
        **{"entered_by": "organiser:3"} | changes,
    )
    path = tmp_path / "forged.jsonl"
    lines = [to_json_line(*each) for each in (*events, (forged, chain_hash(forged)))]
    path.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(ImportRefused, match=re.escape(f"Line {forged.sequence}: {problem}. ")):
        import_record(session, path, now=NOW)
    session.rollback()
    _chain(session, world, forged)
    assert _problems(session) == [(forged.sequence, problem)]
    session.rollback()


def _insert(session: Session, **changes: Any) -> None:
    """Add a copy of the record's fifth event by SQL, under a new id."""
    names = [name for name in COLUMNS if name != "id"]
    values = ", ".join(f":{name}" if name in changes else name for name in names)
    session.execute(
        text(f"INSERT INTO pledge_events ({', '.join(names)}) SELECT {values} FROM pledge_events "
             "WHERE sequence = 5"),
        changes,
    )  # fmt: skip


def _chain(session: Session, world: PledgeWorld, entry: ChainEntry) -> None:
    """Add an event about the second candidate's first ask by SQL, chained as it should be."""
    pattern = session.query(PledgeEvent).filter_by(campaign_id=world.campaign.id, sequence=3).one()
    same = {name: getattr(pattern, name) for name in COLUMNS if name != "id"}
    given = {name: getattr(entry, name) for name in same if hasattr(entry, name)}
    about = None if entry.refers_to is None else _id_of(session, world, entry.refers_to)
    row = same | given | {"refers_to_id": about, "hash": chain_hash(entry)}
    session.execute(table_of(PledgeEvent).insert(), [row])


def _stream(session: Session, world: PledgeWorld) -> Any:
    return list(stream_chain(session, session.get_one(Campaign, world.campaign.id)))


def _id_of(session: Session, world: PledgeWorld, sequence: int) -> int:
    event = session.query(PledgeEvent).filter_by(campaign_id=world.campaign.id, sequence=sequence)
    return event.one().id


def _problems(session: Session) -> list[tuple[int, str]]:
    campaigns = session.query(Campaign).order_by(Campaign.id).all()
    reports = [check_chain(session, campaign, now=NOW) for campaign in campaigns]
    return [(fault.sequence, fault.problem) for report in reports for fault in report.faults]


def _rows(session: Session) -> list[tuple[Any, ...]]:
    tables = ("pledge_events", "pledge_heads", "ask_versions")
    return [tuple(row) for table in tables
            for row in session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]  # fmt: skip


def _drop_triggers(database: Database, session: Session) -> None:
    for table in ("pledge_events", "pledge_heads"):
        if database.is_sqlite:
            session.execute(text("PRAGMA defer_foreign_keys = ON"))
            for verb in ("UPDATE", "DELETE", "REPLACE"):
                session.execute(text(f"DROP TRIGGER {table}_refuse_{verb}"))
        else:
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
