"""The imports of real files, against reading them alone or loading them without any check.

Needs the real files: the folder in CAMPAIGN_TEST_DATA, else ``../shared/data``.
"""

import csv
import gzip
import multiprocessing
import os
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from bench.results import Result, interleaved, median_ratio
from campaign.core import schema
from campaign.core.config import PROJECT_ROOT
from campaign.core.db import Database
from campaign.importers.candidate_import import (
    CandidateOptions,
    import_candidates,
    read_candidates,
)
from campaign.importers.constituency_import import import_constituencies
from campaign.importers.postcode_import import import_postcodes
from campaign.importers.sources import open_source

DATA = Path(os.environ.get("CAMPAIGN_TEST_DATA", PROJECT_ROOT.parent / "shared" / "data"))
CONSTITUENCIES = DATA / "constituencies" / "pcon24_650.csv"
POSTCODES = DATA / "postcodes" / "gb_postcodes_pcon24.csv.gz"
CANDIDATES = DATA / "candidates" / "ge2024_final_core_person.csv.gz"
NOW = datetime(2024, 6, 1, tzinfo=UTC)
CANDIDATE_ROUNDS = 9
"""Many, for each takes a fraction of a second."""
POSTCODE_ROUNDS = 3


def measure() -> Iterator[Result]:
    """Yield candidates, postcodes and the memory that postcodes take."""
    if not DATA.is_dir():
        sys.exit(f"There are no real files at {DATA}; set CAMPAIGN_TEST_DATA.")
    yield candidates()
    yield postcodes()
    yield postcode_memory()


def candidates() -> Result:
    """Compare the whole import of an election's candidates with parsing its CSV alone.

    By the time of the processor, of which both are made: what else the machine does stays out.
    """
    ours, plain = interleaved(our_candidates, plain_candidates, rounds=CANDIDATE_ROUNDS)
    return Result(
        name="imports/candidates",
        ratio=median_ratio(ours, plain),
        aim=5.0,
        bound="at most",
        unit="times the reading of the CSV alone",
        note=(
            f"{statistics.median(ours) * 1000:.0f} ms of the processor from file to commit, "
            f"csv.DictReader alone {statistics.median(plain) * 1000:.0f} ms"
        ),
    )


def postcodes() -> Result:
    """Compare the import of all postcodes with csv and executemany into the same table."""
    ours, plain = interleaved(our_postcodes, plain_postcodes, rounds=POSTCODE_ROUNDS, warm_up=False)
    return Result(
        name="imports/postcodes",
        ratio=median_ratio(ours, plain),
        aim=1.5,
        bound="at most",
        unit="times csv and executemany",
        note=f"{statistics.median(ours):.1f} s, bare loading {statistics.median(plain):.1f} s",
    )


def postcode_memory() -> Result:
    """Measure the most memory that an import of all postcodes holds, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    peaks: multiprocessing.SimpleQueue[float] = context.SimpleQueue()
    process = context.Process(target=_import_and_tell_peak, args=(peaks,))
    process.start()
    process.join()
    return Result(
        name="imports/postcode-memory",
        ratio=peaks.get(),
        aim=150,
        bound="at most",
        unit="MB at the peak",
    )


def our_candidates() -> float:
    """Import the candidates where the constituencies are; return the seconds of the processor."""
    with tempfile.TemporaryDirectory() as folder:
        database = _prepare(Path(folder) / "ours.sqlite")
        begun = time.process_time()
        with open_source(str(CANDIDATES)) as source, database.transaction() as session:
            options = CandidateOptions()
            import_candidates(session, read_candidates(source), options=options, now=NOW)
        taken = time.process_time() - begun
        database.dispose()
    return taken


def plain_candidates() -> float:
    """Parse the file of candidates and keep its rows; return the seconds of the processor."""
    begun = time.process_time()
    with gzip.open(CANDIDATES, "rt", encoding="utf-8", newline="") as file:
        list(csv.DictReader(file))
    return time.process_time() - begun


def our_postcodes() -> float:
    """Import the postcodes into a database that has the constituencies; return the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        database = _prepare(Path(folder) / "ours.sqlite")
        begun = time.perf_counter()
        with open_source(str(POSTCODES)) as source:
            import_postcodes(database, source, now=NOW)
        taken = time.perf_counter() - begun
        database.dispose()
    return taken


def plain_postcodes() -> float:
    """Load with csv and executemany alone: no checks, no progress, no swap; return the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "plain.sqlite", isolation_level=None)
        connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE p (postcode TEXT PRIMARY KEY, code TEXT, ended INTEGER) WITHOUT ROWID"
        )
        begun = time.perf_counter()
        with gzip.open(POSTCODES, "rt", encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows)
            while block := [(row[0], row[4], None) for row in islice(rows, 10_000)]:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT INTO p VALUES (?, ?, ?)", block)
                connection.execute("COMMIT")
        connection.close()
        return time.perf_counter() - begun


def _prepare(path: Path) -> Database:
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    with open_source(str(CONSTITUENCIES)) as source, database.transaction() as session:
        import_constituencies(session, source)
    return database


def _import_and_tell_peak(peaks: "multiprocessing.SimpleQueue[float]") -> None:
    our_postcodes()
    peaks.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
