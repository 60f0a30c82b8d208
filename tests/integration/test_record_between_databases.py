"""A record leaves one database as a file and comes into another, of whatever kind, as it was."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.core.db import Database
from campaign.importers.pledge_record import import_record
from campaign.pledges.queries import check_chain
from campaign.pledges.service import dispute_entry, hide_texts
from campaign.reports.pledge_chain import csv_lines, json_lines
from tests.factories import BallotFactory, ConstituencyFactory, PersonFactory, bind_factories
from tests.factories.pledges import NOW, answer, entered, published
from tests.factories.worlds import PledgeWorld, pledge_world

HOSTILE = [
    "=HYPERLINK(\"http://evil.example\")", "+1", "-1", "@SUM(A1)", " =1+1", "'=1+1", "''", "＝1",
    "two\nlines, \"quoted\"; 'and' so", "\r\nends\r", "tab\there", "🗳️ é e\u0301 ﬁ", "אני מסכים",
    "\u200fأوافق", "a,b;c|d", "\\n \\u0000 {\"a\":1}", "line\u2028separator", "-- ; DROP TABLE x",
]  # fmt: skip


@pytest.fixture
def home(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "home.sqlite"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.mark.parametrize(("kind", "write"), [("csv", csv_lines), ("jsonl", json_lines)])
def test_a_record_with_hostile_texts_is_the_same_in_every_database(
    home: Database, database: Database, tmp_path: Path, kind: str,
    write: Callable[[Session, Campaign], Iterator[str]],
) -> None:  # fmt: skip
    there, back = tmp_path / f"there.{kind}", tmp_path / f"back.{kind}"
    with home.writer() as session, bind_factories(session):
        world = _world()
        for text in HOSTILE:
            answer(session, world, statement=text)
        bob = world.candidacies[1].id
        for text in HOSTILE:
            entry = published(session, world, candidacy_id=bob, quote=text)
        where = {"campaign_id": world.campaign.id, "event_id": entry.id, "now": NOW}
        dispute_entry(session, entered_by="candidate", words=HOSTILE[0], **where)
        hide_texts(session, hidden_by="organiser:2", reason="=1+1 is a formula", **where)
        published(session, world, candidacy_id=bob, corrects=entry.sequence)
        entered(session, world, candidacy_id=bob, ask_id=world.asks[1].id, quote=HOSTILE[1])
        session.commit()
        _write(there, write(session, world.campaign))
        count = check_chain(session, world.campaign, now=NOW).count
    with database.writer() as session, bind_factories(session):
        campaign = _world().campaign
        assert import_record(session, there, now=NOW).added == count
        assert import_record(session, there, now=NOW).added == 0
        assert check_chain(session, campaign, now=NOW).faults == []
        _write(back, write(session, campaign))
        session.commit()
    assert back.read_bytes() == there.read_bytes()
    with home.writer() as session:
        assert import_record(session, back, now=NOW).added == 0


def _world() -> PledgeWorld:
    # Ids that both installations know of one election are the same in both.
    for each in (BallotFactory, ConstituencyFactory, PersonFactory):
        each.reset_sequence(0)
    return pledge_world()


def _write(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)
