"""Verifying a record of 100,000 events, against the time of hashing alone.

Hashing alone is SHA-256 over the canonical JSON of every event, which lies ready in memory; what
verifying adds is reading the rows, making that JSON and comparing. Both run in this process, in
turn. The second figure is the memory that verifying needs for ten times the events.
"""

import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bench.results import Result, interleaved, median_ratio
from campaign.campaigns.models import Campaign
from campaign.core import schema
from campaign.core.db import Database, table_of
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import check_chain, stream_chain
from campaign.pledges.rules import (
    FIRST_PREVIOUS_HASH,
    ChainEntry,
    Channel,
    EventKind,
    Stance,
    canonical_json,
    chain_hash,
)
from tests.factories import bind_factories
from tests.factories.worlds import pledge_world

EVENTS = 100_000
_START = datetime(2031, 3, 1, tzinfo=UTC)
_END = _START + timedelta(seconds=EVENTS)
_STATEMENT = "I will work for this in Parliament, and I have said so at two meetings in the town."


def measure() -> Iterator[Result]:
    """Yield how many times as long as hashing alone verifying takes, and the memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.sqlite"
        _write_record(path, EVENTS)
        database = Database(f"sqlite:///{path}")
        ready = _canonical_texts(database)
        whole, alone = interleaved(partial(_verify, database), partial(_hash_alone, ready))
        database.dispose()
        del ready
        yield Result(
            name="pledges/verify",
            ratio=median_ratio(whole, alone),
            aim=10,
            bound="at most",
            unit="times hashing alone",
            note=f"{EVENTS} events in {min(whole):.2f} s of processor time, hashing alone "
            f"{min(alone):.2f} s",
        )
        small = Path(folder) / "small.sqlite"
        _write_record(small, EVENTS // 10)
        few, many = _memory_of(small), _memory_of(path)
        yield Result(
            name="pledges/verify-memory",
            ratio=many / few,
            aim=1.05,
            bound="at most",
            unit="times that of a tenth",
            note=f"{many} KiB at most for {EVENTS} events, {few} KiB for {EVENTS // 10}",
        )


def _verify(database: Database) -> float:
    started = time.process_time()
    with database.reader() as session:
        report = check_chain(session, session.query(Campaign).one(), now=_END)
    assert (report.count, report.faults) == (EVENTS, [])
    return time.process_time() - started


def _hash_alone(texts: list[bytes]) -> float:
    started = time.process_time()
    for text in texts:
        hashlib.sha256(text).hexdigest()
    return time.process_time() - started


def _canonical_texts(database: Database) -> list[bytes]:
    with database.reader() as session:
        chain = stream_chain(session, session.query(Campaign).one())
        return [canonical_json(entry).encode("ascii") for entry, _hash in chain]


def _memory_of(path: Path) -> int:
    """Return the peak of a process that verifies this record, in KiB."""
    code = f"import bench.pledges as b; b.verify_once({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return int(done.stdout)


def verify_once(path: str) -> None:
    """Verify a record and print the peak of this process's memory, in KiB."""
    with Database(f"sqlite:///{path}").reader() as session:
        assert not check_chain(session, session.query(Campaign).one(), now=_END).faults
    status = Path("/proc/self/status").read_text()  # Not getrusage: it counts before exec, too.
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def _write_record(path: Path, count: int) -> None:
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    with database.writer() as session, bind_factories(session):
        world = pledge_world()
        rows, previous_hash = [], FIRST_PREVIOUS_HASH
        for sequence in range(1, count + 1):
            candidacy = world.candidacies[sequence % 2]
            ask = world.asks[sequence // 2 % 2]
            entry = ChainEntry(
                form=2,
                campaign=world.campaign.slug,
                sequence=sequence,
                kind=EventKind.ANSWER,
                person_id=candidacy.person_id,
                ballot_id=candidacy.ballot_id,
                ask=ask.slug,
                ask_version=ask.current.number,
                refers_to=None,
                stance=Stance.YES,
                statement=f"{_STATEMENT} ({sequence})",
                channel=Channel.LINK,
                source_url="",
                quote="",
                verification_level=3,
                entered_by="candidate",
                recorded_at=_START + timedelta(seconds=sequence),
                previous_hash=previous_hash,
            )
            previous_hash = chain_hash(entry)
            values = {name: getattr(entry, name) for name in _SAME}
            rows.append(
                values
                | {
                    "campaign_id": world.campaign.id,
                    "candidacy_id": candidacy.id,
                    "ask_id": ask.id,
                    "ask_version_id": ask.current.id,
                    "hash": previous_hash,
                }
            )
        session.execute(table_of(PledgeEvent).insert(), rows)
        session.commit()
    database.dispose()


_SAME = (
    "form", "sequence", "kind", "stance", "statement", "channel", "source_url", "quote",
    "verification_level", "entered_by", "recorded_at", "previous_hash", "archive_sha256",
    "archive_url", "reason", "valid_from",
)  # fmt: skip
