"""What bounces, complaints and replies do to letters, addresses and people."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from campaign.candidates.models import ContactRepair, Person
from campaign.candidates.rules import RepairOutcome
from campaign.core.db import Database
from campaign.core.toolkit import Toolkit
from campaign.delivery.errors import EventNotFound, MessageUnderWay, SuppressionNotFound
from campaign.delivery.models import DeliveryAttempt, DeliveryEvent, OutboxMessage, Suppression
from campaign.delivery.returns import EventDecision, EventKind, SuppressionReason
from campaign.delivery.rules import AttemptOutcome, Lane, MessageStatus
from campaign.delivery.service import queue_message, suppress
from campaign.delivery.worker import claiming
from campaign.followups.correspondence import correspondence, run_letter_chores
from campaign.followups.incoming import REPLIES_A_DAY, Taken, take_mail
from campaign.followups.repairs import keep_repairs, lift, repair_address, use_address_again
from campaign.followups.requests import correct_candidate_address
from campaign.followups.returned_mail import decide_event, outcome_handler
from campaign.letters.models import LetterTransition
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.letters.service import confirm_action
from campaign.reports.reconciliation import reconcile_letters
from tests.conftest import FrozenClock
from tests.integration.letters import Scene, letters_of, log_of, make_scene, messages_of
from tests.returned import ANN, sample, send_letters, send_one, toolkit_on

ACTOR = "organiser:7"
REASON = "Their office told us on the telephone."


@pytest.fixture
def toolkit(database: Database, clock: FrozenClock) -> Toolkit:
    return toolkit_on(database, clock)


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(emails=("Ann@Party.example.org", "bob@example.org"))


@pytest.fixture(autouse=True)
def _books_balance(session: Session) -> object:
    """Whatever a test does to letters, none may be lost."""
    yield
    session.flush()
    assert [result.faults for result in reconcile_letters(session)] == [()]
    assert all(result.is_right for result in reconcile_letters(session))


def notices(session: Session) -> list[OutboxMessage]:
    return messages_of(session, Lane.NOTICE)


def repairs(session: Session) -> list[ContactRepair]:
    return list(session.scalars(select(ContactRepair).order_by(ContactRepair.id)))


def suppressions(session: Session) -> list[tuple[str, str]]:
    return [
        (entry.address_key, entry.reason.value)
        for entry in session.scalars(
            select(Suppression).where(Suppression.lifted_at.is_(None)).order_by(Suppression.id)
        )
    ]


def test_a_hard_bounce_stops_the_address_and_asks_for_a_better_one(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    _message, token = send_one(toolkit, session, scene, now=clock())
    send_letters(
        toolkit, session, scene, now=clock(), only=lambda _: False, email="kim@example.org", key="2"
    )
    assert (
        take_mail(toolkit, session, sample("postfix_unknown_user", token), now=clock()) == "stored"
    )

    first, to_ann, to_bob = letters_of(session)
    assert (first.status, to_bob.status) == (LetterStatus.BOUNCED, LetterStatus.QUEUED)
    assert (to_ann.status, to_ann.held_reason) == (LetterStatus.HELD, HeldReason.NO_ADDRESS)
    assert session.get_one(OutboxMessage, to_ann.outbox_message_id).status == "cancelled"
    assert log_of(session, first) == ["unconfirmed", "queued", "sent", "bounced"]
    last = session.scalars(select(LetterTransition).order_by(LetterTransition.id)).all()
    assert {(e.actor, e.reason) for e in last if e.to_status is LetterStatus.BOUNCED} == {
        ("return path", "hard_bounce 5.1.1")
    }
    assert suppressions(session) == [(ANN, "hard_bounce")]
    (repair,) = repairs(session)
    assert (repair.person.name, repair.email) == ("Ann Able", "Ann@Party.example.org")
    (notice,) = notices(session)
    assert notice.recipient == "jane@example.org"
    assert notice.subject == "Your letter to Ann Able came back"
    assert first.body.splitlines()[-1] in notice.body


def test_the_same_mail_twice_does_nothing_more(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    _, token = send_one(toolkit, session, scene, now=clock())
    for name in ("qmail_no_mailbox", "postfix_unknown_user"):
        take_mail(toolkit, session, sample(name, token), now=clock())
        again = b"Received: from elsewhere\r\n" + sample(name, token).replace(b"\n", b"\r\n")
        assert take_mail(toolkit, session, again, now=clock()) is Taken.KNOWN
    assert len(notices(session)) == 1
    assert len(repairs(session)) == 1
    assert len(session.scalars(select(DeliveryEvent)).all()) == 2


def test_later_letters_wait_too_until_the_address_is_corrected(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    _bounced, token = send_one(toolkit, session, scene, now=clock())
    take_mail(toolkit, session, sample("postfix_unknown_user", token), now=clock())
    send_letters(toolkit, session, scene, now=clock(), email="kim@example.org", key="2", to=[0])
    waiting = letters_of(session)[1]
    assert waiting.held_reason is HeldReason.NO_ADDRESS
    run_letter_chores(toolkit, session, clock())
    assert waiting.status is LetterStatus.HELD

    (repair,) = repairs(session)
    repair_address(
        toolkit,
        session,
        repair.id,
        email="ann@new.example.org",
        reason=REASON,
        actor=ACTOR,
        now=clock(),
    )
    run_letter_chores(toolkit, session, clock())
    letters = letters_of(session)
    assert [letter.status for letter in letters] == [LetterStatus.QUEUED] * 2
    assert [
        session.get_one(OutboxMessage, letter.outbox_message_id).recipient for letter in letters
    ] == ["ann@new.example.org"] * 2
    assert repair.outcome is RepairOutcome.CORRECTED
    # The bounce of the old address comes once more, late: the new one is not touched.
    late = sample("exchange_unknown_user", token)
    take_mail(toolkit, session, late, now=clock())
    assert letters_of(session)[1].status is LetterStatus.QUEUED
    assert repairs(session) == [repair]


def test_an_import_that_has_a_better_address_settles_it(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    _, token = send_one(toolkit, session, scene, now=clock())
    take_mail(toolkit, session, sample("postfix_unknown_user", token), now=clock())
    session.execute(
        update(Person)
        .where(Person.email == "Ann@Party.example.org")
        .values(email="ann@example.org")
    )
    assert keep_repairs(session, clock()) == 1
    assert keep_repairs(session, clock()) == 0
    run_letter_chores(toolkit, session, clock())
    assert letters_of(session)[0].status is LetterStatus.QUEUED
    # And one that brings the broken address for somebody else opens a repair.
    session.execute(update(Person).where(Person.email == "bob@example.org").values(email=ANN))
    keep_repairs(session, clock())
    assert [repair.person.name for repair in repairs(session)] == ["Ann Able", "Bob Baker"]


def test_no_better_address_known_or_the_same_after_all(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    _message, token = send_one(toolkit, session, scene, now=clock())
    take_mail(toolkit, session, sample("postfix_unknown_user", token), now=clock())
    send_letters(toolkit, session, scene, now=clock(), email="kim@example.org", key="2", to=[0])
    (repair,) = repairs(session)
    use_address_again(session, repair.id, reason=REASON, actor=ACTOR, now=clock())
    session.expire_all()
    assert repairs(session)[0].outcome is RepairOutcome.WORKS_AFTER_ALL
    assert suppressions(session) == []
    run_letter_chores(toolkit, session, clock())
    assert letters_of(session)[1].status is LetterStatus.QUEUED
    take_mail(toolkit, session, sample("exchange_unknown_user", token), now=clock())
    correct_candidate_address(
        toolkit,
        session,
        person_id=scene.candidacies[0].person_id,
        email=None,
        reason=REASON,
        actor=ACTOR,
        now=clock(),
    )
    assert repairs(session)[1].outcome is RepairOutcome.NONE_KNOWN
    assert letters_of(session)[1].status is LetterStatus.HELD


@pytest.mark.parametrize("name", ["postfix_expired", "exchange_quota"])
def test_a_soft_bounce_returns_the_letter_and_leaves_the_address(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock, name: str
) -> None:
    _, token = send_one(toolkit, session, scene, now=clock())
    take_mail(toolkit, session, sample(name, token), now=clock())
    assert letters_of(session)[0].status is LetterStatus.BOUNCED
    assert suppressions(session) == []
    assert repairs(session) == []


def test_too_many_soft_bounces_stop_the_address(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    for number in range(4):
        assert suppressions(session) == []
        (message,) = send_letters(
            toolkit,
            session,
            scene,
            now=clock(),
            to=[0],
            key=str(number),
            email=f"{number}@example.org",
        )
        raw = sample("postfix_expired", message.return_token or "")
        take_mail(toolkit, session, raw, now=clock())
        clock.advance(hours=9)
    assert suppressions(session) == [(ANN, "soft_bounces")]
    assert [repair.cause for repair in repairs(session)] == ["soft_bounces"]


@pytest.mark.parametrize("name", ["postfix_delayed", "delivered", "mailing_list"])
def test_what_is_no_bounce_changes_no_letter(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock, name: str
) -> None:
    _, token = send_one(toolkit, session, scene, now=clock())
    take_mail(toolkit, session, sample(name, token), now=clock())
    assert letters_of(session)[0].status is LetterStatus.SENT
    assert notices(session) == []


def test_a_person_decides_about_an_unreadable_bounce(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    _, token = send_one(toolkit, session, scene, now=clock())
    take_mail(toolkit, session, sample("unreadable", token), now=clock())
    (event,) = session.scalars(select(DeliveryEvent))
    assert event.kind is EventKind.UNREADABLE
    assert "konnte nicht" in event.excerpt
    assert letters_of(session)[0].status is LetterStatus.SENT
    decide_event(toolkit, session, event.id, decision=EventDecision.HARD, actor=ACTOR, now=clock())
    assert letters_of(session)[0].status is LetterStatus.BOUNCED
    assert session.scalars(select(Suppression)).one().source == ACTOR
    assert event.excerpt == ""
    with pytest.raises(EventNotFound):
        decide_event(
            toolkit, session, event.id, decision=EventDecision.SOFT, actor=ACTOR, now=clock()
        )


def test_a_bounce_that_overtakes_our_own_record_must_come_again(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    (message,) = send_letters(toolkit, session, scene, now=clock(), only=lambda _: False, to=[0])
    message.status = MessageStatus.SENDING
    raw = sample("postfix_unknown_user", message.return_token or "")
    with pytest.raises(MessageUnderWay):
        take_mail(toolkit, session, raw, now=clock())
    assert session.scalars(select(DeliveryEvent)).all() == []


def test_a_bounce_cannot_be_forged_from_what_the_recipient_sees(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    message, token = send_one(toolkit, session, scene, now=clock())
    seen = message.message_id.strip("<>").partition("@")[0]
    assert token not in message.message_id + message.body + message.headers
    for guess in (seen, "0" * 32, token[:-1] + ("0" if token[-1] != "0" else "1")):
        taken = take_mail(toolkit, session, sample("postfix_unknown_user", guess), now=clock())
        assert taken is Taken.NOT_OURS
    assert letters_of(session)[0].status is LetterStatus.SENT


def test_the_envelope_names_the_message_where_no_header_does(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    message, _token = send_one(toolkit, session, scene, now=clock())
    raw = sample("qmail_no_mailbox", "hidden")
    assert take_mail(toolkit, session, raw, now=clock()) is Taken.NOT_OURS
    recipients = [message.return_path.upper()]
    taken = take_mail(toolkit, session, raw, recipients=recipients, now=clock())
    assert taken is Taken.STORED


def test_a_bounced_confirmation_leaves_the_letters_unconfirmed(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    submission = scene.write(session, now=clock(), email=ANN, to=[1])
    (message,) = messages_of(session, Lane.CONFIRMATION)
    message.status, message.sent_at = MessageStatus.SENT, clock()
    raw = sample("postfix_unknown_user", message.return_token or "")
    take_mail(toolkit, session, raw, now=clock())
    assert letters_of(session)[0].status is LetterStatus.UNCONFIRMED
    assert (ANN, "hard_bounce") in suppressions(session)
    assert notices(session) == []
    clock.advance(hours=25)
    run_letter_chores(toolkit, session, clock())
    (reminder,) = notices(session)
    assert reminder.status is MessageStatus.CANCELLED
    # Whoever opens the link after all reads mail there.
    confirm_action(
        session,
        submission.action.id,
        correspondence=correspondence(toolkit, session),
        now=clock(),
    )
    assert suppressions(session) == []


def test_a_refusal_at_the_door_stops_the_address_as_well(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    first, _second = (
        send_letters(
            toolkit, session, scene, now=clock(), only=lambda _: False, to=[0], email=each, key=each
        )[-1]
        for each in ("kim@example.org", "lee@example.org")
    )
    session.add(
        DeliveryAttempt(
            outbox_message_id=first.id,
            number=1,
            started_at=clock(),
            outcome=AttemptOutcome.PERMANENT_FAILURE,
            code=550,
            detail="The mail server refused the recipient (550 5.1.1).",
        )
    )
    first.status = MessageStatus.FAILED
    outcome_handler(toolkit)(session, first, clock())
    assert [letter.status for letter in letters_of(session)] == [
        LetterStatus.FAILED,
        LetterStatus.HELD,
    ]
    assert suppressions(session) == [(ANN, "hard_bounce")]
    assert len(repairs(session)) == 1


# Replies


def test_a_reply_is_passed_on_to_the_supporter_once(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    _, token = send_one(toolkit, session, scene, now=clock())
    for expected in (Taken.PASSED_ON, Taken.KNOWN):
        taken = take_mail(toolkit, session, sample("reply_person", token), now=clock())
        assert taken is expected
    (notice,) = notices(session)
    assert notice.recipient == "jane@example.org"
    assert notice.reply_to == ANN
    assert notice.subject == "Reply to your letter to Ann Able"
    assert "> Thank you, Jane. Let us talk – Ann\n" in notice.body
    assert '"Auto-Submitted": "auto-generated"' in notice.headers
    assert letters_of(session)[0].status is LetterStatus.SENT


def test_only_the_first_automatic_reply_is_passed_on(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    _, token = send_one(toolkit, session, scene, now=clock())
    for number in range(3):
        raw = sample("away_exchange", token).replace(b"away-1", b"away-%d" % number)
        take_mail(toolkit, session, raw, now=clock())
        clock.advance(days=2)
    (notice,) = notices(session)
    assert notice.subject == "Automatic reply to your letter to Ann Able"
    assert notice.reply_to == scene.campaign.contact_email


def test_nobody_gets_more_than_a_few_replies_a_day(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    _, token = send_one(toolkit, session, scene, now=clock())
    for number in range(60):
        raw = sample("reply_person", token).replace(b"reply-1", b"reply-%d" % number)
        take_mail(toolkit, session, raw, now=clock())
    assert len(notices(session)) == REPLIES_A_DAY
    assert len(session.scalars(select(DeliveryEvent)).all()) == 25


@pytest.mark.parametrize("name", ["reply_person", "away_exchange"])
def test_what_answers_a_passed_on_reply_goes_nowhere(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock, name: str
) -> None:
    _, token = send_one(toolkit, session, scene, now=clock())
    take_mail(toolkit, session, sample("reply_person", token), now=clock())
    (notice,) = notices(session)
    notice.status = MessageStatus.SENT
    taken = take_mail(toolkit, session, sample(name, notice.return_token or ""), now=clock())
    assert taken is Taken.STORED
    assert len(notices(session)) == 1


def test_a_reply_that_quotes_the_letter_does_not_pass_its_key_on(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    message, token = send_one(toolkit, session, scene, now=clock())
    (key,) = re.findall(r"\S+/answer/\S+", message.body)
    quoted = "\n".join(f"> {line}" for line in message.body.splitlines())
    head = f"From: <{ANN}>\nTo: {message.return_path}\nSubject: Re: Safer streets\n"
    raw = f"{head}Message-ID: <r@example.org>\nReturn-Path: <{ANN}>\n\nI agree.\n\n{quoted}\n"
    taken = take_mail(toolkit, session, raw.encode(), recipients=[message.return_path], now=clock())
    assert taken is Taken.PASSED_ON
    (notice,) = notices(session)
    assert "> I agree.\n" in notice.body
    assert "/answer/" not in notice.body
    assert key.rsplit("/", 2)[-2] not in notice.body
    assert token not in notice.body


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: auto-replied", "Precedence: bulk", "X-Auto-Response-Suppress: All"]
)
def test_a_program_that_claims_to_be_a_bounce_changes_no_letter(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock, header: str
) -> None:
    """Words like those of a bounce, from somebody who has only the address to answer to."""
    message, _token = send_one(toolkit, session, scene, now=clock())
    raw = (
        f"From: <{ANN}>\nTo: <jane@example.org>, <letters@campaign.example.org>\n{header}\n"
        f"Return-Path: <>\nSubject: Undelivered Mail Returned to Sender\n"
        f"In-Reply-To: {message.message_id}\nReferences: {message.message_id}\n\n"
        f"<{ANN}>: 550 5.1.1 no such user\nMessage-ID: {message.message_id}\n"
    )
    assert take_mail(toolkit, session, raw.encode(), now=clock()) is Taken.NOT_OURS
    assert letters_of(session)[0].status is LetterStatus.SENT
    assert suppressions(session) == []


def test_our_own_mail_that_comes_back_as_it_left_is_no_reply(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    message, token = send_one(toolkit, session, scene, now=clock())
    raw = sample("reply_person", token).replace(
        b"<reply-1@party.example.org>", message.message_id.encode()
    )
    assert take_mail(toolkit, session, raw, now=clock()) is Taken.NOT_OURS
    from_the_writer = sample("reply_person", token).replace(
        b"<ann@party.example.org>\nSubject", b"<jane@example.org>\nSubject"
    )
    take_mail(toolkit, session, from_the_writer, now=clock())
    assert notices(session) == []


# Who gets nothing more


def test_a_complaint_stops_everything_and_only_an_owner_lifts_it(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    _, token = send_one(toolkit, session, scene, now=clock())
    send_letters(
        toolkit, session, scene, now=clock(), only=lambda _: False, to=[0], email="k@example.org"
    )
    take_mail(toolkit, session, sample("complaint_arf", token), now=clock())
    sent, waiting = letters_of(session)
    assert sent.status is LetterStatus.SENT
    assert (waiting.status, waiting.held_reason) == (LetterStatus.HELD, HeldReason.NO_ADDRESS)
    assert suppressions(session) == [(ANN, "complaint")]
    keep_repairs(session, clock())
    assert repairs(session) == []
    (entry,) = session.scalars(select(Suppression))
    lift(session, entry.id, reason=REASON, actor=ACTOR, now=clock())
    run_letter_chores(toolkit, session, clock())
    assert letters_of(session)[1].status is LetterStatus.QUEUED
    with pytest.raises(SuppressionNotFound):
        lift(session, entry.id, reason=REASON, actor=ACTOR, now=clock())


@pytest.fixture
def queue(
    toolkit: Toolkit, session: Session, clock: FrozenClock
) -> Callable[[Lane], OutboxMessage]:
    def queue(lane: Lane) -> OutboxMessage:
        return queue_message(
            session,
            mail=toolkit.settings.mail,
            lane=lane,
            scope="",
            recipient="Jane@example.org",
            from_name="Us",
            subject="Hello",
            body="Hello\n",
            now=clock(),
        )

    return queue


@pytest.mark.parametrize(
    ("reason", "lanes"),
    [
        (SuppressionReason.COMPLAINT, {Lane.CONFIRMATION}),
        (SuppressionReason.HARD_BOUNCE, {Lane.CONFIRMATION}),
        (SuppressionReason.SOFT_BOUNCES, {Lane.CONFIRMATION}),
        (SuppressionReason.UNSUBSCRIBED, {Lane.CONFIRMATION, Lane.LETTER}),
    ],
)
def test_the_worker_takes_nothing_for_a_suppressed_address(
    toolkit: Toolkit,
    session: Session,
    scene: Scene,
    clock: FrozenClock,
    queue: Callable[[Lane], OutboxMessage],
    reason: SuppressionReason,
    lanes: set[Lane],
) -> None:
    before = {lane: queue(lane) for lane in Lane}
    for _ in range(2):
        suppress(session, "jane@example.org", reason=reason, source="test", now=clock())
    after = {lane: queue(lane) for lane in Lane}
    session.expire_all()
    assert before[Lane.NOTICE].status is after[Lane.NOTICE].status is MessageStatus.CANCELLED
    claimed: set[int] = set()
    no_gap = replace(toolkit.settings.mail, letters_per_hour=10_000, letters_per_day=10_000)
    while claims := claiming.claim_messages(session, claimer="me", mail=no_gap, now=clock()):
        claimed |= {claim.message_id for claim in claims}
    expected = {each[lane].id for each in (before, after) for lane in lanes}
    assert claimed == expected
    assert suppressions(session) == [("jane@example.org", reason.value)]


def test_what_was_lifted_counts_no_longer(
    toolkit: Toolkit, session: Session, scene: Scene, clock: FrozenClock
) -> None:
    test_too_many_soft_bounces_stop_the_address(toolkit, session, scene, clock)
    use_address_again(session, repairs(session)[0].id, reason=REASON, actor=ACTOR, now=clock())
    clock.advance(hours=1)
    (message,) = send_letters(
        toolkit, session, scene, now=clock(), to=[0], key="9", email="9@example.org"
    )
    raw = sample("postfix_expired", message.return_token or "")
    take_mail(toolkit, session, raw, now=clock() + timedelta(minutes=1))
    assert suppressions(session) == []
