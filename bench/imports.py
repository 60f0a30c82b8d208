"""Measure the imports against reading alone: ``python bench/imports.py``; prints ratios.

Needs the real files: the folder in CAMPAIGN_TEST_DATA, else ``../shared/data``. Exits 1 where a
claim does not hold: postcodes at most 1.5 times csv with executemany and at most 150 MB of memory,
candidates at most 5 times the reading of the CSV alone. Runs are interleaved; the best one counts.
"""

import csv
import gzip
import io
import multiprocessing
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

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
ROUNDS = 3
POSTCODE_RATIO, CANDIDATE_RATIO, MEGABYTES = 1.5, 5.0, 150


def prepare(path: Path) -> Database:
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    with open_source(str(CONSTITUENCIES)) as source, database.transaction() as session:
        import_constituencies(session, source)
    return database


def rows_of(path: Path) -> "csv._reader":
    return csv.reader(io.TextIOWrapper(gzip.open(path), encoding="utf-8", newline=""))


def plain_postcodes(folder: Path) -> float:
    """Load with csv and executemany alone: no checks, no progress, no swap."""
    connection = sqlite3.connect(folder / "plain.sqlite", isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE p (postcode TEXT PRIMARY KEY, code TEXT, ended INTEGER) WITHOUT ROWID"
    )
    started = time.perf_counter()
    rows = rows_of(POSTCODES)
    next(rows)
    while block := [(row[0], row[4], None) for row in islice(rows, 10_000)]:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO p VALUES (?, ?, ?)", block)
        connection.execute("COMMIT")
    connection.close()
    return time.perf_counter() - started


def our_postcodes(folder: Path) -> float:
    database = prepare(folder / "ours.sqlite")
    started = time.perf_counter()
    with open_source(str(POSTCODES)) as source:
        import_postcodes(database, source, now=NOW)
    elapsed = time.perf_counter() - started
    database.dispose()
    return elapsed


def plain_candidates(_folder: Path) -> float:
    started = time.perf_counter()
    with gzip.open(CANDIDATES, "rt", encoding="utf-8", newline="") as file:
        list(csv.DictReader(file))
    return time.perf_counter() - started


def our_candidates(folder: Path) -> float:
    database = prepare(folder / "candidates.sqlite")
    started = time.perf_counter()
    with open_source(str(CANDIDATES)) as source, database.transaction() as session:
        import_candidates(session, read_candidates(source), options=CandidateOptions(), now=NOW)
    elapsed = time.perf_counter() - started
    database.dispose()
    return elapsed


def best(*ways: Callable[[Path], float]) -> list[float]:
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, results in zip(ways, times, strict=True):
            with tempfile.TemporaryDirectory() as folder:
                results.append(way(Path(folder)))
    return [min(results) for results in times]


def peak_of_postcodes(results: "multiprocessing.SimpleQueue[float]") -> None:
    with tempfile.TemporaryDirectory() as folder:
        our_postcodes(Path(folder))
    results.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> int:
    if not DATA.is_dir():
        sys.exit(f"There are no real files at {DATA}; set CAMPAIGN_TEST_DATA.")
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.SimpleQueue[float] = context.SimpleQueue()
    process = context.Process(target=peak_of_postcodes, args=(results,))
    process.start()
    megabytes = results.get()
    process.join()
    best(our_candidates)  # the first import of a process also compiles its statements
    plain, ours = best(plain_candidates, our_candidates)
    candidate_ratio = ours / plain
    print(
        f"candidates: {candidate_ratio:.2f} times the reading of the CSV alone, "
        f"at most {CANDIDATE_RATIO} ({ours * 1000:.0f} ms, {plain * 1000:.0f} ms)"
    )
    plain, ours = best(plain_postcodes, our_postcodes)
    postcode_ratio = ours / plain
    print(
        f"postcodes: {postcode_ratio:.2f} times csv and executemany, at most {POSTCODE_RATIO} "
        f"({ours:.1f} s, {plain:.1f} s)"
    )
    print(f"postcodes: peak memory {megabytes:.0f} MB, at most {MEGABYTES}")
    return int(
        postcode_ratio > POSTCODE_RATIO
        or candidate_ratio > CANDIDATE_RATIO
        or megabytes > MEGABYTES
    )


if __name__ == "__main__":
    sys.exit(main())
