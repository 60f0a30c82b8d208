"""Invitations and reminders: to all who can be reached, never to one who answered, never twice."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.rules import CandidacyStatus
from campaign.core.db import Database
from campaign.core.toolkit import Toolkit
from campaign.delivery.models import OutboxMessage
from campaign.delivery.returns import SuppressionReason
from campaign.delivery.rules import Lane, MessageStatus, campaign_scope
from campaign.delivery.service import suppress
from campaign.followups.answers import publish_answers
from campaign.followups.invitation_plans import (
    Timetable,
    call_roll,
    halt_invitations,
    preview_invitations,
    start_invitations,
)
from campaign.followups.invitations import run_invitation_chores
from campaign.followups.requests import correct_candidate_address
from campaign.followups.retries import retry_invitations
from campaign.pledges.errors import InvitationsRefused
from campaign.pledges.models import Invitation
from campaign.pledges.queries import (
    StepFigures,
    count_invitations,
    list_failed_invitations,
    map_invited,
)
from campaign.pledges.rules import RequestKind, Stance
from campaign.pledges.service import AnswerDoor, GivenAnswer, note_request
from campaign.reports.register import count_standings
from tests.factories import BallotFactory, CandidacyFactory, bind_factories
from tests.factories.pledges import published
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.integration.candidates import NOW, make_toolkit, sent

DAY = timedelta(days=1)


@pytest.fixture
def world(session: Session) -> PledgeWorld:
    return pledge_world()


@pytest.fixture
def tools(database: Database) -> Toolkit:
    return make_toolkit(database)


def start(session: Session, world: PledgeWorld, *, at: datetime = NOW, days: int = 5) -> None:
    plan = Timetable(invite_at=at, first_reminder_days=days, second_reminder_days=days)
    start_invitations(session, world.campaign, plan, actor="organiser:1", now=NOW)


def mailed(session: Session) -> list[tuple[str, str]]:
    """Return the mails so far as recipients' names and what it was."""
    rows = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.lane == Lane.LETTER, OutboxMessage.status != MessageStatus.CANCELLED)
        .order_by(OutboxMessage.id)
    )
    return [
        (each.body.split(",")[0].removeprefix("Dear "), each.subject.split(":")[0].split()[0])
        for each in rows
    ]


def test_everybody_reachable_is_invited_and_reminded_twice_and_then_left_in_peace(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    start(session, world)
    both = ["Ann Ash", "Bob Birch"]
    for _again in range(2):
        run_invitation_chores(tools, session, NOW)
    assert [name for name, _what in mailed(session)] == both
    run_invitation_chores(tools, session, NOW + 6 * DAY)
    assert len(mailed(session)) == 2, "no reminder of what has not left"
    left_at = NOW + 6 * DAY
    sent(session, left_at)
    run_invitation_chores(tools, session, left_at + 5 * DAY - timedelta(minutes=1))
    assert len(mailed(session)) == 2
    run_invitation_chores(tools, session, left_at + 5 * DAY)
    assert mailed(session)[2:] == [(name, "Reminder") for name in both]
    sent(session, left_at + 5 * DAY)
    run_invitation_chores(tools, session, left_at + 10 * DAY)
    assert len(mailed(session)) == 6
    assert (
        "our last reminder"
        in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first().body
    )
    sent(session, left_at + 10 * DAY)
    run_invitation_chores(tools, session, left_at + 15 * DAY - timedelta(hours=1))
    assert len(mailed(session)) == 6, "at most two reminders"


def test_a_mail_obeys_what_letters_obey_and_never_leaves_after_the_poll(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    start(session, world)
    run_invitation_chores(tools, session, NOW)
    message = session.scalars(select(OutboxMessage)).first()
    assert message is not None
    assert message.lane is Lane.LETTER, "so limits, pauses and stopped addresses hold"
    assert message.scope == campaign_scope(world.campaign.id)
    assert message.not_after == world.election.poll_closes_at
    assert "/answer/" in message.body
    assert str(world.campaign.imprint) in message.body


def test_asked_are_those_whose_invitation_has_left(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    def asked() -> int:
        return count_standings(session, world.election.id, campaign_id=world.campaign.id)[2]

    start(session, world)
    run_invitation_chores(tools, session, NOW)
    session.flush()
    assert asked() == 0
    sent(session, NOW + timedelta(minutes=4))
    run_invitation_chores(tools, session, NOW + timedelta(minutes=5))
    session.expire_all()
    assert asked() == 2
    dates = session.scalars(select(Invitation.sent_at)).all()
    assert dates == [NOW + timedelta(minutes=4)] * 2


@pytest.mark.parametrize(
    "case",
    [
        "answered",
        "recorded",
        "nothing_more",
        "wrong_address",
        "bounced",
        "withdrawn",
        "cancelled",
        "no",
    ],
)
def test_who_is_never_invited(
    tools: Toolkit, session: Session, world: PledgeWorld, case: str
) -> None:
    ann = world.candidacies[0]
    other = CandidacyFactory(ballot=BallotFactory(election=world.election), person__name="Cy Elm")
    if case == "answered":
        given = GivenAnswer(world.asks[1].id, Stance.DECLINED, "")
        publish_answers(tools, session, AnswerDoor(world.campaign, ann), [given], now=NOW)
        sent(session, NOW)
    elif case == "recorded":
        published(session, world, now=NOW)  # Said at a hustings; two organisers have seen it.
    elif case in ("nothing_more", "wrong_address"):
        ids = {"campaign_id": world.campaign.id, "candidacy_id": ann.id}
        note_request(session, **ids, kind=RequestKind(case), now=NOW)
    elif case == "bounced":
        key = (ann.person.email or "").casefold()
        suppress(session, key, reason=SuppressionReason.HARD_BOUNCE, source="x", now=NOW)
    elif case == "withdrawn":
        ann.status = CandidacyStatus.WITHDRAWN
    elif case == "no":
        ann.person.email = None
    else:
        ann.ballot.is_cancelled = True
    session.flush()
    start(session, world)
    run_invitation_chores(tools, session, NOW)
    names = {name for name, _what in mailed(session)}
    expected = {"Cy Elm"} if case == "cancelled" else {"Bob Birch", "Cy Elm"}
    assert names == expected
    roll = call_roll(session, world.campaign, now=NOW)
    parts = (
        roll.without_address + roll.answered + roll.refusing + roll.stopped
        + roll.invited + roll.to_invite
    )  # fmt: skip
    assert roll.standing == parts
    assert (roll.invited, roll.to_invite) == (len(expected), 0)
    assert other.id


def test_what_waits_in_the_outbox_is_taken_back_from_who_answers(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    start(session, world)
    run_invitation_chores(tools, session, NOW)
    given = GivenAnswer(world.asks[0].id, Stance.YES, "")
    door = AnswerDoor(world.campaign, world.candidacies[0])
    publish_answers(tools, session, door, [given], now=NOW)
    run_invitation_chores(tools, session, NOW + timedelta(minutes=1))
    session.expire_all()
    assert [name for name, _what in mailed(session)] == ["Bob Birch"]


def failed(session: Session, index: int, at: datetime) -> OutboxMessage:
    """Let a candidate's newest mail be given up."""
    session.flush()
    message = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()[index]
    message.status, message.failed_at = MessageStatus.FAILED, at
    message.last_error, message.attempt_count = "451 the relay is out of its depth", 9
    session.flush()
    return message


def test_what_could_not_be_sent_is_listed_and_tried_again(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    ids = world.campaign.id
    start(session, world)
    run_invitation_chores(tools, session, NOW)
    ann, bob = failed(session, 0, NOW), failed(session, 1, NOW + DAY)
    run_invitation_chores(tools, session, NOW + DAY)
    assert count_invitations(session, ids) == {0: StepFigures(sent=0, waiting=0, failed=2)}
    roll = call_roll(session, world.campaign, now=NOW + DAY)
    assert (roll.invited, roll.failed, roll.to_invite) == (0, 2, 0)
    listed = list_failed_invitations(session, ids, now=NOW + DAY)
    assert [(each.candidate, each.step, each.tries) for each in listed] == [
        ("Bob Birch", 0, 9),
        ("Ann Ash", 0, 9),
    ]
    assert listed[0].error == bob.last_error
    assert retry_invitations(session, ids, only=bob.id + 1, now=NOW + DAY) == 0
    assert retry_invitations(session, ids, only=bob.id, now=NOW + DAY) == 1
    assert (ann.status, bob.status) == (MessageStatus.FAILED, MessageStatus.QUEUED)
    sent(session, NOW + DAY)
    run_invitation_chores(tools, session, NOW + DAY)
    assert count_invitations(session, ids) == {0: StepFigures(sent=1, waiting=0, failed=1)}
    assert retry_invitations(session, ids, only=None, now=NOW + DAY) == 1
    assert list_failed_invitations(session, ids, now=NOW + DAY) == []


@pytest.mark.parametrize("why", ["answered", "withdrew", "no mail", "stopped", "closed"])
def test_what_should_not_be_tried_again_is_not_and_is_forgotten(
    tools: Toolkit, session: Session, world: PledgeWorld, why: str
) -> None:
    ids, ann, now = world.campaign.id, world.candidacies[0], NOW + DAY
    start(session, world)
    run_invitation_chores(tools, session, NOW)
    message = failed(session, 0, NOW)
    if why == "answered":
        given = GivenAnswer(world.asks[0].id, Stance.YES, "")
        publish_answers(tools, session, AnswerDoor(world.campaign, ann), [given], now=now)
    elif why == "withdrew":
        ann.status = CandidacyStatus.WITHDRAWN
    elif why == "no mail":
        note_request(
            session, campaign_id=ids, candidacy_id=ann.id, kind=RequestKind.NOTHING_MORE, now=now
        )
    elif why == "stopped":
        halt_invitations(session, world.campaign, actor="organiser:1", now=now)
    else:
        now = world.election.poll_closes_at
    session.flush()
    assert retry_invitations(session, ids, only=None, now=now) == 0
    assert message.status is MessageStatus.FAILED
    run_invitation_chores(tools, session, now)
    assert list_failed_invitations(session, ids, now=now) == []
    assert 0 not in count_invitations(session, ids) or not count_invitations(session, ids)[0].failed


def test_a_new_timetable_invites_whom_the_stopped_one_could_not_reach(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    start(session, world)
    run_invitation_chores(tools, session, NOW)
    failed(session, 0, NOW)
    halt_invitations(session, world.campaign, actor="organiser:1", now=NOW)
    start(session, world)
    run_invitation_chores(tools, session, NOW + DAY)
    again = [each for each in mailed(session) if each[0] == "Ann Ash"]
    assert len(again) == 2, "the one that failed, and a new one"


def test_an_address_that_comes_later_or_is_mended_is_invited_then(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    ann, bob = (each.person for each in world.candidacies)
    ann.email = None
    start(session, world)
    run_invitation_chores(tools, session, NOW)
    sent(session, NOW)
    key = (bob.email or "").casefold()
    suppress(session, key, reason=SuppressionReason.HARD_BOUNCE, source="x", now=NOW)
    bob.email, ann.email = "bob@example.org", "ann@example.org"
    session.flush()
    run_invitation_chores(tools, session, NOW + 3 * DAY)
    assert [name for name, _what in mailed(session)] == ["Bob Birch", "Ann Ash", "Bob Birch"]
    sent(session, NOW + 3 * DAY)
    run_invitation_chores(tools, session, NOW + 8 * DAY)
    assert mailed(session)[3:] == [("Ann Ash", "Reminder"), ("Bob Birch", "Reminder")]


@pytest.mark.parametrize("kind", [RequestKind.NOT_ME, RequestKind.WRONG_ADDRESS])
def test_who_was_invited_at_a_wrong_address_is_invited_at_the_right_one(
    tools: Toolkit, session: Session, world: PledgeWorld, kind: RequestKind
) -> None:
    ann = world.candidacies[0]
    start(session, world)
    run_invitation_chores(tools, session, NOW)
    sent(session, NOW)
    run_invitation_chores(tools, session, NOW)
    note_request(
        session, campaign_id=world.campaign.id, candidacy_id=ann.id, kind=kind, now=NOW + DAY
    )
    correct_candidate_address(
        tools,
        session,
        person_id=ann.person_id,
        email="right@example.org",
        reason="told us",
        actor="organiser:1",
        now=NOW + 2 * DAY,
    )
    run_invitation_chores(tools, session, NOW + 2 * DAY)
    session.flush()
    newest = session.scalars(
        select(OutboxMessage).where(OutboxMessage.lane == Lane.LETTER).order_by(OutboxMessage.id)
    ).all()[-1]
    assert newest.recipient == "right@example.org"
    assert "answer/" in newest.body
    assert [name for name, _what in mailed(session)] == ["Ann Ash", "Bob Birch", "Ann Ash"]
    asked = map_invited(session, world.campaign.id, [each.id for each in world.candidacies])
    assert list(asked) == [world.candidacies[1].id], "not before the new one has left"
    sent(session, NOW + 2 * DAY)
    run_invitation_chores(tools, session, NOW + 6 * DAY)
    assert mailed(session)[3:] == [("Bob Birch", "Reminder")]


def test_who_has_answered_stays_asked_at_a_new_address(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    ann = world.candidacies[0]
    start(session, world)
    run_invitation_chores(tools, session, NOW)
    sent(session, NOW)
    answer = GivenAnswer(world.asks[0].id, Stance.YES, "")
    publish_answers(tools, session, AnswerDoor(world.campaign, ann), [answer], now=NOW)
    ann.person.email = "new@example.org"
    session.flush()
    run_invitation_chores(tools, session, NOW + DAY)
    assert ann.id in map_invited(session, world.campaign.id, [ann.id])
    assert len(mailed(session)) == 2


def test_nothing_leaves_before_the_day_nor_before_nominations_close(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    start(session, world, at=NOW + DAY)
    run_invitation_chores(tools, session, NOW)
    assert mailed(session) == []
    world.election.nominations_close_at = NOW + 2 * DAY
    session.flush()
    run_invitation_chores(tools, session, NOW + DAY)
    assert mailed(session) == []
    run_invitation_chores(tools, session, NOW + 2 * DAY)
    assert len(mailed(session)) == 2


def test_a_timetable_is_stopped_and_what_has_not_left_is_taken_back(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    start(session, world)
    with pytest.raises(InvitationsRefused):
        start(session, world)
    run_invitation_chores(tools, session, NOW)
    first = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first()
    assert first is not None
    first.status, first.sent_at = MessageStatus.SENT, NOW
    session.flush()
    assert halt_invitations(session, world.campaign, actor="organiser:1", now=NOW) == 1
    run_invitation_chores(tools, session, NOW + 20 * DAY)
    assert [name for name, _what in mailed(session)] == ["Ann Ash"]
    start(session, world)
    run_invitation_chores(tools, session, NOW + timedelta(minutes=1))
    names = [name for name, _what in mailed(session)]
    assert names == ["Ann Ash", "Bob Birch"], "nobody gets the same mail twice"
    world.campaign.status = CampaignStatus.CLOSED
    with pytest.raises(InvitationsRefused):
        start(session, world)


def test_after_the_close_nothing_is_written_and_what_waits_is_taken_back(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    start(session, world)
    run_invitation_chores(tools, session, NOW)
    run_invitation_chores(tools, session, world.election.poll_closes_at)
    session.expire_all()
    assert mailed(session) == []


def test_the_preview_is_what_the_first_candidate_reads_without_their_link(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    plan = Timetable(invite_at=NOW, first_reminder_days=7, second_reminder_days=0)
    mails = preview_invitations(tools, session, world.campaign, plan, link="[link]")
    assert len(mails) == 2
    assert mails[0].body.startswith("Dear Ann Ash,")
    assert "/answer/" not in "".join(each.body for each in mails)
    assert "we write once more" in mails[0].body
    assert "last reminder" in mails[1].body


def test_two_workers_at_once_invite_each_candidate_once(database: Database) -> None:
    with database.writer() as session, bind_factories(session):
        world = pledge_world()
        start(session, world)
        session.commit()
    tools = make_toolkit(database)
    together = threading.Barrier(2)

    def work() -> None:
        together.wait()
        with database.transaction() as session:
            run_invitation_chores(tools, session, NOW)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    with database.reader() as session:
        assert [name for name, _what in mailed(session)] == ["Ann Ash", "Bob Birch"]
