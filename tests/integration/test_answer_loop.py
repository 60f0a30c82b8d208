"""When a candidate answers, letters that have not left wait, and their writers are told, once."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.queries import list_asks
from campaign.core.db import Database
from campaign.core.toolkit import Toolkit
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane, MessageStatus
from campaign.followups.answer_news import last_news_time, tell_news
from campaign.followups.correspondence import correspondence, run_letter_chores
from campaign.followups.overtaken import ask_writers, hold_overtaken_letters
from campaign.letters.errors import LetterNotFound, LettersClosed, QuestionClosed, TextInvalid
from campaign.letters.models import Action, Letter, LetterQuestion
from campaign.letters.queries import list_last_reasons
from campaign.letters.rules import AnswerChoice, HeldReason, LetterStatus
from campaign.letters.service import (
    choose_nothing,
    confirm_action,
    get_question,
    pause_letters,
    record_delivery,
    resume_letters,
    send_instead,
    withdraw_letter,
)
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import (
    dispute_entry,
    hide_texts,
    record_pledge,
    review_pledge,
    settle_dispute,
    withdraw_pledge,
)
from campaign.reports.reconciliation import reconcile_letters
from tests.conftest import FrozenClock
from tests.integration.letters import Scene, deliver, letters_of, make_scene, messages_of
from tests.returned import toolkit_on

HELD = (LetterStatus.HELD, HeldReason.CANDIDATE_ANSWERED)
QUEUED = (LetterStatus.QUEUED, None)
WITHDRAWN = (LetterStatus.WITHDRAWN, None)


class Loop:
    """A scene with its worker's chores."""

    def __init__(self, session: Session, toolkit: Toolkit, clock: FrozenClock) -> None:
        self.session, self.toolkit, self.clock = session, toolkit, clock
        self.scene: Scene = make_scene()

    def write(self, **written: object) -> Action:
        submission = self.scene.write(self.session, now=self.clock(), **written)
        assert submission.action is not None
        self.session.flush()
        return submission.action

    def confirm(self, action: Action) -> Action:
        means = correspondence(self.toolkit, self.session)
        confirm_action(self.session, action.id, correspondence=means, now=self.clock())
        return action

    def answer(
        self, candidate: int = 0, stance: Stance = Stance.YES, channel: Channel = Channel.LINK
    ) -> int:
        self.clock.advance(minutes=1)
        return record_pledge(
            self.session,
            campaign_id=self.scene.campaign.id,
            candidacy_id=self.scene.candidacies[candidate].id,
            ask_id=list_asks(self.session, self.scene.campaign.id)[0].id,
            stance=stance,
            channel=channel,
            entered_by="candidate" if channel is Channel.LINK else "organiser:1",
            source_url="" if channel is Channel.LINK else "https://example.org/hustings",
            now=self.clock(),
        ).id

    def chores(self) -> None:
        self.session.flush()
        hold_overtaken_letters(self.session, self.clock())
        run_letter_chores(self.toolkit, self.session, self.clock())
        ask_writers(self.toolkit, self.session, self.clock())
        tell_news(self.toolkit, self.session, self.clock())
        self.session.flush()
        self.session.expire_all()

    def states(self) -> list[tuple[LetterStatus, HeldReason | None]]:
        self.session.flush()
        self.session.expire_all()
        return [(each.status, each.held_reason) for each in letters_of(self.session)]

    def deliver(self) -> None:
        """Send every letter that waits in the outbox."""
        for message in messages_of(self.session, Lane.LETTER):
            if message.status is MessageStatus.QUEUED:
                deliver(self.session, message, self.clock())
                means = correspondence(self.toolkit, self.session)
                record_delivery(self.session, message, self.clock(), correspondence=means)

    def notices(self, subject: str) -> list[OutboxMessage]:
        return [
            each
            for each in messages_of(self.session)
            if each.lane is Lane.NOTICE and subject in each.subject
        ]

    def instead(self, letter: Letter, text: str = "Thank you for that.") -> None:
        send_instead(
            self.session,
            letter.action,
            letter.id,
            choice=AnswerChoice.THANK_YOU,
            subject="Thank you",
            text=text,
            correspondence=correspondence(self.toolkit, self.session),
            now=self.clock(),
        )

    def assert_balanced(self) -> None:
        self.session.flush()
        (report,) = reconcile_letters(self.session)
        assert report.is_right, report


@pytest.fixture
def loop(database: Database, session: Session, clock: FrozenClock) -> Loop:
    return Loop(session, toolkit_on(database, clock), clock)


def test_letters_not_yet_sent_wait_and_their_writers_are_asked_once(loop: Loop) -> None:
    action = loop.confirm(loop.write())
    loop.answer()
    for _ in range(3):
        loop.chores()
    assert loop.states() == [HELD, QUEUED]
    (mail,) = loop.notices("has answered")
    assert mail.recipient == "jane@example.org"
    assert "Ann Able has answered" in mail.subject
    assert "/action/" in mail.body
    waiting = [
        m for m in messages_of(loop.session, Lane.LETTER) if m.status is MessageStatus.QUEUED
    ]
    assert [each.recipient for each in waiting] == ["bob@example.org"]
    # A second answer asks nobody again.
    loop.answer(stance=Stance.NO)
    loop.chores()
    assert len(loop.notices("answered")) == 1
    assert action.letters[0].id == letters_of(loop.session)[0].id
    loop.assert_balanced()


def test_one_mail_asks_about_all_letters_of_an_action(loop: Loop) -> None:
    loop.confirm(loop.write())
    loop.answer(0)
    loop.answer(1)
    loop.chores()
    assert loop.states() == [HELD, HELD]
    (mail,) = loop.notices("News from 2 candidates: 2 of your letters wait for you")
    for name in ("Ann Able", "Bob Baker"):
        assert any(
            line.startswith(f"- {name} (") and line.endswith(") has answered")
            for line in mail.body.splitlines()
        )


def test_who_writes_after_the_answer_has_seen_it(loop: Loop) -> None:
    loop.answer()
    loop.clock.advance(minutes=1)
    loop.confirm(loop.write())
    loop.chores()
    assert loop.states() == [QUEUED, QUEUED]


def test_what_is_confirmed_after_the_answer_waits_too(loop: Loop) -> None:
    action = loop.write()
    loop.answer()
    loop.confirm(action)
    assert loop.states() == [HELD, QUEUED]
    loop.chores()
    assert len(loop.notices("has answered")) == 1


def test_what_was_sent_stays_sent(loop: Loop) -> None:
    loop.confirm(loop.write())
    loop.deliver()
    loop.answer()
    loop.chores()
    assert {status for status, _reason in loop.states()} == {LetterStatus.SENT}
    assert loop.notices("answered") == []


def test_a_pause_does_not_hide_the_answer(loop: Loop) -> None:
    loop.confirm(loop.write())
    campaign_id = loop.scene.campaign.id
    pause_letters(loop.session, campaign_id, actor="organiser:1", reason="", now=loop.clock())
    loop.answer()
    loop.chores()
    resume_letters(loop.session, campaign_id, actor="organiser:1", reason="", now=loop.clock())
    loop.chores()
    assert loop.states() == [HELD, QUEUED]


def test_what_an_organiser_enters_counts_once_it_is_reviewed(loop: Loop) -> None:
    loop.confirm(loop.write())
    entry = loop.answer(channel=Channel.HUSTINGS)
    loop.chores()
    assert loop.states() == [QUEUED, QUEUED]
    loop.clock.advance(hours=1)
    review_pledge(
        loop.session, event_id=entry, is_right=True, reviewer="organiser:2", now=loop.clock()
    )
    loop.chores()
    assert loop.states() == [HELD, QUEUED]


def test_a_thank_you_leaves_in_place_of_the_letter(loop: Loop) -> None:
    loop.confirm(loop.write())
    loop.answer()
    loop.chores()
    letter = letters_of(loop.session)[0]
    loop.instead(letter)
    loop.chores()
    assert loop.states() == [QUEUED, QUEUED]
    message = loop.session.get_one(OutboxMessage, letter.outbox_message_id)
    assert (message.status, message.subject) == (MessageStatus.QUEUED, "Thank you")
    assert "Thank you for that." in message.body
    assert message.body.startswith("Dear Ann Able")
    assert "Jane Smith" in message.body
    with pytest.raises(QuestionClosed):
        loop.instead(letter)
    # An answer after that is no reason to ask again.
    loop.answer(stance=Stance.PARTLY)
    loop.chores()
    assert loop.states() == [QUEUED, QUEUED]
    loop.assert_balanced()


def test_nothing_is_sent_where_nothing_is_wanted(loop: Loop) -> None:
    action = loop.confirm(loop.write())
    loop.answer()
    loop.chores()
    choose_nothing(loop.session, action, action.letters[0].id, now=loop.clock())
    assert loop.states() == [WITHDRAWN, QUEUED]
    loop.assert_balanced()


def test_who_does_not_choose_within_two_days_sends_nothing(loop: Loop) -> None:
    action = loop.confirm(loop.write())
    loop.answer()
    loop.chores()
    question = get_question(loop.session, action, action.letters[0].id, now=loop.clock())
    assert question.expires_at == loop.clock() + timedelta(hours=48)
    loop.clock.advance(hours=48)
    with pytest.raises(QuestionClosed):
        get_question(loop.session, action, action.letters[0].id, now=loop.clock())
    loop.chores()
    assert loop.states()[0] == WITHDRAWN
    reasons = list_last_reasons(loop.session, action)
    assert reasons[action.letters[0].id] == "no_choice_after_answer"
    assert len(loop.notices("answered")) == 1
    loop.assert_balanced()


def test_nobody_chooses_after_the_poll(loop: Loop) -> None:
    action = loop.confirm(loop.write())
    loop.clock.time = loop.scene.ballot.election.poll_closes_at - timedelta(hours=5)
    loop.answer()
    loop.chores()
    loop.clock.time = loop.scene.ballot.election.poll_closes_at
    with pytest.raises((QuestionClosed, LettersClosed)):
        loop.instead(action.letters[0])
    loop.chores()
    assert loop.states()[0] == WITHDRAWN


def test_a_letter_taken_back_is_asked_about_no_more(loop: Loop) -> None:
    action = loop.confirm(loop.write())
    loop.answer()
    hold_overtaken_letters(loop.session, loop.clock())
    withdraw_letter(loop.session, action, action.letters[0].id, now=loop.clock())
    loop.chores()
    assert loop.notices("answered") == []
    with pytest.raises(QuestionClosed):
        get_question(loop.session, action, action.letters[0].id, now=loop.clock())


def test_a_strange_letter_and_a_bad_text_are_refused(loop: Loop) -> None:
    action = loop.confirm(loop.write())
    other = loop.confirm(loop.write(email="joan@example.org", key="another"))
    loop.answer()
    loop.chores()
    with pytest.raises(LetterNotFound):
        choose_nothing(loop.session, action, other.letters[0].id, now=loop.clock())
    with pytest.raises(TextInvalid):
        loop.instead(action.letters[0], text=" ")
    assert loop.states() == [HELD, QUEUED, HELD, QUEUED]


def test_the_same_words_are_not_sent_twice(loop: Loop) -> None:
    first = loop.confirm(loop.write(to=[0], subject="Thank you", body="Thank you for that."))
    loop.deliver()
    loop.clock.advance(minutes=1)
    second = loop.confirm(loop.write(to=[0], key="2", body="Something else."))
    loop.answer()
    loop.chores()
    assert first.id != second.id
    with pytest.raises(TextInvalid, match="before"):
        loop.instead(second.letters[0])


def entered_for(loop: Loop) -> int:
    """Record an answer of Ann Able as organisers do, and let another organiser review it."""
    loop.clock.advance(minutes=1)
    event = record_pledge(
        loop.session,
        campaign_id=loop.scene.campaign.id,
        candidacy_id=loop.scene.candidacies[0].id,
        ask_id=list_asks(loop.session, loop.scene.campaign.id)[0].id,
        stance=Stance.YES,
        channel=Channel.HUSTINGS,
        entered_by="organiser:1",
        quote="A quote of hers.",
        now=loop.clock(),
    )
    review_pledge(
        loop.session, event_id=event.id, is_right=True, reviewer="organiser:2", now=loop.clock()
    )
    return event.id


def strike(loop: Loop, entry_id: int) -> None:
    about = {"campaign_id": loop.scene.campaign.id, "event_id": entry_id}
    dispute_entry(loop.session, **about, entered_by="candidate", now=loop.clock())
    settle_dispute(
        loop.session,
        **about,
        settler="organiser:2",
        is_right=False,
        reason="It was somebody else.",
        now=loop.clock(),
    )


def test_a_struck_answer_holds_no_letter(loop: Loop) -> None:
    action = loop.write()
    strike(loop, entered_for(loop))
    loop.confirm(action)
    loop.chores()
    assert loop.states() == [QUEUED, QUEUED]


class TestNews:
    """Those who wrote and asked for news are told once a day."""

    @pytest.fixture(autouse=True)
    def _sent(self, loop: Loop) -> None:
        loop.scene.campaign.news_text = "Tell me what candidates answer."
        loop.confirm(loop.write(wants_news=True))
        loop.confirm(loop.write(email="joan@example.org", key="no news please"))
        loop.deliver()

    def evening(self, loop: Loop, days: int = 1) -> None:
        zone = loop.scene.ballot.election.timezone
        last = last_news_time(loop.clock(), timezone=zone)
        loop.clock.time = last + timedelta(days=days, minutes=1)

    def test_one_mail_for_all_candidates_of_the_day(self, loop: Loop) -> None:
        loop.answer(0)
        loop.answer(1, stance=Stance.NO)
        loop.chores()
        assert loop.notices("News from") == []
        self.evening(loop)
        for _ in range(3):
            loop.chores()
        (mail,) = loop.notices("News from 2 candidates")
        assert mail.recipient == "jane@example.org"
        assert "Ann Able" in mail.body
        assert ": Yes\n" in mail.body
        assert ": No\n" in mail.body
        assert "List-Unsubscribe" in mail.headers
        self.evening(loop)
        loop.chores()
        assert len(loop.notices("News from")) == 1

    def test_a_withdrawn_answer_is_told_too(self, loop: Loop) -> None:
        loop.answer(0)
        self.evening(loop)
        loop.chores()
        (first,) = loop.notices("Ann Able has answered")
        withdraw_pledge(
            loop.session,
            campaign_id=loop.scene.campaign.id,
            candidacy_id=loop.scene.candidacies[0].id,
            ask_id=list_asks(loop.session, loop.scene.campaign.id)[0].id,
            entered_by="candidate",
            now=loop.clock(),
        )
        self.evening(loop)
        loop.chores()
        (second,) = loop.notices("Ann Able has withdrawn an answer")
        assert ": withdrawn (was Yes)\nNo answer is not a refusal.\n" in second.body
        assert first.id != second.id

    def test_a_struck_answer_is_told_and_a_hidden_text_is_not(self, loop: Loop) -> None:
        entry_id = entered_for(loop)
        self.evening(loop)
        loop.chores()
        assert len(loop.notices("Ann Able has answered")) == 1
        about = {"campaign_id": loop.scene.campaign.id, "event_id": entry_id}
        hide_texts(
            loop.session,
            **about,
            hidden_by="organiser:3",
            reason="It names a neighbour.",
            now=loop.clock(),
        )
        self.evening(loop)
        loop.chores()
        assert len(loop.notices("")) == 1
        strike(loop, entry_id)
        self.evening(loop)
        loop.chores()
        (mail,) = loop.notices("Ann Able has objected, and an entry was taken out")
        assert "because the candidate objected" in mail.body
        assert not any("A quote of hers." in each.body for each in messages_of(loop.session))

    def test_to_strike_what_the_candidate_has_answered_since_is_no_news(self, loop: Loop) -> None:
        entry_id = entered_for(loop)
        loop.answer(0, stance=Stance.NO)
        self.evening(loop)
        loop.chores()
        strike(loop, entry_id)
        self.evening(loop)
        loop.chores()
        assert len(loop.notices("")) == 1

    def test_nobody_is_told_of_what_they_had_seen(self, loop: Loop) -> None:
        loop.answer(0)
        loop.clock.advance(minutes=5)
        loop.confirm(loop.write(email="late@example.org", key="late", wants_news=True, to=[0]))
        loop.deliver()
        self.evening(loop)
        loop.chores()
        assert [each.recipient for each in loop.notices("has answered")] == ["jane@example.org"]

    def test_two_workers_tell_once(self, loop: Loop, database: Database) -> None:
        loop.answer(0)
        self.evening(loop)
        loop.session.commit()
        for _ in range(2):
            with database.transaction() as session:
                tell_news(loop.toolkit, session, loop.clock())
        loop.session.expire_all()
        assert len(loop.notices("has answered")) == 1


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2031-05-01T16:59:00+00:00", "2031-04-30T17:00:00+00:00"),  # British Summer Time
        ("2031-05-01T17:00:00+00:00", "2031-05-01T17:00:00+00:00"),
        ("2031-01-05T18:30:00+00:00", "2031-01-05T18:00:00+00:00"),
        ("2031-03-30T10:00:00+00:00", "2031-03-29T18:00:00+00:00"),  # clocks went forward
    ],
)
def test_news_are_due_at_six_in_the_evening(now: str, due: str) -> None:
    found = last_news_time(datetime.fromisoformat(now), timezone="Europe/London")
    assert found == datetime.fromisoformat(due)


def test_questions_are_never_left_over(loop: Loop) -> None:
    loop.confirm(loop.write())
    loop.answer()
    loop.chores()
    loop.clock.advance(hours=49)
    loop.chores()
    left = select(LetterQuestion).where(LetterQuestion.choice.is_(None))
    assert loop.session.scalars(left).all() == []
