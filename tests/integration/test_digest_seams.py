"""Digests beside what came to be at the same time: ramp, pace, pauses, answers, retries."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.delivery.models import DeliveryRamp, DomainPause, OutboxMessage, RampMessage
from campaign.delivery.queries import find_lines
from campaign.delivery.rules import Lane, MessageStatus, campaign_scope
from campaign.delivery.service import queue_message
from campaign.delivery.worker import Worker
from campaign.letters.rules import HeldReason
from campaign.letters.service import (
    FollowPolls,
    hold_answered_letters,
    keep_pauses,
    pause_letters,
    record_delivery,
    resume_letters,
)
from campaign.letters.service.retrying import retry_letters
from campaign.pledges.models import InvitationTimetable
from campaign.pledges.service.invitations import note_invitation
from campaign.reports.backlog import get_backlog
from campaign.reports.expected_letters import ExpectedKind, expect_letters
from tests.conftest import FrozenClock
from tests.factories import bind_factories
from tests.integration.letters import CORRESPONDENCE, letters_of, make_scene, messages_of
from tests.integration.test_digests import TONIGHT, Place, place, three
from tests.integration.test_worker import FakeChannel

__all__ = ["place"]

MAIL = MailSettings(channel="mailbox", letters_per_hour=6, letters_per_day=12)


def made(place: Place) -> OutboxMessage:
    """Arrange a digest of three letters in the outbox."""
    place.choose()
    three(place)
    place.do_chores(TONIGHT)
    (digest,) = place.letters_out()
    return digest


def pause(place: Place) -> None:
    pause_letters(
        place.session, place.campaign.id, actor="organiser:1", reason="stop", now=place.clock()
    )
    place.check()


def resume(place: Place) -> None:
    resume_letters(
        place.session, place.campaign.id, actor="organiser:1", reason="go", now=place.clock()
    )
    place.check()


# Kill switch


def test_many_letters_that_wait_for_a_digest_follow_the_switch_in_batches(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.letters.service.pausing.AT_ONCE", 1)
    monkeypatch.setattr("campaign.letters.service.pausing.BATCH", 1)
    place.choose()
    three(place)
    pause(place)
    assert sorted(place.states()) == ["held", "queued", "queued"]
    while keep_pauses(place.session, place.clock()):
        place.check()
    assert place.states() == ["held"] * 3
    resume(place)
    assert sorted(place.states()) == ["held", "held", "queued"]
    while keep_pauses(place.session, place.clock()):
        place.check()
    assert place.states() == ["queued"] * 3
    assert not place.letters_out(), "they wait for the same digest as before"
    place.do_chores(TONIGHT)
    place.settle(*place.letters_out())
    assert place.states() == ["sent"] * 3


def test_a_digest_that_fell_into_a_pause_leaves_soon_after_it(place: Place) -> None:
    place.choose()
    three(place)
    pause(place)
    place.do_chores(TONIGHT + timedelta(hours=1))
    resume(place)
    place.do_chores()
    place.settle(*place.letters_out())
    assert place.states() == ["sent"] * 3


# Answers


@pytest.mark.parametrize("is_paused", [False, True])
def test_an_answer_frees_the_companions_of_those_it_overtakes(
    place: Place, is_paused: bool
) -> None:
    place.choose()
    place.letter("Jane Smith", "My own words.")
    place.letter("Joan Brown")
    place.clock.advance(hours=1)
    answered_at = place.clock()
    place.clock.advance(hours=1)
    place.letter("Bo Green")
    place.do_chores(TONIGHT)
    (digest,) = place.letters_out()
    if is_paused:
        pause(place)
    held = hold_answered_letters(
        place.session,
        {place.candidacies[0].id: answered_at},
        campaign_id=place.campaign.id,
        now=place.clock(),
    )
    assert held == 2
    assert place.states() == ["held", "held", "held" if is_paused else "queued"]
    reasons = [each.held_reason for each in letters_of(place.session)]
    assert reasons[:2] == [HeldReason.CANDIDATE_ANSWERED] * 2
    assert digest.status is MessageStatus.CANCELLED
    if is_paused:
        resume(place)
    place.do_chores()
    if is_paused:  # Placed anew, it waits for the next one.
        place.do_chores(TONIGHT + timedelta(days=1))
    place.settle(*place.letters_out())
    assert place.states() == ["held", "held", "sent"]


# Retries


def test_all_letters_of_a_digest_that_failed_leave_with_it_again(place: Place) -> None:
    digest = made(place)
    place.settle(digest, sent=False)
    assert place.states() == ["failed"] * 3
    retried = retry_letters(
        place.session,
        place.campaign.id,
        error=digest.last_error,
        only=digest.id,
        stopped=(),
        actor="organiser:1",
        reason="the mailbox works again",
        now=place.clock(),
    )
    assert retried == 3
    assert place.states() == ["queued"] * 3
    place.check()
    place.do_chores()
    (again,) = place.letters_out()
    assert again.id == digest.id
    place.settle(again)
    assert place.states() == ["sent"] * 3


# The worker


def make_worker(database: Database, clock: FrozenClock, channel: FakeChannel) -> Worker:
    return Worker(
        database=database,
        channel=channel,
        clock=clock,
        mail=MAIL,
        on_outcome=partial(record_delivery, correspondence=CORRESPONDENCE),
    )


@pytest.fixture
def in_place(database: Database, clock: FrozenClock) -> Callable[[Callable[[Place], None]], None]:
    """Do something in a place that is committed, where a worker finds it."""
    known: list[Place] = []

    def act(what: Callable[[Place], None]) -> None:
        with database.transaction() as session, bind_factories(session):
            if not known:
                scene = make_scene(timezone="Europe/London")
                known.append(Place(scene.campaign, scene.ballot, scene.candidacies))
                known[0].session, known[0].clock = session, clock
                session.flush()
            found = known[0]
            for each in (found.campaign, found.ballot, *found.candidacies):
                if each not in session:
                    session.add(each)
            found.session = session
            what(found)
            found.check()

    return act


def test_a_digest_takes_one_place_of_the_ramp(
    in_place: Callable[[Callable[[Place], None]], None], database: Database, clock: FrozenClock
) -> None:
    in_place(lambda place: void(made(place)))
    channel = FakeChannel()
    make_worker(database, clock, channel).run_once()
    with database.reader() as session:
        assert [each.status.value for each in letters_of(session)] == ["sent"] * 3
        (taken,) = session.scalars(select(RampMessage))
        digest = session.get_one(OutboxMessage, taken.outbox_message_id)
        assert digest.status is MessageStatus.SENT
    assert len([each for each in channel.sent if each.recipient == "ann@example.org"]) == 1


def test_a_domain_s_pause_keeps_a_digest_with_all_its_letters(
    in_place: Callable[[Callable[[Place], None]], None], database: Database, clock: FrozenClock
) -> None:
    in_place(lambda place: void(made(place)))
    ends_at = clock() + timedelta(hours=1)
    with database.transaction() as session:
        pause = DomainPause(
            domain="example.org", paused_at=clock(), ends_at=ends_at, refusals=1, reason="421"
        )
        session.add(pause)
    channel = FakeChannel()
    worker = make_worker(database, clock, channel)
    worker.run_once()
    with database.reader() as session:
        assert [each.status.value for each in letters_of(session)] == ["queued"] * 3
    for _ in range(4):
        clock.advance(hours=1)
        worker.run_once()
    with database.reader() as session:
        assert [each.status.value for each in letters_of(session)] == ["sent"] * 3
    assert len([each for each in channel.sent if each.recipient == "ann@example.org"]) == 1


def void(_value: object) -> None:
    """Take a value and give none."""


# Expected times and lines


def test_a_digest_is_one_mail_in_its_line(place: Place) -> None:
    made(place)
    backlog = get_backlog(place.session, place.campaign.id, mail=MAIL, now=place.clock())
    assert [(each.waiting, each.of_campaign) for each in backlog.rows] == [(1, 1)]
    letter = letters_of(place.session)[1]
    expected = expect_letters(
        place.session, letter.action, mail=MAIL, timezone="Europe/London", now=place.clock()
    )
    assert expected[letter.id].kind is ExpectedKind.SOON


def test_an_invitation_stands_in_the_line_without_a_letter(place: Place) -> None:
    timetable = InvitationTimetable(
        campaign_id=place.campaign.id,
        invite_at=place.clock(),
        first_reminder_days=7,
        second_reminder_days=0,
        planned_at=place.clock(),
        planned_by="organiser:1",
    )
    place.session.add(timetable)
    place.session.flush()
    for step in range(2):
        message = queue_message(
            place.session,
            mail=MAIL,
            lane=Lane.LETTER,
            scope=campaign_scope(place.campaign.id),
            recipient="ann@example.org",
            from_name="Safer streets",
            subject="Three questions",
            body="Dear Ann Able,\n",
            now=place.clock(),
            not_after=place.ballot.election.poll_closes_at,
        )
        note_invitation(
            place.session,
            timetable,
            candidacy_id=place.candidacies[0].id,
            step=step,
            message_id=message.id,
            now=place.clock(),
        )
    place.session.flush()
    backlog = get_backlog(place.session, place.campaign.id, mail=MAIL, now=place.clock())
    assert (backlog.letters, backlog.addresses, backlog.late_addresses) == (2, 1, 0)
    (row,) = backlog.rows
    assert (row.names, row.waiting) == ("Ann Able", 2)
    place.check()
    pause(place)
    line = find_lines(place.session, {"ann@example.org"}, place.clock())["ann@example.org"]
    assert not line.waiting
    resume(place)
    place.ballot.election.poll_closes_at += timedelta(days=7)
    do_polls(place, FollowPolls())
    ends = {each.not_after for each in messages_of(place.session, Lane.LETTER)}
    assert ends == {place.ballot.election.poll_closes_at}, "an invitation follows its poll too"


# The poll moves


def do_polls(place: Place, chore: FollowPolls) -> None:
    while chore(place.session, place.clock()):
        pass
    place.session.flush()
    place.session.expire_all()


@pytest.mark.parametrize("days", [7, -7])
def test_the_outbox_follows_a_poll_that_is_moved(place: Place, days: int) -> None:
    made(place)
    place.letter("Kim Gray", to=1)
    election, chore = place.ballot.election, FollowPolls()
    do_polls(place, chore)
    do_polls(place, chore)
    election.poll_closes_at += timedelta(days=days)
    election.polling_day += timedelta(days=days)
    do_polls(place, chore)
    assert {each.not_after for each in place.letters_out()} == {election.poll_closes_at}
    assert len(place.letters_out()) == 2


def test_what_failed_before_the_poll_was_moved_can_leave_after_its_first_day(
    place: Place,
) -> None:
    digest, chore = made(place), FollowPolls()
    do_polls(place, chore)
    place.settle(digest, sent=False)
    place.ballot.election.poll_closes_at += timedelta(days=7)
    do_polls(place, chore)
    place.session.refresh(digest)
    assert digest.not_after == place.ballot.election.poll_closes_at


def test_a_poll_that_comes_nearer_stops_what_is_too_late(place: Place) -> None:
    made(place)
    chore = FollowPolls()
    do_polls(place, chore)
    place.ballot.election.poll_closes_at = place.clock() + timedelta(hours=1)
    do_polls(place, chore)
    place.do_chores(place.clock() + timedelta(hours=2))
    assert not place.letters_out()
    assert {each.held_reason for each in letters_of(place.session)} == {HeldReason.CALENDAR}
    # And it goes away again: they leave after all.
    place.ballot.election.poll_closes_at = place.clock() + timedelta(days=9)
    do_polls(place, chore)
    place.do_chores()
    place.do_chores(place.clock() + timedelta(days=1))
    place.settle(*place.letters_out())
    assert place.states() == ["sent"] * 3


def test_a_poll_that_comes_nearer_hastens_what_waits_for_a_digest(place: Place) -> None:
    place.choose()
    place.clock.time = TONIGHT + timedelta(minutes=5)
    three(place)
    chore = FollowPolls()
    do_polls(place, chore)
    closes_at = place.clock() + timedelta(hours=6)
    place.ballot.election.poll_closes_at = closes_at
    do_polls(place, chore)
    waiting = [each.digest_at for each in letters_of(place.session)]
    assert all(each is not None and each < closes_at for each in waiting)
    place.do_chores(max(each for each in waiting if each is not None))
    place.settle(*place.letters_out())
    assert place.states() == ["sent"] * 3


def test_messages_queued_in_the_moment_of_a_change_follow_too(place: Place) -> None:
    chore = FollowPolls()
    do_polls(place, chore)
    digest = made(place)
    digest.not_after = datetime(2031, 5, 2, tzinfo=UTC)
    place.session.flush()
    do_polls(place, chore)
    assert digest.not_after == place.ballot.election.poll_closes_at


def test_who_waits_for_the_ramp_reads_no_time_before_it(place: Place) -> None:
    letter = place.letter(to=1)
    ends_at = place.clock() + timedelta(hours=2)
    scope = campaign_scope(place.campaign.id)
    ramp = DeliveryRamp(scope=scope, step=0, begun_at=place.clock(), waits_until=ends_at)
    place.session.add(ramp)
    place.session.flush()
    line = find_lines(place.session, {"bob@example.org"}, place.clock())["bob@example.org"]
    assert [waiting.earliest for _number, waiting in line.waiting] == [ends_at]
    expected = expect_letters(
        place.session, letter.action, mail=MAIL, timezone="Europe/London", now=place.clock()
    )
    assert expected[letter.id].kind is ExpectedKind.TODAY
