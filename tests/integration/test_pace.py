"""The pace of letters to one recipient, through the worker: in order, and never over a cap."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from itertools import count, pairwise
from threading import Barrier

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from campaign.candidates.models import Person
from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.delivery import service
from campaign.delivery.channels.base import Outgoing
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import DAY, HOUR, Lane, MessageStatus, campaign_scope
from campaign.delivery.service.ramps import pass_ramp
from campaign.delivery.worker import Worker, claiming
from campaign.elections.models import Election
from campaign.letters.models import Letter
from campaign.letters.rules import LetterStatus
from campaign.letters.service import pause_letters, record_delivery, resume_letters, run_chores
from campaign.letters.service.life import move_letter
from campaign.reports.reconciliation import reconcile_letters
from tests.conftest import FrozenClock
from tests.factories import bind_factories
from tests.integration.letters import CORRESPONDENCE, Scene, make_scene

MAIL = MailSettings(sender="letters@campaign.example.org", letters_per_hour=6, letters_per_day=12)
BUSY = "busy@example.org"


class Channel:
    """Takes every message, or refuses it for good while told to."""

    def __init__(self) -> None:
        self.refuses = False

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def send(self, message: Outgoing) -> None:
        if self.refuses:
            raise DeliveryFailed("refused", is_permanent=True, stops_channel=False)


class Office:
    """One worker, a clock that jumps to whatever is due next, and the outbox."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self.database, self.clock = database, clock
        self.channel = Channel()
        self.worker = Worker(
            database=database,
            channel=self.channel,
            clock=clock,
            mail=MAIL,
            on_outcome=partial(record_delivery, correspondence=CORRESPONDENCE),
            jitter=lambda: 0.5,
        )
        self.numbers = count(1)

    def do(self, act: Callable[[Session], object]) -> None:
        with self.database.transaction() as session:
            act(session)

    def queue(self, number: int = 1, *, campaign: int = 1, **changes: object) -> list[int]:
        written = []

        def write(session: Session) -> None:
            for _ in range(number):
                message = service.queue_message(
                    session,
                    mail=MAIL,
                    lane=Lane.LETTER,
                    scope=campaign_scope(campaign),
                    recipient=BUSY,
                    from_name="Jane Smith via Safer streets",
                    subject="Safer streets",
                    body="Dear candidate,\n",
                    now=self.clock(),
                    **changes,  # type: ignore[arg-type]
                )
                written.append(message.id)

        self.do(write)
        return written

    def run(self, **length: float) -> None:
        """Let the worker do what is due for so long."""
        end = self.clock() + timedelta(**length)
        while True:
            self.worker.run_once()
            due_at = self._next_due()
            if due_at is None or due_at >= end:
                break
            # Never quite in time, as in life.
            self.clock.time = max(due_at, self.clock()) + timedelta(seconds=2)
        self.clock.time = max(end, self.clock())

    def _next_due(self) -> datetime | None:
        query = select(func.min(OutboxMessage.due_at)).where(
            OutboxMessage.status == MessageStatus.QUEUED, OutboxMessage.due_at > self.clock()
        )
        with self.database.reader() as session:
            return session.scalar(query)

    def sent(self) -> list[tuple[int, datetime]]:
        """Return number and time of the letters that left, in their order."""
        query = select(OutboxMessage.id, OutboxMessage.sent_at).where(
            OutboxMessage.sent_at.is_not(None), OutboxMessage.lane == Lane.LETTER
        )
        with self.database.reader() as session:
            rows = [(row[0], row[1]) for row in session.execute(query)]
        return sorted(rows, key=lambda row: row[1])

    def due(self) -> dict[int, datetime]:
        query = select(OutboxMessage.id, OutboxMessage.due_at).where(
            OutboxMessage.status == MessageStatus.QUEUED
        )
        with self.database.reader() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def assert_caps_kept(self) -> None:
        times = [at for _number, at in self.sent()]
        for window, cap in ((HOUR, MAIL.letters_per_hour), (DAY, MAIL.letters_per_day)):
            for place, begin in enumerate(times):
                assert sum(each < begin + window for each in times[place:]) <= cap


@pytest.fixture
def office(database: Database, clock: FrozenClock) -> Iterator[Office]:
    office = Office(database, clock)
    yield office
    office.worker.close()


def test_letters_leave_one_by_one_in_their_order(office: Office) -> None:
    ids = office.queue(16)
    office.run(days=3)
    assert [number for number, _at in office.sent()] == ids
    times = [at for _number, at in office.sent()]
    assert min(later - earlier for earlier, later in pairwise(times)) > timedelta(minutes=2)
    office.assert_caps_kept()


def test_a_letter_over_its_limit_gets_its_time_once(office: Office) -> None:
    office.queue(25)
    office.worker.run_once()
    planned = office.due()
    assert len(planned) == 24
    office.clock.advance(minutes=1)
    office.worker.run_once()
    assert office.due() == planned
    first, at = min(planned.items(), key=lambda each: each[1])
    office.clock.time = at
    office.worker.run_once()
    del planned[first]
    assert office.due() == planned


def test_a_new_letter_stands_behind_those_that_wait(office: Office) -> None:
    ids = office.queue(5)
    office.worker.run_once()
    office.clock.advance(minutes=5)
    ids += office.queue(2, campaign=2)
    office.worker.run_once()
    assert [number for number, _at in office.sent()] == ids[:1], "though five minutes are enough"
    office.run(days=1)
    assert [number for number, _at in office.sent()] == ids


def test_letters_that_missed_their_time_keep_their_order(office: Office) -> None:
    ids = office.queue(12)
    office.worker.run_once()
    office.clock.advance(minutes=30)  # Nobody sent meanwhile.
    office.run(days=2)
    assert [number for number, _at in office.sent()] == ids
    office.assert_caps_kept()


def test_a_paused_campaign_stands_in_nobody_s_way(office: Office) -> None:
    paused = office.queue(20)
    office.worker.run_once()
    office.do(
        lambda session: service.pause(
            session, scope=campaign_scope(1), actor="Olive", reason="", now=office.clock()
        )
    )
    others = office.queue(3, campaign=2)
    office.run(hours=2)
    assert [number for number, _at in office.sent()] == [paused[0], *others]
    office.do(lambda session: service.resume(session, campaign_scope(1)))
    office.run(days=2)
    assert [number for number, _at in office.sent()] == [paused[0], *others, *paused[1:]]
    office.assert_caps_kept()


def test_few_letters_leave_at_night_by_the_recipient_s_clock(office: Office) -> None:
    office.clock.time = datetime.fromisoformat("2031-07-01T00:00:00+00:00")
    office.queue(12, timezone="Europe/London")
    office.run(hours=14)
    hours = [at.hour + 1 for _number, at in office.sent()]
    assert max(hours.count(hour) for hour in range(1, 6)) == 1
    assert hours.count(8) + hours.count(9) >= 4


def test_the_last_week_halves_what_leaves(office: Office) -> None:
    office.queue(12, not_after=office.clock() + timedelta(days=3))
    office.run(days=1)
    assert 4 < len(office.sent()) <= MAIL.letters_per_day / 2


def test_several_workers_find_one_place_only(office: Office, database: Database) -> None:
    office.queue(30)
    barrier = Barrier(4)

    def claim(name: str) -> list[int]:
        barrier.wait()
        with database.transaction() as session:
            claims = claiming.claim_messages(session, claimer=name, mail=MAIL, now=office.clock())
            return [each.message_id for each in claims]

    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:
            claimed = [each for ids in pool.map(claim, "abcd") for each in ids]
        assert len(claimed) <= 1
        office.clock.advance(minutes=3)
    assert len(office.due()) >= 27


def test_no_date_edit_or_bulk_release_raises_a_cap(office: Office) -> None:
    """Everything that organisers can do at once, to one address that several campaigns write to."""
    with office.database.writer() as session, bind_factories(session):
        scenes = [
            make_scene(emails=("busy@example.org",)),
            make_scene(emails=("Busy@Example.org", None), id="parl.northmoor.2031-05-22"),
        ]
        campaigns = [scene.campaign.id for scene in scenes]
        elections = [scene.ballot.election_id for scene in scenes]
        for scene in scenes:
            _write(session, scene, office, letters=8)
        session.commit()
    office.run(hours=1)
    office.do(lambda s: _pause(s, campaigns[0], office.clock()))
    office.run(hours=3)

    # A bulk release: letters that had no address get the busy one, and the pause ends.
    office.do(lambda s: s.execute(update(Person).where(Person.email.is_(None)).values(email=BUSY)))
    office.do(lambda s: run_chores(s, correspondence=CORRESPONDENCE, now=office.clock()))
    office.do(
        lambda s: resume_letters(
            s, campaigns[0], actor="organiser:1", reason="mended", now=office.clock()
        )
    )
    office.worker.run_once()

    # The polling day comes nearer, into the last week, and goes away again.
    for days in (4, 40):
        closes = office.clock() + timedelta(days=days)
        office.do(
            lambda s, closes=closes: s.execute(  # type: ignore[misc]
                update(Election)
                .where(Election.id == elections[1])
                .values(poll_closes_at=closes, polling_day=closes.date())
            )
        )
        office.run(hours=2)

    # Some are refused, and a person asks for another round of all of them.
    office.run(hours=16)
    office.channel.refuses = True
    office.run(hours=4)
    office.channel.refuses = False
    failed = select(OutboxMessage.id).where(
        OutboxMessage.status == MessageStatus.FAILED, OutboxMessage.lane == Lane.LETTER
    )
    with office.database.reader() as session:
        numbers = list(session.scalars(failed))
    assert numbers
    for number in numbers:
        office.do(partial(_retry, number=number, now=office.clock()))

    # Another election with the same candidate is imported.
    with office.database.writer() as session, bind_factories(session):
        _write(
            session,
            make_scene(emails=("BUSY@example.org",), id="parl.2031-06-12"),
            office,
            letters=6,
        )
        session.commit()
    office.run(days=6)

    office.assert_caps_kept()
    with office.database.reader() as session:
        states = dict(
            session.execute(select(Letter.status, func.count()).group_by(Letter.status)).all()
        )
        assert list(states) == [LetterStatus.SENT]
        assert states[LetterStatus.SENT] > 2 * MAIL.letters_per_day
        assert not [each for each in reconcile_letters(session) if each.faults]


def _write(session: Session, scene: Scene, office: Office, *, letters: int) -> None:
    # The caps are the subject, which must hold without a ramp.
    pass_ramp(session, campaign_scope(scene.campaign.id), office.clock())
    for _ in range(letters):
        number = next(office.numbers)
        scene.write(
            session,
            now=office.clock(),
            key=f"the key of form {number}",
            email=f"supporter-{number}@example.org",
            is_proven=True,
        )


def _pause(session: Session, campaign_id: int, now: datetime) -> None:
    assert pause_letters(session, campaign_id, actor="organiser:1", reason="a fault", now=now)


def _retry(session: Session, *, number: int, now: datetime) -> None:
    letter = session.scalars(select(Letter).where(Letter.outbox_message_id == number)).one()
    move_letter(session, letter, LetterStatus.QUEUED, actor="organiser:1", now=now)
    service.retry_failed(session, number, now)
