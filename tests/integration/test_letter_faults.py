"""Letters while the server, the disk, the database or the clock fails: each arrives, none twice.

At every look the books balance, and no letter is called sent that no server has accepted.
"""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from campaign.core import schema
from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.delivery.channels.base import Outgoing
from campaign.delivery.rules import LEASE, Lane, MessageStatus
from campaign.delivery.worker import Worker
from campaign.letters.rules import LetterStatus
from tests.clusters import Cluster, made_cluster, why_no_cluster
from tests.conftest import FrozenClock, empty, missing
from tests.integration.relaying import BOB, Installation
from tests.integration.test_smtp_faults import STAGES, FaultyServer, server
from tests.integration.test_worker import FakeChannel
from tests.postfix import as_root
from tests.returned import toolkit_on

__all__ = ["server"]

_MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)\r$", re.MULTILINE)


def make(database: Database, clock: FrozenClock) -> Installation:
    settings = MailSettings(
        channel="smtp",
        sender="letters@campaign.example.org",
        letters_per_hour=1000,
        letters_per_day=1000,
    )
    return Installation(toolkit_on(database, clock, mail=settings), clock)


def check_told(installation: Installation, accepted: Counter[str]) -> None:
    """Fail where a letter is called sent that no server has, or where the books do not balance."""
    sent = {m.message_id for m in installation.messages() if m.status is MessageStatus.SENT}
    assert sent <= accepted.keys()
    assert installation.statuses().count(LetterStatus.SENT) == len(sent)
    installation.check_books()


# The server


@pytest.mark.parametrize("stage", [*STAGES, "BODY"])
@pytest.mark.parametrize("fault", ["silent_at", "drops_at"])
def test_a_server_that_falls_silent_or_hangs_up_gets_every_letter_in_the_end(
    server: FaultyServer, sqlite_database: Database, clock: FrozenClock, fault: str, stage: str
) -> None:
    if (fault, stage) == ("silent_at", "BODY"):
        stage = "CONTENT"  # A server is always silent while it reads a message.
    installation = make(sqlite_database, clock)
    installation.write(2)

    def accepted() -> Counter[str]:
        return Counter(_MESSAGE_ID.findall(content)[0].decode() for content in server.accepted)

    setattr(server, fault, stage)
    for _ in range(2):
        installation.send(port=server.port, timeout_seconds=0.2)
        check_told(installation, accepted())
        assert set(installation.statuses()) == {LetterStatus.QUEUED}
        clock.advance(minutes=10)
    tries = accepted()
    setattr(server, fault, None)
    for _ in range(2):
        installation.send(port=server.port, timeout_seconds=5)
        clock.advance(minutes=20)
    check_told(installation, accepted())
    assert set(installation.statuses()) == {LetterStatus.SENT}
    assert accepted().keys() == {message.message_id for message in installation.messages()}
    if stage != "CONTENT":
        assert not tries, "only what was handed over whole can come twice"
        assert set(accepted().values()) == {1}


# The disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = as_root("mount", "-t", "tmpfs", "-o", "size=4m,mode=777", "tmpfs", str(place))
    if shutil.which(mount[0]) is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    yield place
    subprocess.run(as_root("umount", str(place)), check=True)


class Ballast:
    """What fills a disk, and is taken away again."""

    def __init__(self, disk: Path) -> None:
        self._file = disk / "ballast"

    def fill(self) -> None:
        with self._file.open("wb", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1 << 8, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def clear(self) -> None:
        self._file.unlink(missing_ok=True)


@pytest.mark.parametrize("moment", ["claiming", "sending"])
def test_a_disk_that_is_really_full_loses_nothing(
    migrated_sqlite: Path,
    small_disk: Path,
    clock: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    shutil.copy(migrated_sqlite, small_disk / "campaign.sqlite")
    database = Database(f"sqlite:///{small_disk / 'campaign.sqlite'}")
    installation = make(database, clock)
    installation.write(8)
    ballast, channel, rests = Ballast(small_disk), FakeChannel(), list[float]()

    def rest(_worker: Worker, seconds: float) -> None:
        rests.append(seconds)
        check_told(installation, Counter(channel.sent_ids()))
        if len(rests) == 3:
            ballast.clear()

    def fill(_message: Outgoing) -> None:
        if len(channel.tried) == 3:
            ballast.fill()

    monkeypatch.setattr(Worker, "_rest", rest)
    worker = installation.worker(channel)
    if moment == "sending":
        channel.before = fill
        worker.run_once()
    else:
        ballast.fill()

        def go_on() -> None:
            for _ in range(50):  # The log of changes has room for a few more.
                installation.write(1)
                worker.run_once()

        with pytest.raises(OperationalError, match="full"):
            go_on()
        check_told(installation, Counter(channel.sent_ids()))
        ballast.clear()
    for _ in range(3):
        worker.run_once()
        clock.advance(seconds=LEASE.total_seconds())
    assert moment == "claiming" or len(rests) >= 3, "the disk was full indeed"
    copies = Counter(channel.sent_ids())
    check_told(installation, copies)
    assert set(installation.statuses()) == {LetterStatus.SENT}
    assert set(copies.values()) == {1}
    database.dispose()


# The database server


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    if (reason := why_no_cluster()) is not None:
        missing(reason)
    with made_cluster() as cluster:
        database = Database(cluster.url)
        schema.upgrade(database)
        database.dispose()
        yield cluster


@pytest.mark.parametrize("how", ["restart", "crash", "stop for a while"])
def test_a_postgresql_that_restarts_under_the_worker_loses_nothing(
    cluster: Cluster, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    database = Database(cluster.url)
    installation = make(database, clock)
    installation.write(8)
    channel, rests = FakeChannel(), list[float]()

    def disturb(_message: Outgoing) -> None:
        if len(channel.tried) in (2, 5):
            cluster.stop("immediate" if how == "crash" else "fast")
            if how != "stop for a while":
                cluster.start()

    def rest(_worker: Worker, seconds: float) -> None:
        rests.append(seconds)
        if len(rests) % 2 == 0 and not cluster.is_running:
            cluster.start()

    monkeypatch.setattr(Worker, "_rest", rest)
    channel.before = disturb
    worker = installation.worker(channel)
    while len(channel.sent) < 8:
        worker.run_once()
        check_told(installation, Counter(channel.sent_ids()))
    assert rests, "the worker noticed"
    worker.run_once()
    assert set(Counter(channel.sent_ids()).values()) == {1}
    assert set(installation.statuses()) == {LetterStatus.SENT}
    check_told(installation, Counter(channel.sent_ids()))
    empty(database)
    database.dispose()


# The clock


@pytest.mark.parametrize("hours", [2, 26, -2, -26])
def test_limits_hold_whatever_the_clock_does(
    database: Database, clock: FrozenClock, hours: int
) -> None:
    """A letter that left "in the future" counts until that hour has passed."""
    installation = make(database, clock)
    installation.write(12)
    channel = FakeChannel()
    limits = {"letters_per_hour": 3, "letters_per_day": 1000}
    worker = installation.worker(channel, **limits)
    worker.run_once()
    for _ in range(11):
        clock.advance(minutes=5)
        worker.run_once()
    sent = len(channel.sent)
    assert 2 <= sent <= 3
    clock.advance(hours=hours)
    worker.run_once()
    after_jump = len(channel.sent)
    assert after_jump == (sent + 1 if hours > 0 else sent), "what left counts after a step back"
    clock.advance(hours=-hours)
    worker.run_once()
    most = after_jump if hours > 0 else limits["letters_per_hour"]
    assert len(channel.sent) <= most, "and what left after a step ahead"
    check_told(installation, Counter(channel.sent_ids()))
    for _ in range(60):
        clock.advance(hours=1)
        worker.run_once()
    assert set(installation.statuses()) == {LetterStatus.SENT}
    assert set(Counter(channel.sent_ids()).values()) == {1}


@pytest.mark.parametrize("hours", [3, -3])
def test_a_try_during_which_the_clock_jumps_is_recorded_once(
    database: Database, clock: FrozenClock, hours: int
) -> None:
    installation = make(database, clock)
    installation.write(4, to=(BOB,))
    channel = FakeChannel()

    def jump(_message: Outgoing) -> None:
        if len(channel.tried) == 2:
            clock.advance(hours=hours)

    channel.before = jump
    worker = installation.worker(channel)
    worker.run_once()
    check_told(installation, Counter(channel.sent_ids()))
    clock.advance(hours=-hours)
    for _ in range(3):
        worker.run_once()
        clock.advance(hours=4)
    assert set(installation.statuses()) == {LetterStatus.SENT}
    assert set(Counter(channel.sent_ids()).values()) == {1}
    assert all(message.claimed_by is None for message in installation.messages(Lane.LETTER))
    assert all(
        message.sent_at and abs(message.sent_at - clock()) < timedelta(days=1)
        for message in installation.messages()
    )
