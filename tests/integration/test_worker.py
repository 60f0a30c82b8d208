"""The worker on both databases, with a channel that does as it is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier, Event

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.core.errors import InvalidInput
from campaign.delivery import queries, service
from campaign.delivery.channels.base import Outgoing
from campaign.delivery.errors import DeliveryFailed, MessageNotFailed, MessageNotFound
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import (
    ALL_SCOPES,
    LEASE,
    MAXIMUM_TRIES,
    AttemptOutcome,
    FinalMessage,
    Lane,
    MessageStatus,
    campaign_scope,
)
from campaign.delivery.worker import Worker, claiming, outcomes
from tests.conftest import FrozenClock

MAIL = MailSettings(
    sender="letters@campaign.example.org",
    letters_per_hour=3,
    letters_per_day=5,
    letters_at_once_to_domain=1_000,
)
TEMPORARY = DeliveryFailed("Later (451).", is_permanent=False, code=451)
PERMANENT = DeliveryFailed("No such mailbox (550).", is_permanent=True, code=550)
RELAY_DOWN = DeliveryFailed("No connection.", is_permanent=False, stops_channel=True)


class FakeChannel:
    """Keep what is sent; ``answer`` decides about each message, or a look before each."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.tried: list[Outgoing] = []
        self.closed = 0
        self.answer: Exception | None = None
        self.before: Callable[[Outgoing], None] = lambda _message: None

    def open(self) -> None:
        pass

    def send(self, message: Outgoing) -> None:
        self.tried.append(message)
        self.before(message)
        if self.answer is not None:
            raise self.answer
        self.sent.append(message)

    def close(self) -> None:
        self.closed += 1

    def recipients(self) -> list[str]:
        return [message.recipient for message in self.sent]

    def sent_ids(self) -> list[str]:
        return [message.message_id for message in self.sent]


class Outbox:
    """Arrange and read the outbox, each in a transaction of its own."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self.database = database
        self.clock = clock

    def queue(
        self,
        recipient: str = "candidate@example.org",
        *,
        lane: Lane = Lane.LETTER,
        campaign: int = 1,
        due_at: datetime | None = None,
        not_after: datetime | None = None,
    ) -> int:
        with self.database.transaction() as session:
            return service.queue_message(
                session,
                mail=MAIL,
                lane=lane,
                scope=campaign_scope(campaign),
                recipient=recipient,
                from_name="Jane Smith via Safer streets",
                subject="Safer streets",
                body="Dear candidate,\n",
                now=self.clock(),
                due_at=due_at,
                not_after=not_after,
            ).id

    def get(self, message_id: int) -> OutboxMessage:
        with self.database.reader() as session:
            message = queries.get_message(session, message_id)
            session.expunge(message)
        return message

    def outcomes(self, message_id: int) -> list[AttemptOutcome]:
        with self.database.reader() as session:
            return [attempt.outcome for attempt in queries.list_attempts(session, message_id)]

    def do(self, act: Callable[[Session], object]) -> None:
        with self.database.transaction() as session:
            act(session)

    def claim(self, claimer: str = "another") -> list[int]:
        with self.database.transaction() as session:
            claims = claiming.claim_messages(session, claimer=claimer, mail=MAIL, now=self.clock())
            return [claim.message_id for claim in claims]


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
def outbox(database: Database, clock: FrozenClock) -> Outbox:
    return Outbox(database, clock)


@pytest.fixture
def make_worker(
    database: Database, channel: FakeChannel, clock: FrozenClock
) -> Callable[..., Worker]:
    def make(**changes: object) -> Worker:
        arguments = {"name": "test", "jitter": lambda: 0.5, "channel": channel, "mail": MAIL}
        return Worker(database=database, clock=clock, **(arguments | changes))

    return make


def test_what_is_due_is_sent_and_recorded(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel, clock: FrozenClock
) -> None:
    due = outbox.queue("one@example.org")
    later = outbox.queue("two@example.org", due_at=clock() + timedelta(hours=1))
    assert make_worker().run_once() == 1
    assert channel.recipients() == ["one@example.org"]
    message = outbox.get(due)
    assert (message.status, message.sent_at, message.attempt_count) == (
        MessageStatus.SENT,
        clock(),
        1,
    )
    assert message.claimed_by is None
    assert outbox.outcomes(due) == [AttemptOutcome.SENT]
    assert outbox.get(later).status is MessageStatus.QUEUED
    assert channel.sent[0].message_id == message.message_id
    assert channel.sent[0].return_path == message.return_path


def test_the_try_is_committed_and_no_transaction_open_while_sending(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel
) -> None:
    message_id = outbox.queue()
    seen: list[object] = []

    def look(_message: Outgoing) -> None:
        seen.append((outbox.get(message_id).status, outbox.outcomes(message_id)))
        outbox.queue(due_at=outbox.clock() + timedelta(days=1))  # would wait for a lock

    channel.before = look
    channel.answer = TEMPORARY
    make_worker().run_once()
    assert seen[0] == (MessageStatus.SENDING, [AttemptOutcome.STARTED])


def test_four_workers_claim_distinct_messages(outbox: Outbox, database: Database) -> None:
    queued = {outbox.queue(f"{n}@example.org", lane=Lane.NOTICE) for n in range(60)}
    queued |= {outbox.queue(f"{n}@example.org") for n in range(40)}
    barrier = Barrier(4)

    def claim_all(name: str) -> list[int]:
        barrier.wait()
        claimed: list[int] = []
        while batch := outbox.claim(name):
            claimed += batch
        return claimed

    with ThreadPoolExecutor(4) as pool:
        claimed = [each for ids in pool.map(claim_all, "abcd") for each in ids]
    # A row locked by a neighbour at the last look is skipped, so a few may be left for later.
    while batch := outbox.claim("e"):
        claimed += batch
    assert len(claimed) == len(set(claimed))
    assert set(claimed) == queued


def test_several_workers_keep_the_limit_of_a_recipient(outbox: Outbox) -> None:
    for campaign in (1, 2):
        for _ in range(6):
            outbox.queue("Busy@Example.org" if campaign == 1 else "busy@example.org")
    barrier = Barrier(4)

    def claim_once(name: str) -> list[int]:
        barrier.wait()
        return outbox.claim(name)

    with ThreadPoolExecutor(4) as pool:
        claimed = [each for ids in pool.map(claim_once, "abcd") for each in ids]
    assert len(claimed) == 1, "the first leaves alone"


def test_other_lanes_are_not_limited(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel
) -> None:
    for _ in range(6):
        outbox.queue("busy@example.org", lane=Lane.NOTICE)
    assert make_worker().run_once() == 6


def test_confirmations_leave_before_notices_before_letters(
    outbox: Outbox,
    make_worker: Callable[..., Worker],
    channel: FakeChannel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("campaign.delivery.worker.BATCH_TIME", timedelta(0))
    for n in range(12):
        outbox.queue(f"letter-{n}@example.org")
    outbox.queue("notice@example.org", lane=Lane.NOTICE)
    outbox.queue("confirmation@example.org", lane=Lane.CONFIRMATION)

    def another(message: Outgoing) -> None:
        if message.recipient == "letter-2@example.org":
            outbox.queue("late@example.org", lane=Lane.CONFIRMATION)

    channel.before = another
    make_worker().run_once()
    recipients = channel.recipients()
    assert recipients[:2] == ["confirmation@example.org", "notice@example.org"]
    assert recipients.index("late@example.org") == 2 + 3, "right after the letter in hand"
    assert len(recipients) == 15


@pytest.mark.parametrize("scope", [ALL_SCOPES, campaign_scope(1)])
def test_a_pause_holds_back_its_scope(
    outbox: Outbox,
    make_worker: Callable[..., Worker],
    channel: FakeChannel,
    clock: FrozenClock,
    scope: str,
) -> None:
    outbox.queue("one@example.org", campaign=1)
    outbox.queue("two@example.org", campaign=2)
    outbox.do(lambda s: service.pause(s, scope=scope, actor="Olive", reason="", now=clock()))
    worker = make_worker()
    worker.run_once()
    assert channel.recipients() == ([] if scope == ALL_SCOPES else ["two@example.org"])
    outbox.do(lambda s: service.resume(s, scope))
    worker.run_once()
    assert sorted(channel.recipients()) == ["one@example.org", "two@example.org"]


def test_a_pause_stops_what_is_claimed_already(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel, clock: FrozenClock
) -> None:
    ids = [outbox.queue(f"{n}@example.org") for n in range(4)]

    def pull_the_switch(_message: Outgoing) -> None:
        outbox.do(
            lambda s: service.pause(s, scope="campaign:1", actor="Olive", reason="", now=clock())
        )

    channel.before = pull_the_switch
    make_worker().run_once()
    assert len(channel.sent) == 1
    for message_id in ids[1:]:
        message = outbox.get(message_id)
        assert (message.status, message.claimed_by) == (MessageStatus.QUEUED, None)
        assert outbox.outcomes(message_id) == []


def test_a_temporary_failure_is_tried_again_with_the_same_message_id(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel, clock: FrozenClock
) -> None:
    message_id = outbox.queue()
    channel.answer = TEMPORARY
    worker = make_worker()
    worker.run_once()
    message = outbox.get(message_id)
    assert message.status is MessageStatus.QUEUED
    assert message.due_at == clock() + timedelta(minutes=1)
    assert message.last_error == "Later (451)."
    channel.answer = None
    assert worker.run_once() == 0, "not due yet"
    clock.advance(minutes=1)
    worker.run_once()
    assert outbox.get(message_id).status is MessageStatus.SENT
    assert outbox.outcomes(message_id) == [AttemptOutcome.TEMPORARY_FAILURE, AttemptOutcome.SENT]
    assert len({message.message_id for message in channel.tried}) == 1


def test_the_last_try_fails_for_good_and_a_person_can_ask_for_another_round(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel, clock: FrozenClock
) -> None:
    message_id = outbox.queue()
    channel.answer = TEMPORARY
    told: list[MessageStatus] = []
    worker = make_worker(on_outcome=lambda _s, message, _now: told.append(message.status))
    for _ in range(MAXIMUM_TRIES + 3):
        worker.run_once()
        clock.advance(days=2)
    message = outbox.get(message_id)
    assert message.status is MessageStatus.FAILED
    assert message.last_error == "Later (451)."
    assert len(channel.tried) == MAXIMUM_TRIES
    assert told == [MessageStatus.FAILED]
    with outbox.database.reader() as session:
        assert [m.id for m in queries.list_failed_messages(session, "campaign:1")] == [message_id]
        assert queries.list_failed_messages(session, "campaign:2") == []

    outbox.do(lambda s: service.retry_failed(s, message_id, clock()))
    worker.run_once()
    assert outbox.get(message_id).status is MessageStatus.QUEUED, "a whole round again"
    channel.answer = None
    clock.advance(days=2)
    worker.run_once()
    assert outbox.get(message_id).status is MessageStatus.SENT
    assert len(outbox.outcomes(message_id)) == MAXIMUM_TRIES + 2


@pytest.mark.parametrize("error", [PERMANENT, InvalidInput("Not one plain address.")])
def test_a_permanent_failure_is_not_tried_again(
    outbox: Outbox,
    make_worker: Callable[..., Worker],
    channel: FakeChannel,
    clock: FrozenClock,
    error: Exception,
) -> None:
    message_id = outbox.queue()
    channel.answer = error
    make_worker().run_once()
    message = outbox.get(message_id)
    assert (message.status, message.failed_at) == (MessageStatus.FAILED, clock())
    assert message.last_error == str(error)
    assert outbox.outcomes(message_id) == [AttemptOutcome.PERMANENT_FAILURE]


def test_a_broken_channel_ends_neither_worker_nor_message(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel
) -> None:
    ids = [outbox.queue(f"{n}@example.org") for n in range(2)]
    channel.answer = ZeroDivisionError("jane@example.org")
    make_worker().run_once()
    assert [outbox.get(m).status for m in ids] == [MessageStatus.QUEUED] * 2
    assert "jane" not in outbox.get(ids[0]).last_error


def test_a_relay_that_is_down_costs_one_message_one_try(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel, clock: FrozenClock
) -> None:
    ids = [outbox.queue(f"{n}@example.org", lane=Lane.NOTICE) for n in range(8)]
    channel.answer = RELAY_DOWN
    worker = make_worker()
    assert worker.run_once() == 1
    assert worker.channel_failure is RELAY_DOWN
    assert {outbox.get(m).status for m in ids} == {MessageStatus.QUEUED}
    assert sum(len(outbox.outcomes(m)) for m in ids) == 1
    channel.answer = None
    clock.advance(minutes=1)
    assert worker.run_once() == 8
    assert worker.channel_failure is None


def test_a_killed_worker_s_message_is_taken_over_when_the_lease_ends(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel, clock: FrozenClock
) -> None:
    message_id = outbox.queue()

    def power_cut(_message: Outgoing) -> None:
        raise KeyboardInterrupt

    channel.before = power_cut
    with pytest.raises(KeyboardInterrupt):
        make_worker().run_once()
    channel.before = lambda _message: None
    # The interrupt lets the worker tidy up; a kill does not: put the claim back as it was.
    with outbox.database.transaction() as session:
        message = queries.get_message(session, message_id)
        message.status = MessageStatus.SENDING
        message.claimed_by, message.lease_ends_at = "killed", clock() + LEASE
    assert make_worker().run_once() == 0, "the lease holds"
    clock.advance(seconds=LEASE.total_seconds())
    assert make_worker().run_once() == 1
    assert outbox.outcomes(message_id) == [AttemptOutcome.STARTED, AttemptOutcome.SENT]
    assert outbox.get(message_id).attempt_count == 2


def test_a_message_that_ends_every_worker_fails_in_the_end(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel, clock: FrozenClock
) -> None:
    message_id = outbox.queue()
    for _ in range(MAXIMUM_TRIES):
        with outbox.database.transaction() as session:
            (claim,) = claiming.claim_messages(session, claimer="victim", mail=MAIL, now=clock())
            outcomes.begin_attempt(session, claim, claimer="victim", now=clock())
        clock.advance(seconds=LEASE.total_seconds())
        outbox.do(lambda s: claiming.take_over_expired(s, now=clock()))
    make_worker().run_once()
    assert channel.tried == []
    assert outbox.get(message_id).status is MessageStatus.FAILED


def test_the_handler_shares_the_transaction_of_the_outcome(
    outbox: Outbox, make_worker: Callable[..., Worker], clock: FrozenClock
) -> None:
    message_id = outbox.queue()

    def handler(session: Session, message: FinalMessage, now: datetime) -> None:
        assert (message.id, message.status, now) == (message_id, MessageStatus.SENT, clock())
        service.pause(session, scope="campaign:9", actor="handler", reason="", now=now)

    make_worker(on_outcome=handler).run_once()
    with outbox.database.reader() as session:
        assert queries.find_pause(session, "campaign:9") is not None


def test_a_handler_s_error_marks_nothing_sent_and_sends_nothing_twice(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel, clock: FrozenClock
) -> None:
    message_id = outbox.queue()
    errors: list[Exception] = [ValueError("a fault in the handler")]

    def handler(session: Session, message: FinalMessage, now: datetime) -> None:
        service.pause(session, scope="campaign:9", actor="handler", reason="", now=now)
        if errors:
            raise errors.pop()

    worker = make_worker(on_outcome=handler)
    worker.run_once()
    assert outbox.get(message_id).status is MessageStatus.SENDING
    assert outbox.outcomes(message_id) == [AttemptOutcome.SENT]
    with outbox.database.reader() as session:
        assert queries.find_pause(session, "campaign:9") is None, "rolled back with the rest"
    clock.advance(minutes=2)
    worker.run_once()
    assert outbox.get(message_id).status is MessageStatus.SENT
    assert len(channel.sent) == 1


def test_an_outcome_survives_a_database_that_is_away_for_a_while(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel
) -> None:
    message_id = outbox.queue()
    away = [OperationalError("", None, Exception("restarting")) for _ in range(3)]

    def handler(_session: Session, _message: FinalMessage, _now: datetime) -> None:
        if away:
            raise away.pop()

    worker = make_worker(on_outcome=handler)
    worker.run_once()
    assert outbox.get(message_id).status is MessageStatus.SENT
    assert len(channel.sent) == 1


class StopAfter:
    """Let the worker take some rests, then stop it."""

    def __init__(self, rests: int) -> None:
        self.rests: list[float] = []
        self._left = rests

    def is_set(self) -> bool:
        return len(self.rests) >= self._left

    def wait(self, timeout: float | None = None) -> bool:
        self.rests.append(timeout or 0)
        return self.is_set()


def test_run_survives_a_database_that_does_not_answer(
    outbox: Outbox, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = outbox.queue()
    real, calls = claiming.claim_messages, []

    def flaky(*args: object, **kwargs: object) -> list[claiming.Claim]:
        calls.append(1)
        if len(calls) <= 2:
            raise OperationalError("", None, Exception("database is locked"))
        return real(*args, **kwargs)

    monkeypatch.setattr(claiming, "claim_messages", flaky)
    stop = StopAfter(3)
    make_worker().run(stop)
    assert outbox.get(message_id).status is MessageStatus.SENT
    assert stop.rests == [5.0, 10.0, 1.0]


def test_run_rests_longer_while_the_channel_fails(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel
) -> None:
    for n in range(9):
        outbox.queue(f"{n}@example.org")
    channel.answer = RELAY_DOWN
    stop = StopAfter(6)
    make_worker().run(stop)
    assert stop.rests == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]
    assert channel.closed


def test_a_stop_finishes_the_message_in_hand_and_puts_back_the_rest(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel
) -> None:
    ids = [outbox.queue(f"{n}@example.org") for n in range(4)]
    stop = Event()
    channel.before = lambda _message: stop.set()
    make_worker().run(stop)
    assert [outbox.get(m).status for m in ids] == [
        MessageStatus.SENT,
        *[MessageStatus.QUEUED] * 3,
    ]
    assert all(outbox.get(m).claimed_by is None for m in ids)
    assert channel.closed == 1


def test_chores_run_each_minute_and_an_error_stops_nothing(
    outbox: Outbox, make_worker: Callable[..., Worker], clock: FrozenClock
) -> None:
    done: list[datetime] = []

    def broken(session: Session, now: datetime) -> None:
        service.pause(session, scope="all", actor="chore", reason="", now=now)
        raise ValueError("a fault in the chore")

    def sound(_session: Session, now: datetime) -> None:
        done.append(now)

    worker = make_worker(chores=[broken, sound])
    message_id = outbox.queue()
    worker.run_once()
    worker.run_once()
    assert done == [clock()]
    assert outbox.get(message_id).status is MessageStatus.SENT
    clock.advance(minutes=1)
    worker.run_once()
    assert len(done) == 2


def test_the_worker_shows_that_it_lives(
    outbox: Outbox, make_worker: Callable[..., Worker], clock: FrozenClock
) -> None:
    worker = make_worker()
    worker.run_once()
    clock.advance(minutes=1)
    worker.run_once()
    with outbox.database.reader() as session:
        assert queries.find_last_heartbeat(session) == clock()


def test_messages_are_counted_by_where_they_stand(
    outbox: Outbox, make_worker: Callable[..., Worker], clock: FrozenClock
) -> None:
    outbox.queue("one@example.org", campaign=1)
    make_worker().run_once()
    outbox.queue("two@example.org", campaign=1)
    outbox.queue("three@example.org", campaign=2)
    outbox.do(lambda s: service.pause(s, scope="campaign:2", actor="O", reason="", now=clock()))
    with outbox.database.reader() as session:
        counts = queries.count_messages_by_status(session, "campaign:1")
        assert counts[MessageStatus.SENT] == counts[MessageStatus.QUEUED] == 1
        assert counts[MessageStatus.FAILED] == 0
        assert sum(queries.count_messages_by_status(session).values()) == 3
        assert queries.count_due(session, clock()) == 1
        assert queries.find_oldest_due_at(session, clock()) == clock()


def test_only_failed_messages_get_another_round(outbox: Outbox, clock: FrozenClock) -> None:
    message_id = outbox.queue()
    with pytest.raises(MessageNotFailed):
        outbox.do(lambda s: service.retry_failed(s, message_id, clock()))
    with pytest.raises(MessageNotFound):
        outbox.do(lambda s: service.retry_failed(s, message_id + 1, clock()))


def test_a_cancelled_message_does_not_leave(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel
) -> None:
    message_id = outbox.queue()
    outbox.do(lambda s: service.cancel_message(s, message_id))
    assert make_worker().run_once() == 0
    assert outbox.get(message_id).status is MessageStatus.CANCELLED


def test_nothing_leaves_once_it_is_too_late(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel, clock: FrozenClock
) -> None:
    close = clock() + timedelta(minutes=1)
    letter = outbox.queue(not_after=close)
    outbox.queue("two@example.org", lane=Lane.NOTICE)
    clock.time = close
    with outbox.database.reader() as session:
        assert queries.count_due(session, clock()) == 1
    assert make_worker().run_once() == 1
    assert channel.recipients() == ["two@example.org"]
    assert outbox.get(letter).status is MessageStatus.QUEUED
    in_time = outbox.queue("three@example.org", not_after=close + timedelta(seconds=1))
    assert make_worker().run_once() == 1
    assert outbox.get(in_time).status is MessageStatus.SENT


def test_what_becomes_too_late_while_it_waits_its_turn_is_put_back(
    outbox: Outbox, make_worker: Callable[..., Worker], channel: FakeChannel, clock: FrozenClock
) -> None:
    close = clock() + timedelta(minutes=1)
    first, second = outbox.queue(not_after=close), outbox.queue("b@example.org", not_after=close)
    channel.before = lambda _message: setattr(clock, "time", close)
    assert make_worker().run_once() == 1
    assert outbox.get(first).status is MessageStatus.SENT, "it had left when the poll closed"
    message = outbox.get(second)
    assert (message.status, message.claimed_by) == (MessageStatus.QUEUED, None)
    assert outbox.outcomes(second) == []
