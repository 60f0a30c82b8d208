"""Delivery that lasts and that grows: a worker's memory over a long run, and more workers.

Both on PostgreSQL too where it answers; what the sink itself can take is measured in the same run.
"""

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

from sqlalchemy import text

from bench.delivery import (
    CANDIDATES,
    LETTERS,
    NO_LIMIT,
    build_and_send,
    made_database,
    make_worker,
)
from bench.letters import make_ground, write_letters
from bench.postgresql import made_postgresql
from bench.results import Result, interleaved, median_ratio
from bench.sink import sinking
from campaign.core import schema
from campaign.core.clock import utc_now
from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.core.logs import configure_logging

TEAM = 4
EARLY, LATE = 10_000, 100_000
"""Letters after which the memory is looked at."""
LONGEST_SECONDS = 150
"""After so long what was added is carried forward to the last of them in a straight line."""
EACH_TIME = 2_500
"""Letters that are queued at once."""
ROUNDS = 3


def measure() -> Iterator[Result]:
    """Yield each figure; the teams only where PostgreSQL answers."""
    configure_logging("WARNING")
    with sinking() as port:
        mail = MailSettings(
            channel="smtp", port=port, letters_per_hour=NO_LIMIT, letters_per_day=NO_LIMIT
        )
        with made_postgresql() as server:
            if server is not None:
                yield team(server, mail)
        yield memory(mail)


def team(url: str, mail: MailSettings) -> Result:
    """Compare four workers with one; bare senders show what sink and machine allow."""
    database = Database(url)
    schema.upgrade(database)
    make_ground(database, candidates=CANDIDATES)

    def workers(size: int) -> float:
        write_letters(database, mail, LETTERS, now=utc_now())
        return LETTERS / together(size, work_on, url, mail)

    def bare(size: int) -> float:
        return LETTERS / together(size, build_alone, mail.port, LETTERS // size)

    four, one, limit, bare_one = interleaved(
        lambda: workers(TEAM),
        lambda: workers(1),
        lambda: bare(TEAM),
        lambda: bare(1),
        rounds=ROUNDS,
        warm_up=False,
    )
    database.dispose()
    of_limit = median_ratio(four, limit)
    gain = median_ratio(four, one)
    return Result(
        name="steady/four-workers",
        # Twice one worker, or else what the sink takes from as many bare senders.
        ratio=max(gain / 2, of_limit),
        aim=1.0,
        unit="of twice one worker, or of the sink's limit",
        note=f"{statistics.median(four):.0f} letters/s by {TEAM} workers, {gain:.2f} times one "
        f"({statistics.median(one):.0f}/s); the sink takes {statistics.median(limit):.0f}/s from "
        f"{TEAM} bare senders, {median_ratio(limit, bare_one):.2f} times one, "
        f"on these {os.cpu_count()} cores",
    )


def together(size: int, target: Callable[..., None], *arguments: object) -> float:
    """Run a team of processes that begin at one moment; return the seconds until all are done."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.steady"])
    barrier = context.Barrier(size + 1)
    processes = [
        context.Process(target=target, args=(barrier, *arguments), daemon=True) for _ in range(size)
    ]
    for process in processes:
        process.start()
    barrier.wait(60)
    begun = time.perf_counter()
    barrier.wait(120)
    elapsed = time.perf_counter() - begun
    for process in processes:
        process.join(30)
    return elapsed


def work_on(barrier: Barrier, url: str, mail: MailSettings) -> None:
    """Be one worker of a team."""
    configure_logging("WARNING")
    database = Database(url)
    worker = make_worker(database, mail)
    with database.transaction() as session:
        session.execute(text("SELECT 1"))
    barrier.wait(60)
    worker.run_once()
    barrier.wait(120)
    worker.close()
    database.dispose()


def build_alone(barrier: Barrier, port: int, count: int) -> None:
    """Be one bare sender of a team."""
    barrier.wait(60)
    build_and_send(port, count)
    barrier.wait(120)


def memory(mail: MailSettings) -> Result:
    """Look at one worker's memory early and late in a run of a hundred thousand letters.

    A slow machine does not come so far in the time there is; its run is carried forward.
    """
    context = multiprocessing.get_context("spawn")
    figures: multiprocessing.SimpleQueue[tuple[int, float]] = context.SimpleQueue()
    process = context.Process(target=long_run, args=(figures, mail))
    process.start()
    (first, early), (last, seen) = figures.get(), figures.get()
    process.join()
    late = early + (seen - early) * (LATE - first) / (last - first)
    return Result(
        name="steady/memory",
        ratio=late / early,
        aim=1.05,
        bound="at most",
        unit=f"of the memory after {EARLY:,} letters",
        note=f"{early:.1f} MiB after {first:,} letters, {seen:.1f} MiB after {last:,}",
    )


def long_run(figures: "multiprocessing.SimpleQueue[tuple[int, float]]", mail: MailSettings) -> None:
    """Send letters that others queue, and say how much memory is used, twice."""
    configure_logging("WARNING")
    context = multiprocessing.get_context("spawn")
    with made_database() as database:
        worker = make_worker(database, mail)
        url = database.url.render_as_string(hide_password=False)
        sent = 0
        begun = time.monotonic()
        for wanted in (EARLY, LATE):
            while sent < wanted:
                if sent > EARLY and time.monotonic() - begun > LONGEST_SECONDS:
                    break
                # By a process of its own, or its memory would be counted too.
                writer = context.Process(target=queue_more, args=(url, mail))
                writer.start()
                writer.join()
                sent += worker.run_once()
            figures.put((sent, resident_mebibytes()))
        worker.close()


def queue_more(url: str, mail: MailSettings) -> None:
    """Queue the next letters."""
    database = Database(url)
    write_letters(database, mail, EACH_TIME, now=utc_now())
    database.dispose()


def resident_mebibytes() -> float:
    """Return what this process holds in memory, without what it shares with files."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("RssAnon")]
    return int(line.split()[1]) / 1024
