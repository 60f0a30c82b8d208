"""Letters that come in a digest: who gets one, what is in it, and that none is lost on the way."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import MailForm
from campaign.candidates.rules import CandidacyStatus
from campaign.core.db import Database
from campaign.core.languages import Language
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane, MessageStatus
from campaign.followups.mail_choice import MailWish, choose_mail, get_mail_state
from campaign.followups.requests import correct_candidate_address
from campaign.letters.errors import TransitionRefused
from campaign.letters.models import Letter
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.letters.service import (
    AnswerPage,
    choose_mail_form,
    collect_by_habit,
    confirm_action,
    pause_letters,
    record_delivery,
    record_return,
    resume_letters,
    run_chores,
    withdraw_letter,
)
from campaign.letters.service.digests import make_digests
from campaign.letters.service.life import move_letter
from campaign.pledges.rules import CANDIDATE
from campaign.pledges.service import AnswerDoor
from campaign.reports.reconciliation import reconcile_letters
from tests.conftest import FrozenClock
from tests.factories import bind_factories
from tests.integration.candidates import make_toolkit
from tests.integration.letters import (
    CORRESPONDENCE,
    Scene,
    deliver,
    letters_of,
    make_scene,
    messages_of,
    scene_in,
)

TONIGHT = datetime(2031, 5, 1, 17, 0, tzinfo=UTC)
"""18:00 in Velland, on the day of the tests' clock."""


class Place(Scene):
    """A scene in which letters to the first candidate come in a digest, unless said."""

    session: Session
    clock: FrozenClock

    def letter(self, name: str = "Jane Smith", body: str | None = None, *, to: int = 0) -> Letter:
        """Write one letter and confirm it."""
        submission = self.write(
            self.session,
            now=self.clock(),
            name=name,
            email=f"{name.lower().replace(' ', '.')}@example.org",
            key=f"{name}:{body}",
            body=body,
            to=[to],
        )
        assert submission.action is not None
        confirm_action(
            self.session, submission.action.id, correspondence=CORRESPONDENCE, now=self.clock()
        )
        self.session.flush()
        return submission.action.letters[0]

    def choose(self, form: MailForm = MailForm.ONE_DIGEST, *, actor: str = "candidate") -> None:
        choose_mail_form(
            self.session,
            campaign=self.campaign,
            candidacy_id=self.candidacies[0].id,
            form=form,
            actor=actor,
            now=self.clock(),
        )

    def do_chores(self, at: datetime | None = None) -> None:
        self.clock.time = at or self.clock.time
        run_chores(self.session, correspondence=CORRESPONDENCE, now=self.clock())
        self.session.flush()
        self.session.expire_all()
        self.check()

    def letters_out(self, *statuses: MessageStatus) -> list[OutboxMessage]:
        wanted = statuses or (MessageStatus.QUEUED,)
        self.session.expire_all()
        return [each for each in messages_of(self.session, Lane.LETTER) if each.status in wanted]

    def settle(self, message: OutboxMessage, *, sent: bool = True) -> None:
        deliver(self.session, message, self.clock(), sent=sent)
        record_delivery(self.session, message, self.clock(), correspondence=CORRESPONDENCE)
        self.session.flush()
        self.session.expire_all()

    def states(self) -> list[str]:
        self.session.expire_all()
        return [each.status.value for each in letters_of(self.session)]

    def told(self) -> list[str]:
        """Return to whom it was said that their letter failed or came back."""
        return [
            each.recipient
            for each in messages_of(self.session, Lane.NOTICE)
            if "Your letter to" in each.subject
        ]

    def check(self) -> None:
        (report,) = reconcile_letters(self.session)
        assert report.is_right, report


@pytest.fixture
def place(session: Session, clock: FrozenClock) -> Iterator[Place]:
    scene = make_scene(timezone="Europe/London")
    place = Place(scene.campaign, scene.ballot, scene.candidacies)
    place.session, place.clock = session, clock
    yield place
    place.check()


class Killed(Exception):
    pass


def three(place: Place) -> list[Letter]:
    return [
        place.letter("Jane Smith", "My own words.\n\nAnd more."),
        place.letter("Dr Joan Brown"),
        place.letter("Bo Green"),
    ]


def test_letters_wait_and_come_as_one_mail_at_the_hour(place: Place) -> None:
    place.choose()
    three(place)
    assert place.states() == ["queued"] * 3
    assert {each.digest_at for each in letters_of(place.session)} == {TONIGHT}
    place.do_chores(TONIGHT - timedelta(minutes=1))
    assert place.letters_out() == []
    place.do_chores(TONIGHT)
    (digest,) = place.letters_out()
    ann = place.candidacies[0]
    assert digest.recipient == ann.person.email
    assert digest.reply_to == place.campaign.contact_email
    assert digest.from_name == place.campaign.name
    assert digest.not_after == place.ballot.election.poll_closes_at
    assert digest.subject == f"3 letters from 3 constituents in {place.ballot.constituency.name}"
    assert "2 people sent the campaign's letter as it is: Joan and Bo." in digest.body
    assert "| My own words.\n|\n| And more." in digest.body
    assert "Letter 1 of 1, from Jane Smith\nTo answer: jane.smith@example.org\n" in digest.body
    assert "as you chose" in digest.body
    assert digest.body.count(f"http://localhost/answer/{ann.id}/") == 1
    assert place.campaign.contact_name in digest.body
    assert str(place.campaign.imprint) in digest.body
    assert "joan" not in digest.body.replace("Joan", "")  # Nothing but the first name.
    place.settle(digest)
    assert place.states() == ["sent"] * 3
    assert {each.sent_at for each in letters_of(place.session)} == {TONIGHT}
    place.do_chores(TONIGHT + timedelta(days=1))
    assert place.letters_out() == []


def test_a_digest_speaks_the_candidates_language_and_leaves_letters_as_they_are(
    place: Place,
) -> None:
    place.choose()
    three(place)
    speaks = replace(
        CORRESPONDENCE,
        find_answer_page=lambda _campaign, candidacy: AnswerPage(
            f"http://localhost/answer/{candidacy}/", Language.WELSH
        ),
    )
    run_chores(place.session, correspondence=speaks, now=TONIGHT)
    (digest,) = place.letters_out()
    assert digest.subject.startswith("Llythyrau i chi: 3; etholwyr yn etholaeth ")
    assert "Anfonodd 2 o bobl lythyr yr ymgyrch fel y mae: Joan, Bo." in digest.body
    assert "| My own words.\n|\n| And more." in digest.body
    assert "mewn un e-bost, fel y dewisoch.\n" in digest.body
    assert "constituent" not in digest.body


def test_the_other_candidates_get_their_letters_at_once(place: Place) -> None:
    place.choose()
    place.letter(to=1)
    assert [each.recipient for each in place.letters_out()] == ["bob@example.org"]


def test_a_letter_alone_comes_as_it_is(place: Place) -> None:
    place.choose()
    place.letter()
    place.do_chores(TONIGHT)
    (message,) = place.letters_out()
    assert message.reply_to == "jane.smith@example.org"
    assert message.body.startswith("Dear Ann Able")
    place.settle(message)
    assert place.states() == ["sent"]


def test_the_campaign_can_send_digests_to_everybody(place: Place) -> None:
    place.campaign.mail_form = MailForm.ONE_DIGEST
    three(place)
    assert place.letters_out() == []
    place.do_chores(TONIGHT)
    assert "and not each on its own" in place.letters_out()[0].body


def test_a_candidate_can_have_every_letter_all_the_same(place: Place) -> None:
    place.campaign.mail_form, place.campaign.letters_a_day = MailForm.ONE_DIGEST, 1
    place.choose(MailForm.EVERY_LETTER)
    three(place)
    assert len(place.letters_out()) == 3


def test_above_the_daily_number_the_rest_waits_for_the_digest(place: Place) -> None:
    place.campaign.letters_a_day = 2
    place.letter("One Able")
    place.settle(place.letters_out()[0])
    three(place)
    assert len(place.letters_out()) == 1
    place.do_chores(TONIGHT)
    single, digest = place.letters_out()
    assert single.reply_to == "jane.smith@example.org"
    assert "because many people wrote to you on one day" in digest.body
    place.settle(single)
    place.settle(digest)
    assert place.states() == ["sent"] * 4


def test_a_new_day_has_its_own_number(place: Place) -> None:
    place.campaign.letters_a_day = 1
    place.letter("One Able")
    place.settle(place.letters_out()[0])
    place.clock.time = datetime(2031, 5, 1, 22, 59, tzinfo=UTC)
    assert place.letter("Two Able").digest_at is not None
    place.clock.time = datetime(2031, 5, 1, 23, 0, tzinfo=UTC)
    assert place.letter("Three Able").digest_at is None


def test_an_organisers_choice_has_the_daily_number_too(place: Place) -> None:
    place.campaign.letters_a_day = 1
    place.choose(MailForm.EVERY_LETTER, actor="organiser:1")
    three(place)
    assert len(place.letters_out()) == 1


def test_choosing_a_digest_takes_back_what_waits_in_the_outbox(place: Place) -> None:
    three(place)
    place.letter(to=1)
    claimed = place.letters_out()[0]
    claimed.status = MessageStatus.SENDING
    place.session.flush()
    place.choose()
    assert [each.recipient for each in place.letters_out()] == ["bob@example.org"]
    assert len(place.letters_out(MessageStatus.CANCELLED)) == 2
    assert [each.digest_at for each in letters_of(place.session)] == [None, TONIGHT, TONIGHT, None]
    place.settle(claimed)
    place.do_chores(TONIGHT)
    assert len(place.letters_out()) == 2


def test_going_back_to_letters_sends_one_last_digest(place: Place) -> None:
    place.choose()
    three(place)
    place.choose(MailForm.EVERY_LETTER)
    place.letter("Four Able")
    assert [each.reply_to for each in place.letters_out()] == ["four.able@example.org"]
    place.do_chores(TONIGHT)
    assert len(place.letters_out()) == 2


def test_the_outbox_follows_a_lower_daily_number(place: Place) -> None:
    three(place)
    place.campaign.letters_a_day = 1
    assert collect_by_habit(place.session, place.campaign, now=place.clock()) == 2
    assert [each.reply_to for each in place.letters_out()] == ["jane.smith@example.org"]
    place.campaign.mail_form = MailForm.ONE_DIGEST
    assert collect_by_habit(place.session, place.campaign, now=place.clock()) == 1
    place.do_chores(TONIGHT)
    assert place.letters_out()[0].subject.startswith("3 letters")


def test_one_who_takes_a_letter_back_does_not_stop_the_others(place: Place) -> None:
    place.choose()
    jane, _joan, _bo = three(place)
    place.do_chores(TONIGHT)
    withdraw_letter(place.session, jane.action, jane.id, now=place.clock())
    place.check()
    assert place.letters_out() == []
    place.clock.advance(minutes=1)
    place.do_chores()
    (digest,) = place.letters_out()
    assert digest.subject.startswith("2 letters")
    assert "My own words" not in digest.body
    place.settle(digest)
    assert place.states() == ["withdrawn", "sent", "sent"]


def test_a_letter_that_waits_can_be_taken_back(place: Place) -> None:
    place.choose()
    jane, joan, _bo = three(place)
    withdraw_letter(place.session, jane.action, jane.id, now=place.clock())
    place.do_chores(TONIGHT)
    (digest,) = place.letters_out()
    digest.status = MessageStatus.SENDING
    place.session.flush()
    with pytest.raises(TransitionRefused):
        withdraw_letter(place.session, joan.action, joan.id, now=place.clock())
    assert place.states() == ["withdrawn", "queued", "queued"]


@pytest.mark.parametrize("is_made", [False, True])
def test_a_pause_holds_and_a_resume_lets_go(place: Place, is_made: bool) -> None:
    place.choose()
    three(place)
    if is_made:
        place.do_chores(TONIGHT)
    pause_letters(
        place.session, place.campaign.id, actor="organiser:1", reason="stop", now=place.clock()
    )
    assert place.states() == ["held"] * 3
    place.do_chores(TONIGHT + timedelta(minutes=5))
    assert {each.held_reason for each in letters_of(place.session)} == {HeldReason.PAUSED}
    assert len(place.letters_out()) == (1 if is_made else 0)
    resume_letters(
        place.session, place.campaign.id, actor="organiser:1", reason="go", now=place.clock()
    )
    place.do_chores(TONIGHT + timedelta(minutes=10))
    (digest,) = place.letters_out()
    place.settle(digest)
    assert place.states() == ["sent"] * 3


def test_taken_back_during_a_pause(place: Place) -> None:
    place.choose()
    jane, *_others = three(place)
    place.do_chores(TONIGHT)
    pause_letters(
        place.session, place.campaign.id, actor="organiser:1", reason="stop", now=place.clock()
    )
    place.session.expire_all()
    withdraw_letter(place.session, jane.action, jane.id, now=place.clock())
    resume_letters(
        place.session, place.campaign.id, actor="organiser:1", reason="go", now=place.clock()
    )
    place.do_chores()
    place.settle(place.letters_out()[0])
    assert place.states() == ["withdrawn", "sent", "sent"]


def test_claimed_in_the_moment_of_a_pause(place: Place) -> None:
    """Some letters of a digest were held while a worker took it: all of them were sent."""
    place.choose()
    three(place)
    place.do_chores(TONIGHT)
    held = letters_of(place.session)[1]
    pause_letters(
        place.session, place.campaign.id, actor="organiser:1", reason="stop", now=place.clock()
    )
    resume_letters(
        place.session, place.campaign.id, actor="organiser:1", reason="go", now=place.clock()
    )
    place.session.refresh(held)
    move_letter(
        place.session,
        held,
        LetterStatus.HELD,
        actor="organiser:1",
        now=place.clock(),
        held_reason=HeldReason.PAUSED,
    )
    place.settle(place.letters_out()[0])
    assert place.states() == ["sent"] * 3


@pytest.mark.parametrize("is_made", [False, True])
def test_a_candidate_who_withdraws_gets_no_digest(place: Place, is_made: bool) -> None:
    place.choose()
    three(place)
    if is_made:
        place.do_chores(TONIGHT)
    place.candidacies[0].status = CandidacyStatus.WITHDRAWN
    run_chores(place.session, correspondence=CORRESPONDENCE, now=place.clock(), limit=1)
    place.do_chores(TONIGHT + timedelta(minutes=2))
    assert place.states() == ["withdrawn"] * 3
    assert place.letters_out() == []


@pytest.mark.parametrize("is_made", [False, True])
def test_a_better_address_gets_the_digest(place: Place, database: Database, is_made: bool) -> None:
    place.choose()
    three(place)
    if is_made:
        place.do_chores(TONIGHT)
    correct_candidate_address(
        make_toolkit(database),
        place.session,
        person_id=place.candidacies[0].person_id,
        email="new@example.org",
        reason="Their office said so.",
        actor="organiser:1",
        now=place.clock(),
    )
    place.session.flush()
    place.session.expire_all()
    place.do_chores()
    place.do_chores(TONIGHT + timedelta(days=1))
    assert [each.recipient for each in place.letters_out()] == ["new@example.org"]
    place.settle(place.letters_out()[0])
    assert place.states() == ["sent"] * 3


def test_without_an_address_the_letters_wait_for_one(place: Place) -> None:
    place.choose()
    three(place)
    place.candidacies[0].person.email = None
    place.session.flush()
    place.do_chores(TONIGHT)
    assert {each.held_reason for each in letters_of(place.session)} == {HeldReason.NO_ADDRESS}


def test_a_digest_that_fails_gives_each_writer_their_own_text(place: Place) -> None:
    place.choose()
    three(place)
    place.do_chores(TONIGHT)
    place.settle(place.letters_out()[0], sent=False)
    assert place.states() == ["failed"] * 3
    assert sorted(place.told()) == [
        "bo.green@example.org", "dr.joan.brown@example.org", "jane.smith@example.org",
    ]  # fmt: skip
    notices = messages_of(place.session, Lane.NOTICE)
    texts = [each.body for each in notices if each.recipient == "jane.smith@example.org"]
    assert "My own words." in texts[-1]
    assert "My own words." not in next(
        each.body for each in notices if each.recipient == "bo.green@example.org"
    )


def test_a_digest_that_comes_back_goes_to_the_better_address(place: Place) -> None:
    place.choose()
    three(place)
    place.do_chores(TONIGHT)
    (digest,) = place.letters_out()
    place.settle(digest)
    returned = record_return(
        place.session, digest, reason="5.1.1", correspondence=CORRESPONDENCE, now=place.clock()
    )
    assert returned == 3
    assert place.states() == ["bounced"] * 3
    assert len(place.told()) == 3
    place.candidacies[0].person.email = "new@example.org"
    place.session.flush()
    place.clock.advance(minutes=1)
    place.do_chores()
    (again,) = place.letters_out()
    assert (again.recipient, again.subject) == ("new@example.org", digest.subject)
    place.settle(again)
    assert place.states() == ["sent"] * 3


def test_nothing_leaves_after_the_poll(place: Place) -> None:
    closes_at = place.ballot.election.poll_closes_at
    place.clock.time = closes_at - timedelta(hours=1)
    place.choose()
    three(place)
    assert {each.digest_at for each in letters_of(place.session)} == {
        closes_at - timedelta(minutes=30)
    }
    place.do_chores(closes_at)
    assert place.letters_out() == []
    assert {each.held_reason for each in letters_of(place.session)} == {HeldReason.CALENDAR}


def test_a_huge_digest_is_several_mails(place: Place) -> None:
    place.choose()
    for number in range(7):
        place.letter(f"Writer {number}", f"Number {number}. " + "Words. " * 1300)
    place.letter("Bo Green")
    place.do_chores(TONIGHT)
    first, second = place.letters_out()
    assert first.subject.endswith("(1 of 2)")
    assert second.subject.endswith("(2 of 2)")
    assert "7 letters are in somebody's own words" in first.body
    assert "Letter 6 of 7, from Writer 5" in second.body
    for number in range(7):
        assert (first.body + second.body).count(f"Number {number}.") == 1
    place.settle(first)
    assert place.states().count("sent") == 6
    place.settle(second)
    assert place.states() == ["sent"] * 8


def test_a_letter_mixed_up_with_others_is_found(place: Place) -> None:
    place.choose()
    three(place)
    place.do_chores(TONIGHT)
    place.session.execute(update(Letter).where(Letter.id == 1).values(digest_at=None))
    (report,) = reconcile_letters(place.session)
    assert any("not as a digest" in fault for fault in report.faults)
    place.session.execute(update(Letter).where(Letter.id == 1).values(digest_at=TONIGHT))


def test_a_letter_that_nothing_carries_is_found(place: Place) -> None:
    place.choose()
    three(place)
    place.session.execute(update(Letter).where(Letter.id == 1).values(digest_at=None))
    (report,) = reconcile_letters(place.session)
    assert any("not for a digest" in fault for fault in report.faults)
    place.session.execute(update(Letter).where(Letter.id == 1).values(digest_at=TONIGHT))


def test_each_wish_has_a_receipt_and_can_be_undone(place: Place, database: Database) -> None:
    door = AnswerDoor(place.campaign, place.candidacies[0])

    def wish(wanted: MailWish) -> None:
        choose_mail(
            make_toolkit(database),
            place.session,
            door,
            wanted,
            actor=CANDIDATE,
            now=place.clock(),
        )
        place.session.flush()

    three(place)
    wish(MailWish.ONE_DIGEST)
    wish(MailWish.ONE_DIGEST)
    wish(MailWish.NOTHING_MORE)
    wish(MailWish.NOTHING_MORE)
    state = get_mail_state(place.session, place.campaign, door.candidacy.id)
    assert state.wish is MailWish.NOTHING_MORE
    wish(MailWish.EVERY_LETTER)
    state = get_mail_state(place.session, place.campaign, door.candidacy.id)
    assert (state.wish, state.is_chosen) == (MailWish.EVERY_LETTER, True)
    notices = messages_of(place.session, Lane.NOTICE)
    receipts = [each for each in notices if each.recipient == "ann@example.org"]
    assert [each.subject.partition(" from ")[0] for each in receipts] == [
        "One e-mail a day", "No more letters", "Every letter as it comes",
    ]  # fmt: skip
    link = re.compile(r"^http://localhost/answer/\S+/mail$", re.MULTILINE)
    assert all(link.search(each.body) for each in receipts)


def test_two_workers_make_one_digest(database: Database, clock: FrozenClock) -> None:
    with database.writer() as session, bind_factories(session):
        scene = make_scene(timezone="Europe/London")
        place = Place(scene.campaign, scene.ballot, scene.candidacies)
        place.session, place.clock = session, clock
        place.choose()
        three(place)
        session.commit()
    barrier = Barrier(4)

    def work() -> None:
        barrier.wait()
        with database.transaction() as session:
            make_digests(session, correspondence=CORRESPONDENCE, now=TONIGHT, limit=10)

    workers = [Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    with database.reader() as session:
        assert len(messages_of(session, Lane.LETTER)) == 1
        assert len({each.outbox_message_id for each in letters_of(session)}) == 1
        assert scene_in(session).campaign.mail_form is MailForm.EVERY_LETTER


def test_killed_while_it_makes_a_digest(database: Database, clock: FrozenClock) -> None:
    with database.writer() as session, bind_factories(session):
        scene = make_scene(timezone="Europe/London")
        place = Place(scene.campaign, scene.ballot, scene.candidacies)
        place.session, place.clock = session, clock
        place.choose()
        three(place)
        session.commit()

    def die_at_work() -> None:
        with database.transaction() as session:
            make_digests(session, correspondence=CORRESPONDENCE, now=TONIGHT, limit=10)
            raise Killed

    with pytest.raises(Killed):
        die_at_work()
    with database.transaction() as session:
        assert messages_of(session, Lane.LETTER) == []
        make_digests(session, correspondence=CORRESPONDENCE, now=TONIGHT, limit=10)
        make_digests(session, correspondence=CORRESPONDENCE, now=TONIGHT, limit=10)
    with database.reader() as session:
        assert len(messages_of(session, Lane.LETTER)) == 1
        (report,) = reconcile_letters(session)
        assert report.is_right, report
        assert session.scalars(select(Campaign)).one().digest_hour == 18
