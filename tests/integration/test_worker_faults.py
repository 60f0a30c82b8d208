"""The worker when the relay refuses us, the database fails or the clock jumps."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from campaign.core.db import Database
from campaign.delivery import queries, service
from campaign.delivery.channels.base import Outgoing
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.rules import (
    ALL_SCOPES,
    LEASE,
    MAXIMUM_TRIES,
    AttemptOutcome,
    Lane,
    MessageStatus,
)
from campaign.delivery.worker import Worker, claiming
from tests.conftest import FrozenClock
from tests.integration.test_worker import (
    MAIL,
    FakeChannel,
    Outbox,
    StopAfter,
    channel,
    make_worker,
    outbox,
)

__all__ = ["channel", "make_worker", "outbox"]

REFUSED = DeliveryFailed(
    "The mail server refused the connection (535).",
    is_permanent=False,
    code=535,
    stops_channel=True,
    is_our_fault=True,
)
Make = Callable[..., Worker]


def test_a_relay_that_refuses_us_pauses_everything_and_burns_no_letter(
    outbox: Outbox, make_worker: Make, channel: FakeChannel, clock: FrozenClock
) -> None:
    ids = [outbox.queue(f"{n}@example.org") for n in range(3)]
    ids.append(outbox.queue("jane@example.org", lane=Lane.CONFIRMATION))
    channel.answer = REFUSED
    worker = make_worker()
    assert worker.run_once() == 1
    with outbox.database.reader() as session:
        found = queries.find_pause(session, ALL_SCOPES)
    assert found is not None
    assert (found.actor, found.reason) == ("worker", str(REFUSED))
    assert found.ends_at == clock() + timedelta(minutes=5)
    assert worker.run_once() == 0, "nothing is tried while the pause lasts"
    tried = len(channel.tried)
    for _ in range(MAXIMUM_TRIES * 3):
        clock.advance(hours=30)
        worker.run_once()
    assert len(channel.tried) > tried + MAXIMUM_TRIES, "time lifts the pause for another try"
    assert {outbox.get(each).status for each in ids} == {MessageStatus.QUEUED}
    channel.answer = None
    clock.advance(hours=30)
    worker.run_once()
    assert {outbox.get(each).status for each in ids} == {MessageStatus.SENT}
    with outbox.database.reader() as session:
        assert queries.find_pause(session, ALL_SCOPES) is None


def test_a_person_lifts_the_pause_at_once(
    outbox: Outbox, make_worker: Make, channel: FakeChannel, clock: FrozenClock
) -> None:
    ids = [outbox.queue(f"{n}@example.org") for n in range(2)]
    channel.answer = REFUSED
    worker = make_worker()
    worker.run_once()
    channel.answer = None
    outbox.do(lambda s: service.resume(s, ALL_SCOPES))
    worker.run_once()
    assert outbox.get(ids[1]).status is MessageStatus.SENT
    clock.advance(minutes=2)
    worker.run_once()
    assert outbox.get(ids[0]).status is MessageStatus.SENT, "after its own wait"


def test_time_does_not_lift_what_a_person_paused(
    outbox: Outbox, make_worker: Make, channel: FakeChannel, clock: FrozenClock
) -> None:
    outbox.queue()
    channel.answer = REFUSED
    worker = make_worker()
    worker.run_once()
    pause = lambda s: service.pause(s, scope=ALL_SCOPES, actor="Olive", reason="", now=clock())  # noqa: E731
    outbox.do(pause)
    later = clock() + timedelta(hours=1)
    outbox.do(lambda s: service.pause_after_refusal(s, reason="", ends_at=later, now=clock()))
    clock.advance(days=3)
    assert worker.run_once() == 0
    with outbox.database.reader() as session:
        found = queries.find_pause(session, ALL_SCOPES)
    assert found is not None
    assert (found.actor, found.ends_at) == ("Olive", None)


@contextmanager
def failing_commits(database: Database, numbers: range) -> Iterator[list[int]]:
    """Let the commits of these numbers fail as on a full disk; yield the count of all."""
    seen = [0]

    def fail(_connection: Connection) -> None:
        seen[0] += 1
        if seen[0] in numbers:
            raise OperationalError("COMMIT", None, Exception("database or disk is full"))

    event.listen(database.engine, "commit", fail)
    try:
        yield seen
    finally:
        event.remove(database.engine, "commit", fail)


@pytest.fixture
def _without_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "_rest", lambda _worker, _seconds: None)


@pytest.mark.usefixtures("_without_rests")
@pytest.mark.parametrize("first", range(1, 9))
def test_a_full_disk_at_any_commit_loses_nothing_and_sends_nothing_twice(
    outbox: Outbox, make_worker: Make, channel: FakeChannel, clock: FrozenClock, first: int
) -> None:
    ids = [outbox.queue(f"{n}@example.org") for n in range(3)]
    worker = make_worker()
    with failing_commits(outbox.database, range(first, first + 4)) as seen:
        for _ in range(6):
            try:
                worker.run_once()
            except OperationalError:
                continue
            finally:
                clock.advance(seconds=LEASE.total_seconds())
    assert seen[0] >= first, "the fault must have struck"
    worker.run_once()
    assert {outbox.get(each).status for each in ids} == {MessageStatus.SENT}
    assert len(channel.sent) == 3


@pytest.mark.usefixtures("_without_rests")
def test_a_disk_that_stays_full_costs_one_second_copy_at_most(
    outbox: Outbox, make_worker: Make, channel: FakeChannel, clock: FrozenClock
) -> None:
    ids = [outbox.queue(f"{n}@example.org") for n in range(3)]
    full = range(3, 1000)  # the housekeeping and the claim get through, no outcome does
    with failing_commits(outbox.database, full), pytest.raises(OperationalError):
        make_worker().run_once()
    assert len(channel.sent) == 1, "what cannot be recorded is not followed by another"
    clock.advance(seconds=LEASE.total_seconds())
    make_worker().run_once()
    assert {outbox.get(each).status for each in ids} == {MessageStatus.SENT}
    assert len(channel.sent) == 4
    assert len({message.message_id for message in channel.sent}) == 3


def test_a_locked_database_is_waited_for(
    sqlite_database: Database, clock: FrozenClock, channel: FakeChannel
) -> None:
    message_id = Outbox(sqlite_database, clock).queue()
    blocker = sqlite_database.writer()

    def impatient(raw: sqlite3.Connection, _record: object, _proxy: object) -> None:
        raw.execute("PRAGMA busy_timeout=1")

    def lock(_message: Outgoing) -> None:
        blocker.connection()

    class Patient(StopAfter):
        def wait(self, timeout: float | None = None) -> bool:
            blocker.rollback()
            return super().wait(timeout)

    channel.before = lock
    event.listen(sqlite_database.engine, "checkout", impatient)
    worker = Worker(database=sqlite_database, channel=channel, clock=clock, mail=MAIL)
    stop = Patient(2)
    worker.run(stop)
    assert len(stop.rests) == 2, "one for the lock, one with nothing to do"
    assert Outbox(sqlite_database, clock).get(message_id).status is MessageStatus.SENT
    assert len(channel.sent) == 1


def test_a_clock_that_jumps_ahead_sends_what_is_under_way_once_more_at_most(
    outbox: Outbox, make_worker: Make, channel: FakeChannel, clock: FrozenClock
) -> None:
    message_id = outbox.queue()
    other = make_worker(name="other")

    def jump(_message: Outgoing) -> None:
        channel.before = lambda _message: None
        clock.advance(hours=2)
        other.run_once()

    channel.before = jump
    make_worker().run_once()
    assert len(channel.sent) == 2, "for the other worker the lease had ended"
    assert len({message.message_id for message in channel.sent}) == 1
    assert outbox.get(message_id).status is MessageStatus.SENT
    assert outbox.outcomes(message_id) == [AttemptOutcome.SENT] * 2
    clock.advance(hours=1)
    assert other.run_once() == 0


def test_a_clock_that_is_set_back_delays_and_loses_nothing(
    outbox: Outbox, make_worker: Make, channel: FakeChannel, clock: FrozenClock
) -> None:
    done: list[datetime] = []
    worker = make_worker(chores=[lambda _session, now: done.append(now)])
    first = outbox.queue("first@example.org")
    waiting = outbox.queue("waiting@example.org", due_at=clock() + timedelta(minutes=1))
    abandoned = outbox.queue("abandoned@example.org", lane=Lane.NOTICE)
    with outbox.database.transaction() as session:
        claiming.claim_messages(session, claimer="killed", mail=MAIL, now=clock())
    worker.run_once()
    clock.advance(hours=-3)
    later = outbox.queue("later@example.org")
    worker.run_once()
    with outbox.database.reader() as session:
        assert queries.find_last_heartbeat(session) == clock(), "it shows that it lives"
    assert len(done) == 2, "the chores are done"
    assert outbox.get(later).status is MessageStatus.SENT
    clock.advance(hours=4)
    worker.run_once()
    for each in (first, waiting, abandoned):
        assert outbox.get(each).status is MessageStatus.SENT
    assert len(channel.sent) == 4
