"""Workers that are killed at random moments: nothing may be lost, and hardly anything sent twice.

    python -m tests.chaos [LETTERS [KILLS]]

Four workers send letters from one database to a server that writes down what it accepts. They are
ended by SIGKILL again and again and others take their places. Run on SQLite and, where it
answers, on PostgreSQL. Ends with 1 where a letter is lost, where there are more second copies
than kills, where anything carries a Message-ID that is not its letter's, or where the letters do
not reconcile at a checkpoint.
"""

import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import select, text

from bench.delivery import make_worker
from bench.letters import make_ground, write_letters
from bench.postgresql import made_postgresql
from bench.sink import sinking
from campaign.cli.delivery import SignalStop
from campaign.core import schema
from campaign.core.clock import utc_now
from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.core.logs import configure_logging
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import count_messages_by_status
from campaign.delivery.rules import MessageStatus
from campaign.delivery.worker import claiming, outcomes
from campaign.reports.reconciliation import reconcile_letters

TEAM = 4
LETTERS_TO_ONE = 20
NO_LIMIT = 1_000_000
LEASE = timedelta(seconds=10)
"""Shorter than in life, where a killed worker's messages wait for ten minutes."""
PATIENCE_SECONDS = 900
"""Several times what a quiet machine takes."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of the letters of one run."""

    letters: int
    kills: int
    checkpoints: int
    lost: int
    second_copies: int
    strangers: int
    """Accepted by the server with a Message-ID that no letter has, or for another recipient."""
    faults: tuple[str, ...]
    """What did not reconcile, and workers that did not stop when asked."""
    seconds: float

    @property
    def is_right(self) -> bool:
        """Tell whether nothing is lost and no kill caused more than one second copy."""
        return not (self.lost or self.strangers or self.faults or self.second_copies > self.kills)

    def __str__(self) -> str:
        lines = [
            f"{self.letters:,} letters, {self.kills} kills, {self.seconds:.0f} s: "
            f"lost {self.lost}, second copies {self.second_copies} (each with the same "
            f"Message-ID), strangers {self.strangers}, reconciled {self.checkpoints} times",
            *self.faults,
        ]
        return "\n  ".join(lines)


class Team:
    """Workers in processes of their own, started anew when they are killed."""

    def __init__(self, url: str, port: int) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["bench.delivery", "campaign.cli.delivery"])
        self._arguments = (url, port)
        self._workers = [self._start() for _ in range(TEAM)]

    def kill_one(self, chance: random.Random) -> None:
        """End any worker in the middle of whatever it does, and start another."""
        place = chance.randrange(TEAM)
        victim = self._workers[place]
        victim.kill()
        victim.join()
        self._workers[place] = self._start()

    def stop(self) -> list[str]:
        """Ask all to stop; return who did not do so in good order."""
        faults = []
        for worker in self._workers:
            if worker.pid is not None and worker.is_alive():
                os.kill(worker.pid, signal.SIGTERM)
        for worker in self._workers:
            worker.join(30)
            if worker.exitcode != 0:
                faults.append(f"a worker that was asked to stop ended with {worker.exitcode}")
                worker.kill()
        return faults

    def _start(self) -> BaseProcess:
        process = self._context.Process(target=work, args=self._arguments, daemon=True)
        process.start()
        return process


def work(url: str, port: int) -> None:
    """Be one worker until stopped or killed."""
    configure_logging("ERROR")
    claiming.LEASE = outcomes.LEASE = LEASE  # type: ignore[misc]
    stop = SignalStop()
    stop.listen()
    database = Database(url)
    make_worker(database, mail_to(port)).run(stop)
    database.dispose()


def mail_to(port: int) -> MailSettings:
    """Return the settings of the run, by which letters to one candidate leave without a gap."""
    return MailSettings(
        channel="smtp", port=port, letters_per_hour=NO_LIMIT, letters_per_day=NO_LIMIT
    )


def run(url: str, *, letters: int, kills: int, seed: int | None = None) -> Report:
    """Send so many letters from an empty database while workers are killed."""
    chance = random.Random(seed)
    database = Database(url)
    schema.upgrade(database)
    make_ground(database, candidates=-(-letters // LETTERS_TO_ONE))
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "accepted"
        with sinking(record) as port:
            write_letters(database, mail_to(port), letters, now=utc_now())
            if not database.is_sqlite:
                # As autovacuum does within a minute: the claims of the first are slow without.
                with database.transaction() as session:
                    session.execute(text("ANALYZE"))
            begun = time.monotonic()
            team = Team(url, port)
            killed, checkpoints, faults = 0, 0, []
            every = max(kills // 10, 1)
            while time.monotonic() < begun + PATIENCE_SECONDS:
                time.sleep(chance.uniform(0.005, 0.05))
                accepted = _count_lines(record)
                # Spread over the whole run: the next kill when so many letters have left.
                if killed < kills and accepted >= letters * killed / (kills + 5):
                    team.kill_one(chance)
                    killed += 1
                    if killed % every == 0:
                        checkpoints += 1
                        faults += reconcile(database, letters)
                elif killed == kills and accepted >= letters and _is_done(database, letters):
                    break
            faults += team.stop()
            seconds = time.monotonic() - begun
        faults += reconcile(database, letters)
        accepted_lines = record.read_text(encoding="utf-8").splitlines()
    if killed < kills:
        faults.append(f"only {killed} of {kills} kills within {PATIENCE_SECONDS} s")
    with database.reader() as session:
        messages = session.execute(
            select(OutboxMessage.message_id, OutboxMessage.recipient, OutboxMessage.status)
        ).all()
    expected = {f"{row.message_id} {row.recipient}" for row in messages}
    waiting = {
        f"{row.message_id} {row.recipient}"
        for row in messages
        if row.status in (MessageStatus.QUEUED, MessageStatus.SENDING)
    }
    database.dispose()
    if unsent := sum(row.status is not MessageStatus.SENT for row in messages):
        faults.append(f"{unsent} messages are not marked sent, {len(waiting)} of them still wait")
    copies = Counter(accepted_lines)
    return Report(
        letters=letters,
        kills=killed,
        checkpoints=checkpoints + 1,
        lost=letters - len(expected) + len(expected - copies.keys() - waiting),
        second_copies=sum(number - 1 for line, number in copies.items() if line in expected),
        strangers=sum(number for line, number in copies.items() if line not in expected),
        faults=tuple(faults),
        seconds=seconds,
    )


def reconcile(database: Database, letters: int) -> list[str]:
    """Return what does not fit, as ``campaign letters reconcile`` would."""
    with database.reader() as session:
        (found,) = reconcile_letters(session)
    faults = [f"at a checkpoint: {fault}" for fault in found.faults]
    if not found.is_right or found.accepted != letters:
        faults.append(f"at a checkpoint: accepted {found.accepted}, {dict(found.by_status)}")
    return faults


def _count_lines(record: Path) -> int:
    return record.read_bytes().count(b"\n") if record.exists() else 0


def _is_done(database: Database, letters: int) -> bool:
    with database.reader() as session:
        return count_messages_by_status(session)[MessageStatus.SENT] == letters


@contextmanager
def _databases() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder, made_postgresql() as server:
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'chaos.sqlite'}"}
        if server is not None:
            urls["PostgreSQL"] = server
        yield urls


def main(arguments: list[str]) -> int:
    """Run on each database and print the results."""
    configure_logging("ERROR")
    letters, kills = [int(each) for each in arguments] + [10_000, 100][len(arguments) :]
    is_right = True
    with _databases() as urls:
        for name, url in urls.items():
            report = run(url, letters=letters, kills=kills)
            sys.stdout.write(f"{name}: {report}\n")
            sys.stdout.flush()
            is_right = is_right and report.is_right
    return int(not is_right)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
