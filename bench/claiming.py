"""Claims and kill switches with a million messages in the outbox, on both databases.

All letters are of one campaign and due at one moment: the worst that a launch can do.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from bench.letters import make_ground, write_letters
from bench.postgresql import made_postgresql
from bench.results import Result, interleaved, median_ratio
from campaign.core import schema
from campaign.core.clock import utc_now
from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.core.logs import configure_logging
from campaign.delivery.rules import campaign_scope
from campaign.delivery.service import pause, resume
from campaign.delivery.service.ramps import pass_ramp
from campaign.delivery.worker import claiming
from campaign.letters.service import keep_pauses, pause_letters, resume_letters

CANDIDATES = 500
FEW, MANY = 10_000, 1_000_000
CLAIMS = 50
"""Claims in a row, of which the median counts."""
OTHER = 2
"""A second campaign, behind the one that is paused."""


def measure() -> Iterator[Result]:
    """Yield each figure, on PostgreSQL only where it answers."""
    configure_logging("WARNING")
    with sqlite_queue(FEW) as short, sqlite_queue(MANY) as long:
        yield from compare("sqlite", short, long)
    with made_postgresql() as few, made_postgresql("long") as many:
        if few is not None and many is not None:
            with postgresql_queue(few, FEW) as short, postgresql_queue(many, MANY) as long:
                yield from compare("postgresql", short, long)


def compare(name: str, short: Database, long: Database) -> Iterator[Result]:
    """Compare claims from a long queue with claims from a short one, then with it paused."""
    few, many = interleaved(lambda: claim_seconds(short), lambda: claim_seconds(long))
    yield _result(f"claiming/{name}-million", few, many, f"with {MANY:,} letters queued")
    scope = campaign_scope(1)
    for database in (short, long):
        with database.transaction() as session:
            pause(session, scope=scope, actor="bench", reason="", now=utc_now())
    few, many = interleaved(lambda: claim_seconds(short), lambda: claim_seconds(long))
    yield _result(f"claiming/{name}-behind-paused", few, many, f"behind {MANY:,} paused letters")
    for database in (short, long):
        with database.transaction() as session:
            resume(session, scope)
    yield from switch(name, long)


def _result(name: str, few: list[float], many: list[float], note: str) -> Result:
    return Result(
        name=name,
        ratio=median_ratio(many, few),
        aim=1.2,
        bound="at most",
        unit=f"times the claim with {FEW:,}",
        note=f"{statistics.median(many) * 1e3:.2f} ms {note}, "
        f"{statistics.median(few) * 1e3:.2f} ms with {FEW:,}",
    )


def switch(name: str, database: Database) -> Iterator[Result]:
    """Pause and resume a campaign with a million letters, and let the chores follow."""
    names = {"actor": "bench", "reason": "bench"}
    # A resume looks first for letters whose candidate or address has changed meanwhile.
    for verb, act, aim in (("pause", pause_letters, 2.0), ("resume", resume_letters, 10.0)):
        begun = time.perf_counter()
        with database.transaction() as session:
            act(session, 1, **names, now=utc_now())  # type: ignore[arg-type]
        answered = time.perf_counter() - begun
        longest = 0.0
        is_left = True
        while is_left:
            step = time.perf_counter()
            with database.transaction() as session:
                is_left = keep_pauses(session, utc_now())
            longest = max(longest, time.perf_counter() - step)
        yield Result(
            name=f"claiming/{name}-{verb}-seconds",
            ratio=answered,
            aim=aim,
            bound="at most",
            unit="seconds until the switch holds",
            note=f"{MANY:,} letters followed within {time.perf_counter() - begun:.0f} s, "
            f"{longest * 1e3:.0f} ms at most in one transaction",
        )


def claim_seconds(database: Database) -> float:
    """Return the median time of one claim, each put back."""
    times = []
    for _ in range(CLAIMS):
        with database.writer() as session:
            session.connection()
            begun = time.perf_counter()
            claimed = claiming.claim_messages(
                session, claimer="bench", mail=MailSettings(), now=utc_now()
            )
            times.append(time.perf_counter() - begun)
            assert claimed
            session.rollback()
    return statistics.median(times)


def fill_queue(database: Database, count: int) -> None:
    """Write so many queued letters of one campaign, and a few messages of another."""
    write_letters(database, MailSettings(), 1, now=utc_now())
    with database.transaction() as session:
        session.execute(text("UPDATE outbox_messages SET body = 'Dear candidate'"))
        pass_ramp(session, campaign_scope(OTHER), utc_now())
        numbers = (
            "WITH RECURSIVE numbers(n) AS"
            " (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)"
        )
        columns = (
            "lane, status, from_name, from_address, reply_to, subject, body, headers, created_at,"
            " due_at, not_after, attempt_count, last_error"
        )
        values = columns.replace("lane, status", "first.lane, first.status")
        values = values.replace("created_at,", "first.created_at,")
        for scope, first, last in (
            ("first.scope", 0, count),
            (f"'{campaign_scope(OTHER)}'", count, CANDIDATES),
        ):
            session.execute(
                text(
                    f"{numbers} INSERT INTO outbox_messages (id, scope, {columns}, recipient,"
                    f" recipient_key, return_path, message_id) SELECT n + {first}, {scope},"
                    f" {values}, people.email, people.email, 'b' || n || '@example.org',"
                    f" '<' || (n + {first}) || '@example.org>' FROM numbers"
                    f" JOIN candidacies ON candidacies.id = 1 + n % {CANDIDATES}"
                    " JOIN people ON people.id = candidacies.person_id"
                    " JOIN outbox_messages AS first ON first.id = 1"
                ),
                {"count": last},
            )
        session.execute(
            text(
                f"{numbers} INSERT INTO letters (id, action_id, campaign_id, supporter_id,"
                " candidacy_id, outbox_message_id, status, subject, body, text_hash, is_personal,"
                " created_at) SELECT n, action_id, campaign_id, supporter_id,"
                f" 1 + n % {CANDIDATES}, n, status, subject, 'Dear candidate', 'h' || n,"
                " is_personal, created_at"
                " FROM numbers, letters AS first WHERE first.id = 1"
            ),
            {"count": count},
        )


@contextmanager
def sqlite_queue(count: int) -> Iterator[Database]:
    """Yield an SQLite file with so many queued letters."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'campaign.sqlite'}")
        schema.upgrade(database)
        make_ground(database, candidates=CANDIDATES)
        fill_queue(database, count)
        with database.engine.connect() as connection:
            # Not one transaction of a million rows in the log, which nobody has in life.
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield database
        database.dispose()


@contextmanager
def postgresql_queue(url: str, count: int) -> Iterator[Database]:
    """Yield a PostgreSQL database with so many queued letters and its statistics."""
    database = Database(url)
    schema.upgrade(database)
    make_ground(database, candidates=CANDIDATES)
    fill_queue(database, count)
    with database.transaction() as session:
        # As autovacuum does within a minute.
        session.execute(text("ANALYZE"))
    yield database
    database.dispose()
