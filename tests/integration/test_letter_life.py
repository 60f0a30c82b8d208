import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from campaign.candidates.rules import CandidacyStatus
from campaign.core.db import Database
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import find_pause
from campaign.delivery.rules import Lane, MessageStatus, campaign_scope
from campaign.letters.errors import ActionExpired, LetterNotFound, LettersClosed, TransitionRefused
from campaign.letters.models import Action
from campaign.letters.queries import count_letters_by_status, count_writers_by_candidacy
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.letters.service import (
    confirm_action,
    pause_letters,
    record_delivery,
    resume_letters,
    run_chores,
    withdraw_letter,
    withdraw_letters,
    withdraw_unreachable,
)
from campaign.supporters.models import AddressConfirmation, NewsSubscription
from tests.conftest import FrozenClock
from tests.integration.letters import (
    CORRESPONDENCE,
    Scene,
    deliver,
    letters_of,
    log_of,
    make_scene,
    messages_of,
)


def written(scene: Scene, session: Session, clock: FrozenClock, **more: object) -> Action:
    action = scene.write(session, now=clock(), **more).action  # type: ignore[arg-type]
    assert action is not None
    return action


def confirm(session: Session, action: Action, clock: FrozenClock) -> Action:
    return confirm_action(session, action.id, correspondence=CORRESPONDENCE, now=clock())


def chores(session: Session, clock: FrozenClock) -> None:
    run_chores(session, correspondence=CORRESPONDENCE, now=clock())


def states(session: Session) -> list[tuple[LetterStatus, HeldReason | None]]:
    return [(letter.status, letter.held_reason) for letter in letters_of(session)]


def test_confirming_queues_every_letter_once(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    action = written(scene, session, clock, wants_news=True)
    confirm(session, action, clock)
    confirm(session, action, clock)
    assert states(session) == [(LetterStatus.QUEUED, None)] * 2
    mails = messages_of(session, Lane.LETTER)
    assert [mail.recipient for mail in mails] == ["ann@example.org", "bob@example.org"]
    mail, letter = mails[0], letters_of(session)[0]
    assert letter.outbox_message_id == mail.id
    assert mail.from_name == f"Jane Smith via {scene.campaign.name}"
    assert mail.reply_to == "jane@example.org"
    assert "jane@example.org" not in (mail.from_address, mail.return_path)
    assert mail.scope == campaign_scope(scene.campaign.id)
    assert mail.subject == letter.subject
    assert mail.body.startswith(letter.body)
    assert f"http://localhost/answer/{letter.candidacy_id}/" in mail.body.splitlines()
    assert mail.body.rstrip().endswith(str(scene.campaign.imprint))
    assert session.get(AddressConfirmation, (action.supporter_id, scene.campaign.id)) is not None
    news = session.get_one(NewsSubscription, (action.supporter_id, scene.campaign.id))
    assert news.wording == scene.campaign.news_text


def test_eight_who_press_at_once_queue_each_letter_once(
    session: Session, database: Database, clock: FrozenClock
) -> None:
    action_id = written(make_scene(), session, clock).id
    session.commit()
    gate = threading.Barrier(8)

    def press(_number: int) -> None:
        gate.wait()
        with database.transaction() as own:
            confirm_action(own, action_id, correspondence=CORRESPONDENCE, now=clock())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, range(8)))
    assert len(messages_of(session, Lane.LETTER)) == 2
    assert [log_of(session, letter) for letter in letters_of(session)] == [
        ["unconfirmed", "queued"]
    ] * 2


def test_what_is_sent_and_taken_back_at_once_is_one_or_the_other(
    session: Session, database: Database, clock: FrozenClock
) -> None:
    scene = make_scene(emails=["ann@example.org"])
    actions = [
        confirm(session, written(scene, session, clock, email=f"jane{n}@example.org"), clock).id
        for n in range(12)
    ]
    waiting = [mail.id for mail in messages_of(session, Lane.LETTER)]
    session.commit()

    def claim_and_send() -> None:
        for message_id in waiting:
            with database.transaction() as own:
                claimed = own.scalar(
                    update(OutboxMessage)
                    .where(
                        OutboxMessage.id == message_id,
                        OutboxMessage.status == MessageStatus.QUEUED,
                    )
                    .values(status=MessageStatus.SENDING)
                    .returning(OutboxMessage.id)
                )
            if claimed:
                with database.transaction() as own:
                    message = own.get_one(OutboxMessage, message_id)
                    deliver(own, message, clock())
                    record_delivery(own, message, clock(), correspondence=CORRESPONDENCE)

    def take_back() -> None:
        for action_id in reversed(actions):
            with database.transaction() as own:
                withdraw_letters(own, own.get_one(Action, action_id), now=clock())

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(claim_and_send), pool.submit(take_back)]:
            done.result()
    session.expire_all()
    fates = {
        LetterStatus.SENT: MessageStatus.SENT,
        LetterStatus.WITHDRAWN: MessageStatus.CANCELLED,
    }
    for letter in letters_of(session):
        message = session.get_one(OutboxMessage, letter.outbox_message_id)
        assert message.status is fates[letter.status]


def test_joining_the_mailing_list_waits_for_the_address(
    session: Session, clock: FrozenClock
) -> None:
    action = written(make_scene(), session, clock, wants_news=True)
    assert session.get(NewsSubscription, (action.supporter_id, action.campaign_id)) is None


def test_a_lapsed_action_cannot_be_confirmed(session: Session, clock: FrozenClock) -> None:
    action = written(make_scene(), session, clock)
    clock.advance(hours=48)
    with pytest.raises(ActionExpired):
        confirm(session, action, clock)
    chores(session, clock)
    assert states(session) == [(LetterStatus.EXPIRED, None)] * 2


def test_the_poll_ends_confirming_too(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    clock.time = scene.ballot.election.poll_closes_at - timedelta(hours=2)
    action = written(scene, session, clock)
    assert action.expires_at == scene.ballot.election.poll_closes_at
    clock.advance(hours=2)
    with pytest.raises(LettersClosed):
        confirm(session, action, clock)


def test_one_reminder_after_a_day(session: Session, clock: FrozenClock) -> None:
    written(make_scene(), session, clock)
    clock.advance(hours=23)
    chores(session, clock)
    assert not messages_of(session, Lane.NOTICE)
    clock.advance(hours=2)
    chores(session, clock)
    clock.advance(hours=1)
    chores(session, clock)
    (mail,) = messages_of(session, Lane.NOTICE)
    assert "still wait" in mail.subject
    assert mail.headers == '{"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}'


@pytest.mark.parametrize("until_poll", [20, 24])
def test_no_reminder_once_the_poll_has_closed(
    session: Session, clock: FrozenClock, until_poll: int
) -> None:
    scene = make_scene()
    clock.time = scene.ballot.election.poll_closes_at - timedelta(hours=until_poll)
    written(scene, session, clock)
    clock.advance(hours=25)
    chores(session, clock)
    assert not messages_of(session, Lane.NOTICE)
    assert states(session) == [(LetterStatus.EXPIRED, None)] * 2


def test_a_letter_waits_for_an_address(session: Session, clock: FrozenClock) -> None:
    scene = make_scene(emails=["ann@example.org", None])
    confirm(session, written(scene, session, clock), clock)
    assert states(session)[1] == (LetterStatus.HELD, HeldReason.NO_ADDRESS)
    chores(session, clock)
    assert states(session)[1] == (LetterStatus.HELD, HeldReason.NO_ADDRESS)
    scene.candidacies[1].person.email = "found@example.org"
    chores(session, clock)
    chores(session, clock)
    assert states(session)[1] == (LetterStatus.QUEUED, None)
    assert messages_of(session, Lane.LETTER)[-1].recipient == "found@example.org"
    assert len(messages_of(session, Lane.LETTER)) == 2
    assert log_of(session, letters_of(session)[1]) == ["unconfirmed", "held", "queued"]


def test_a_letter_waits_for_nominations(session: Session, clock: FrozenClock) -> None:
    scene = make_scene(nominations_close_at=clock() + timedelta(days=5))
    confirm(session, written(scene, session, clock), clock)
    assert states(session) == [(LetterStatus.HELD, HeldReason.CALENDAR)] * 2
    assert not messages_of(session, Lane.LETTER)
    clock.advance(days=5)
    chores(session, clock)
    assert states(session) == [(LetterStatus.QUEUED, None)] * 2


def test_nobody_who_withdrew_is_mailed(session: Session, clock: FrozenClock) -> None:
    scene = make_scene(emails=["ann@example.org", "bob@example.org", "cy@example.org"])
    action = written(scene, session, clock)
    scene.candidacies[0].status = CandidacyStatus.WITHDRAWN
    session.flush()
    confirm(session, action, clock)
    assert [mail.recipient for mail in messages_of(session, Lane.LETTER)] == [
        "bob@example.org",
        "cy@example.org",
    ]
    scene.candidacies[1].status = CandidacyStatus.WITHDRAWN
    messages_of(session, Lane.LETTER)[1].status = MessageStatus.SENDING
    chores(session, clock)
    assert [status for status, _ in states(session)] == ["withdrawn", "withdrawn", "queued"]
    assert messages_of(session, Lane.LETTER)[0].status is MessageStatus.CANCELLED
    scene.ballot.is_cancelled = True
    chores(session, clock)
    assert states(session)[2][0] == "queued", "a worker has it: too late"


def test_nothing_leaves_after_the_poll(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    confirm(session, written(scene, session, clock), clock)
    clock.time = scene.ballot.election.poll_closes_at
    chores(session, clock)
    chores(session, clock)
    assert states(session) == [(LetterStatus.HELD, HeldReason.CALENDAR)] * 2
    assert {mail.status for mail in messages_of(session, Lane.LETTER)} == {MessageStatus.CANCELLED}


def test_results_take_no_letter_for_one_to_somebody_who_withdrew(
    session: Session, clock: FrozenClock
) -> None:
    scene = make_scene()
    confirm(session, written(scene, session, clock), clock)
    clock.time = scene.ballot.election.poll_closes_at
    scene.candidacies[0].status = CandidacyStatus.ELECTED
    scene.candidacies[1].status = CandidacyStatus.NOT_ELECTED
    session.flush()
    assert not withdraw_unreachable(session, now=clock())
    chores(session, clock)
    chores(session, clock)
    assert states(session) == [(LetterStatus.HELD, HeldReason.CALENDAR)] * 2


def test_a_sent_message_makes_a_sent_letter(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    confirm(session, written(scene, session, clock), clock)
    message = messages_of(session, Lane.LETTER)[0]
    record_delivery(session, message, clock(), correspondence=CORRESPONDENCE)
    assert states(session)[0][0] == "queued"
    clock.advance(minutes=1)
    deliver(session, message, clock())
    for _ in range(2):
        record_delivery(session, message, clock(), correspondence=CORRESPONDENCE)
    letter = letters_of(session)[0]
    assert (letter.status, letter.sent_at) == (LetterStatus.SENT, clock())
    assert log_of(session, letter) == ["unconfirmed", "queued", "sent"]
    with pytest.raises(TransitionRefused):
        withdraw_letter(session, letter.action, letter.id, now=clock())


def test_a_failed_message_gives_the_text_back(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    confirm(session, written(scene, session, clock, body="My own words."), clock)
    message = messages_of(session, Lane.LETTER)[0]
    deliver(session, message, clock(), sent=False)
    for _ in range(2):
        record_delivery(session, message, clock(), correspondence=CORRESPONDENCE)
    assert states(session)[0][0] == "failed"
    (notice,) = messages_of(session, Lane.NOTICE)
    assert notice.recipient == "jane@example.org"
    assert "My own words." in notice.body
    assert "ann@example.org" not in notice.body


def test_other_mail_is_no_concern_of_letters(session: Session, clock: FrozenClock) -> None:
    written(make_scene(), session, clock)
    (mail,) = messages_of(session)
    deliver(session, mail, clock())
    record_delivery(session, mail, clock(), correspondence=CORRESPONDENCE)
    assert states(session) == [(LetterStatus.UNCONFIRMED, None)] * 2


def test_what_has_not_left_can_be_taken_back(session: Session, clock: FrozenClock) -> None:
    scene = make_scene(emails=["ann@example.org", "bob@example.org", None])
    action = confirm(session, written(scene, session, clock), clock)
    first, second, _ = action.letters
    messages_of(session, Lane.LETTER)[1].status = MessageStatus.SENDING
    for _ in range(2):
        withdraw_letter(session, action, first.id, now=clock())
    with pytest.raises(TransitionRefused, match="on its way"):
        withdraw_letter(session, action, second.id, now=clock())
    withdraw_letters(session, action, now=clock())
    assert [status for status, _ in states(session)] == ["withdrawn", "queued", "withdrawn"]
    assert messages_of(session, Lane.LETTER)[0].status is MessageStatus.CANCELLED
    with pytest.raises(LetterNotFound):
        withdraw_letter(session, action, 999, now=clock())


def test_a_pause_holds_and_a_resume_sends_on(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    confirm(session, written(scene, session, clock), clock)
    mails = messages_of(session, Lane.LETTER)
    mails[1].status = MessageStatus.SENDING
    held = pause_letters(session, scene.campaign.id, actor="organiser:7", reason="x", now=clock())
    assert held == 1
    assert states(session) == [
        (LetterStatus.HELD, HeldReason.PAUSED),
        (LetterStatus.QUEUED, None),
    ]
    assert find_pause(session, campaign_scope(scene.campaign.id)) is not None
    late = written(scene, session, clock, email="late@example.org", key="late")
    confirm(session, late, clock)
    chores(session, clock)
    assert {letter.held_reason for letter in late.letters} == {HeldReason.PAUSED}
    assert len(messages_of(session, Lane.LETTER)) == 2

    resume_letters(session, scene.campaign.id, actor="organiser:7", reason="x", now=clock())
    assert states(session)[0] == (LetterStatus.QUEUED, None)
    assert letters_of(session)[0].outbox_message_id == mails[0].id, "the same message goes on"
    chores(session, clock)
    assert {letter.status for letter in late.letters} == {LetterStatus.QUEUED}
    assert len(messages_of(session, Lane.LETTER)) == 4


def test_a_message_claimed_in_the_moment_of_a_pause(session: Session, clock: FrozenClock) -> None:
    scene = make_scene(emails=["ann@example.org"])
    confirm(session, written(scene, session, clock), clock)
    pause_letters(session, scene.campaign.id, actor="organiser:7", reason="x", now=clock())
    (message,) = messages_of(session, Lane.LETTER)
    deliver(session, message, clock())
    record_delivery(session, message, clock(), correspondence=CORRESPONDENCE)
    (letter,) = letters_of(session)
    assert log_of(session, letter) == ["unconfirmed", "queued", "held", "queued", "sent"]


def test_a_resume_lets_nothing_leave_that_no_longer_fits(
    session: Session, clock: FrozenClock
) -> None:
    scene = make_scene()
    confirm(session, written(scene, session, clock), clock)
    pause_letters(session, scene.campaign.id, actor="organiser:7", reason="x", now=clock())
    scene.candidacies[0].status = CandidacyStatus.WITHDRAWN
    scene.candidacies[1].person.email = "moved@example.org"
    resume_letters(session, scene.campaign.id, actor="organiser:7", reason="x", now=clock())
    session.expire_all()
    assert {mail.status for mail in messages_of(session, Lane.LETTER)} == {MessageStatus.CANCELLED}
    chores(session, clock)
    assert [status for status, _ in states(session)] == ["withdrawn", "queued"]
    assert messages_of(session, Lane.LETTER)[-1].recipient == "moved@example.org"


def test_counts_are_of_letters_and_of_people(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    confirm(session, written(scene, session, clock), clock)
    confirm(session, written(scene, session, clock, key="2", body="Another.", to=[0]), clock)
    written(scene, session, clock, key="3", email="never@example.org")
    counts = count_letters_by_status(session, scene.campaign.id)
    assert counts[LetterStatus.QUEUED] == 3
    assert counts[LetterStatus.UNCONFIRMED] == 2
    assert set(counts) == set(LetterStatus)
    writers = count_writers_by_candidacy(session, scene.campaign.id)
    assert writers == {candidacy.id: 1 for candidacy in scene.candidacies}
