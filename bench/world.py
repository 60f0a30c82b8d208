"""A database as large as a general election: every seat, candidate and postcode of July 2024.

Needs the real files: the folder in CAMPAIGN_TEST_DATA, else ``../shared/data``.
"""

import atexit
import os
import random
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from campaign.campaigns.queries import list_asks
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.core import schema
from campaign.core.clock import utc_now
from campaign.core.config import PROJECT_ROOT
from campaign.core.db import Database, table_of
from campaign.elections.models import Election
from campaign.importers.campaign_file import BUILT_IN, load_campaign, parse_campaign_file
from campaign.importers.candidate_import import (
    CandidateOptions,
    import_candidates,
    read_candidates,
)
from campaign.importers.constituency_import import import_constituencies, import_hexmap
from campaign.importers.postcode_import import import_postcodes
from campaign.importers.sources import open_source
from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import (
    CANDIDATE,
    FIRST_PREVIOUS_HASH,
    NEWEST_FORM,
    ChainEntry,
    Channel,
    EventKind,
    Stance,
    VerificationLevel,
    chain_hash,
)

DATA = Path(os.environ.get("CAMPAIGN_TEST_DATA", PROJECT_ROOT.parent / "shared" / "data"))
ELECTION = "parl.2024-07-04"
CAMPAIGN = "safer-internet"
SEAT = "aldershot"
LETTERS = 2_000
"""Letters at first: 400 supporters who wrote to five candidates each."""
EVENTS = 20_000
"""Entries in the record: nearly everybody has answered, and many more than once."""


@dataclass(frozen=True)
class World:
    """A database file, and the settings by which a server serves it."""

    folder: Path

    @property
    def database_path(self) -> Path:
        """Return the SQLite file."""
        return self.folder / "campaign.sqlite"

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings; everything else is as an installation has it."""
        return {"CAMPAIGN_INSTANCE": str(self.folder), "LOG_LEVEL": "WARNING"}

    def open(self) -> Database:
        """Return the database; dispose it before a server is measured."""
        return Database(f"sqlite:///{self.database_path}")


@cache
def election_world(*, with_postcodes: bool = True) -> World:
    """Build the database once for a run; it is deleted at its end."""
    if not DATA.is_dir():
        sys.exit(f"There are no real files at {DATA}; set CAMPAIGN_TEST_DATA.")
    folder = tempfile.TemporaryDirectory(prefix="campaign-bench-")
    atexit.register(folder.cleanup)
    world = World(Path(folder.name))
    database = world.open()
    schema.upgrade(database)
    now = utc_now()
    with (
        open_source(str(DATA / "constituencies" / "pcon24_650.csv")) as seats,
        open_source(str(DATA / "constituencies" / "uk-constituencies-2024.hexjson")) as hexagons,
        open_source(str(DATA / "candidates" / "ge2024_final_core_person.csv.gz")) as candidates,
        database.transaction() as session,
    ):
        import_constituencies(session, seats)
        import_hexmap(session, hexagons)
        standing = read_candidates(candidates)
        import_candidates(session, standing, options=CandidateOptions(), now=now)
        _hold_the_poll_in_three_weeks(session, now)
        _add_campaign(session, now)
    with database.transaction() as session:
        _add_answers(session, now)
    if with_postcodes:
        with open_source(str(DATA / "postcodes" / "gb_postcodes_pcon24.csv.gz")) as postcodes:
            import_postcodes(database, postcodes, now=now)
    database.dispose()
    add_letters(world, LETTERS)
    return world


def _hold_the_poll_in_three_weeks(session: Session, now: datetime) -> None:
    day = (now + timedelta(days=21)).date()
    session.execute(
        update(Election).values(
            polling_day=day,
            nominations_close_at=now - timedelta(days=7),
            poll_closes_at=datetime(day.year, day.month, day.day, 22, tzinfo=UTC),
        )
    )
    # The file tells who was elected; before the poll everybody stands.
    session.execute(
        update(Candidacy)
        .where(Candidacy.status != CandidacyStatus.WITHDRAWN)
        .values(status=CandidacyStatus.STANDING)
    )


def _add_campaign(session: Session, now: datetime) -> None:
    written = BUILT_IN.read_text(encoding="utf-8").replace('status = "draft"', 'status = "live"')
    file = parse_campaign_file(written.encode(), name=BUILT_IN.name, election_id=ELECTION)
    load_campaign(session, file, now=now)


def _add_answers(session: Session, now: datetime) -> None:
    """Write a record that is chained as it would be, in bulk."""
    chance = random.Random(1)
    asks = list_asks(session, 1)
    standing = session.execute(
        select(Candidacy.id, Candidacy.person_id, Candidacy.ballot_id).order_by(Candidacy.id)
    ).all()
    rows, previous_hash = [], FIRST_PREVIOUS_HASH
    for sequence in range(1, EVENTS + 1):
        candidacy, ask = chance.choice(standing), chance.choice(asks)
        hashed: dict[str, Any] = {
            "form": NEWEST_FORM,
            "sequence": sequence,
            "kind": EventKind.ANSWER,
            "stance": chance.choice(list(Stance)),
            "statement": "I will work for this in the next parliament, as I did in this one.",
            "channel": Channel.LINK,
            "source_url": "",
            "quote": "",
            "verification_level": VerificationLevel.FIRST_HAND,
            "entered_by": CANDIDATE,
            "recorded_at": now - timedelta(seconds=EVENTS - sequence),
            "previous_hash": previous_hash,
        }
        previous_hash = chain_hash(
            ChainEntry(
                campaign=CAMPAIGN,
                person_id=candidacy.person_id,
                ballot_id=candidacy.ballot_id,
                ask=ask.slug,
                ask_version=ask.current.number,
                refers_to=None,
                **hashed,
            )
        )
        rows.append(
            hashed
            | {
                "campaign_id": 1,
                "candidacy_id": candidacy.id,
                "ask_id": ask.id,
                "ask_version_id": ask.current.id,
                "hash": previous_hash,
            }
        )
    session.execute(table_of(PledgeEvent).insert(), rows)


def add_letters(world: World, count: int) -> None:
    """Add letters by bulk: five to an action, half of them sent, the others queued or withdrawn."""
    database = world.open()
    with database.transaction() as session:
        for statement in _LETTERS:
            session.execute(text(statement), {"count": count, "now": "2026-01-01 00:00:00.000000"})
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()


_NUMBERS = (
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count / 5)"
)
_LETTERS = (
    f"""
    INSERT INTO supporters (email, created_at) {_NUMBERS}
    SELECT 'supporter-' || i || '-' || :count || '@example.org', :now FROM n
    """,
    f"""
    INSERT INTO actions (campaign_id, supporter_id, constituency_id, submission_key,
        supporter_name, consent_text, wants_news, news_text, created_at, expires_at, confirmed_at)
    {_NUMBERS}
    SELECT 1, s.id, 1 + (s.id % 650), 'key-' || s.id, 'Sam Supporter', 'I agree.', 0, '',
        :now, :now, :now
    FROM n JOIN supporters s ON s.email = 'supporter-' || i || '-' || :count || '@example.org'
    """,
    """
    INSERT INTO letters (action_id, campaign_id, supporter_id, candidacy_id, status, subject, body,
        text_hash, is_personal, created_at, sent_at)
    SELECT a.id, 1, a.supporter_id, c.id,
        CASE a.id % 10 WHEN 0 THEN 'withdrawn' WHEN 1 THEN 'queued' WHEN 2 THEN 'queued'
            WHEN 3 THEN 'queued' WHEN 4 THEN 'queued' ELSE 'sent' END,
        'Safer internet', 'Dear candidate', 'hash-' || a.id || '-' || c.id,
        0, :now, :now
    FROM actions a
    JOIN ballots b ON b.constituency_id = a.constituency_id
    JOIN candidacies c ON c.id IN (
        SELECT id FROM candidacies WHERE ballot_id = b.id ORDER BY id LIMIT 5)
    WHERE a.id NOT IN (SELECT action_id FROM letters)
    """,
)
