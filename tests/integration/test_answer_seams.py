"""An answer beside what happens at the same time: workers, digests, strikes, retries, news."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from campaign.campaigns.queries import list_asks
from campaign.campaigns.rules import MailForm
from campaign.core.db import Database
from campaign.delivery.models import OutboxMessage
from campaign.delivery.returns import SuppressionReason
from campaign.delivery.rules import Lane, MessageStatus, normalise_recipient
from campaign.delivery.service import suppress
from campaign.followups.answer_news import _has_written_to, last_news_time, tell_news
from campaign.followups.answers import publish_answers
from campaign.followups.correspondence import correspondence, run_letter_chores
from campaign.followups.overtaken import ask_writers, hold_overtaken_letters
from campaign.followups.record import review_and_tell
from campaign.followups.retries import retry_letters_like
from campaign.followups.unsubscribing import unsubscribe
from campaign.letters.models import Action, Letter, LetterQuestion
from campaign.letters.rules import AnswerChoice, HeldReason, LetterStatus
from campaign.letters.service import (
    choose_mail_form,
    hold_all_answered_letters,
    hold_answered_letters,
    keep_questions,
    record_delivery,
    send_instead,
    withdraw_letter,
)
from campaign.letters.service.returns import record_return
from campaign.pledges.queries import map_answer_times
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import AnswerDoor, GivenAnswer, dispute_entry, withdraw_pledge
from campaign.supporters.models import NewsSubscription
from tests.integration.letters import deliver, letters_of, log_of, messages_of
from tests.integration.test_answer_loop import (
    HELD,
    QUEUED,
    WITHDRAWN,
    Loop,
    entered_for,
    loop,
    strike,
)

__all__ = ["loop"]

SENT = (LetterStatus.SENT, None)


def first_ask(loop: Loop) -> int:
    return list_asks(loop.session, loop.scene.campaign.id)[0].id


def publish(loop: Loop, candidate: int = 0, stance: Stance = Stance.YES) -> None:
    """Answer as a candidate does who presses the button behind their link."""
    loop.clock.advance(minutes=1)
    publish_answers(
        loop.toolkit,
        loop.session,
        AnswerDoor(loop.scene.campaign, loop.scene.candidacies[candidate]),
        [GivenAnswer(ask_id=first_ask(loop), stance=stance, statement="")],
        now=loop.clock(),
    )


def take_back_answer(loop: Loop, candidate: int = 0) -> None:
    loop.clock.advance(minutes=1)
    withdraw_pledge(
        loop.session,
        campaign_id=loop.scene.campaign.id,
        candidacy_id=loop.scene.candidacies[candidate].id,
        ask_id=first_ask(loop),
        entered_by="candidate",
        now=loop.clock(),
    )


def hold(loop: Loop, limit: int = 1_000) -> int:
    return hold_answered_letters(
        loop.session,
        map_answer_times(loop.session, loop.scene.campaign.id),
        campaign_id=loop.scene.campaign.id,
        now=loop.clock(),
        limit=limit,
    )


def questions_out(loop: Loop) -> list[OutboxMessage]:
    return [
        each
        for each in messages_of(loop.session)
        if "/action/" in each.body and "wait" in each.subject
    ]


# The moment of the answer


def test_an_answer_holds_at_once_what_waits(loop: Loop) -> None:
    loop.confirm(loop.write())
    publish(loop)
    assert loop.states() == [HELD, QUEUED]
    loop.assert_balanced()


def test_a_review_holds_at_once_and_what_is_not_reviewed_holds_nothing(loop: Loop) -> None:
    loop.confirm(loop.write())
    entry_id = loop.answer(channel=Channel.HUSTINGS)
    loop.chores()
    assert loop.states() == [QUEUED, QUEUED]
    review_and_tell(
        loop.toolkit,
        loop.session,
        loop.scene.campaign,
        event_id=entry_id,
        is_right=True,
        reason="",
        actor="organiser:2",
        now=loop.clock(),
    )
    assert loop.states() == [HELD, QUEUED]


def test_what_a_worker_has_in_hand_is_sent_and_not_asked_about(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0]))
    (message,) = messages_of(loop.session, Lane.LETTER)
    message.status = MessageStatus.SENDING
    publish(loop)
    loop.chores()
    assert loop.states() == [QUEUED]
    deliver(loop.session, message, loop.clock())
    means = correspondence(loop.toolkit, loop.session)
    record_delivery(loop.session, message, loop.clock(), correspondence=means)
    loop.chores()
    assert loop.states() == [SENT]
    assert loop.notices("answered") == []
    loop.assert_balanced()


def test_what_a_worker_puts_back_is_held_after_all(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0]))
    (message,) = messages_of(loop.session, Lane.LETTER)
    message.status = MessageStatus.SENDING
    publish(loop)
    message.status = MessageStatus.QUEUED
    loop.chores()
    assert loop.states() == [HELD]
    assert len(loop.notices("has answered")) == 1


def test_what_another_worker_has_locked_is_passed_over(loop: Loop, database: Database) -> None:
    if database.is_sqlite:
        return  # There, one writes at a time.
    loop.confirm(loop.write(to=[0]))
    loop.answer()
    loop.session.commit()
    (message,) = messages_of(loop.session, Lane.LETTER)
    loop.session.commit()
    with database.transaction() as other:
        other.get(OutboxMessage, message.id, with_for_update=True)
        assert hold(loop) == 0
        loop.session.commit()
    assert hold(loop) == 1


def test_many_letters_are_held_in_batches(loop: Loop) -> None:
    for number in range(5):
        loop.confirm(loop.write(email=f"writer{number}@example.org", key=f"form {number}"))
    loop.answer()
    assert [hold(loop, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert loop.states() == [HELD, QUEUED] * 5
    assert log_of(loop.session, letters_of(loop.session)[0]) == ["unconfirmed", "queued", "held"]
    loop.assert_balanced()


def test_all_are_held_at_once_where_no_chore_comes_for_the_others(loop: Loop) -> None:
    for number in range(5):
        loop.confirm(loop.write(email=f"writer{number}@example.org", key=f"form {number}"))
    loop.answer()
    hold_all_answered_letters(
        loop.session,
        map_answer_times(loop.session, loop.scene.campaign.id),
        campaign_id=loop.scene.campaign.id,
        now=loop.clock(),
        limit=2,
    )
    assert loop.states() == [HELD, QUEUED] * 5


def test_a_digest_takes_nothing_along_that_the_chore_has_not_got_to(loop: Loop) -> None:
    choose_mail_form(
        loop.session,
        campaign=loop.scene.campaign,
        candidacy_id=loop.scene.candidacies[0].id,
        form=MailForm.ONE_DIGEST,
        actor="candidate",
        now=loop.clock(),
    )
    for number in range(4):
        loop.confirm(loop.write(email=f"w{number}@example.org", key=f"form {number}", to=[0]))
    loop.clock.advance(days=1)
    run_letter_chores(loop.toolkit, loop.session, loop.clock())
    (digest,) = messages_of(loop.session, Lane.LETTER)
    loop.answer()
    loop.clock.advance(minutes=1)
    loop.confirm(loop.write(email="late@example.org", key="late", to=[0]))
    assert hold(loop, 2) == 2
    assert digest.status is MessageStatus.CANCELLED
    run_letter_chores(loop.toolkit, loop.session, loop.clock())
    assert loop.states() == [HELD] * 4 + [QUEUED]
    assert all(
        each.status is MessageStatus.CANCELLED for each in messages_of(loop.session, Lane.LETTER)
    )
    loop.assert_balanced()


def test_what_came_back_is_asked_about_before_it_leaves_again(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0]))
    loop.deliver()
    (message,) = messages_of(loop.session, Lane.LETTER)
    means = correspondence(loop.toolkit, loop.session)
    record_return(loop.session, message, reason="5.1.1", correspondence=means, now=loop.clock())
    loop.answer()
    loop.clock.advance(days=8)  # Longer ago than the chore looks back.
    loop.scene.candidacies[0].person.email = "better@example.org"
    run_letter_chores(loop.toolkit, loop.session, loop.clock())
    assert loop.states() == [HELD]
    loop.chores()
    assert len(loop.notices("has answered")) == 1
    loop.assert_balanced()


def test_what_failed_is_asked_about_before_it_is_tried_again(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0]))
    (message,) = messages_of(loop.session, Lane.LETTER)
    deliver(loop.session, message, loop.clock(), sent=False)
    means = correspondence(loop.toolkit, loop.session)
    record_delivery(loop.session, message, loop.clock(), correspondence=means)
    loop.answer()
    loop.clock.advance(days=8)
    retry_letters_like(
        loop.session,
        loop.scene.campaign.id,
        message.id,
        is_alone=True,
        actor="organiser:1",
        reason="",
        now=loop.clock(),
    )
    assert loop.states() == [HELD]
    loop.assert_balanced()


# The question


def test_one_mail_asks_about_all_that_a_supporter_wrote(loop: Loop) -> None:
    for body in ("First words.", "Other words."):
        loop.confirm(loop.write(body=body, key=body, to=[0]))
        loop.clock.advance(minutes=1)
    publish(loop)
    loop.chores()
    (mail,) = loop.notices("2 of your letters wait")
    assert mail.body.count("/action/") == 2
    assert "before your letters left. So we have kept them" in mail.body


def test_a_batch_splits_nobodys_mail(loop: Loop) -> None:
    for email in ("jane@example.org", "joan@example.org"):
        loop.confirm(loop.write(email=email, key=email))
    loop.answer(0)
    loop.answer(1)
    hold(loop)
    means = correspondence(loop.toolkit, loop.session)
    keep_questions(loop.session, correspondence=means, now=loop.clock(), limit=3)
    assert len(questions_out(loop)) == 1
    keep_questions(loop.session, correspondence=means, now=loop.clock(), limit=3)
    assert [each.recipient for each in questions_out(loop)] == [
        "jane@example.org",
        "joan@example.org",
    ]
    assert all(
        [line[:9] for line in each.body.splitlines() if line.startswith("- ")]
        == ["- Ann Abl", "- Bob Bak"]
        for each in questions_out(loop)
    )


def test_a_full_batch_says_that_some_are_left(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.followups.overtaken.BATCH", 1)
    for email in ("jane@example.org", "joan@example.org"):
        loop.confirm(loop.write(email=email, key=email, to=[0]))
    loop.answer()
    assert hold_overtaken_letters(loop.session, loop.clock())
    assert hold_overtaken_letters(loop.session, loop.clock())
    assert not hold_overtaken_letters(loop.session, loop.clock())
    assert not ask_writers(loop.toolkit, loop.session, loop.clock())


def test_the_mail_says_where_an_answer_was_withdrawn(loop: Loop) -> None:
    loop.answer()
    loop.clock.advance(minutes=1)
    loop.confirm(loop.write(to=[0]))
    take_back_answer(loop)
    loop.chores()
    (mail,) = loop.notices("Ann Able has withdrawn an answer: your letter waits")
    assert "Ann Able has withdrawn an answer in" in mail.body


def test_who_has_declined_news_is_asked_all_the_same(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0]))
    suppress(
        loop.session,
        normalise_recipient("jane@example.org"),
        reason=SuppressionReason.UNSUBSCRIBED,
        source="recipient",
        now=loop.clock(),
    )
    publish(loop)
    loop.chores()
    (mail,) = questions_out(loop)
    assert (mail.lane, mail.status) == (Lane.CONFIRMATION, MessageStatus.QUEUED)


def test_an_answer_struck_before_anybody_was_asked_lets_the_letter_go_on(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0]))
    entry_id = entered_for(loop)
    hold(loop)
    assert loop.states() == [HELD]
    strike(loop, entry_id)
    loop.chores()
    assert loop.states() == [QUEUED]
    assert loop.notices("answered") == []
    assert loop.session.scalars(select(LetterQuestion)).all() == []
    # An answer of their own is asked about as if it were the first.
    loop.answer()
    loop.chores()
    assert loop.states() == [HELD]
    assert len(loop.notices("has answered")) == 1
    loop.assert_balanced()


def test_nobody_is_asked_once_the_poll_has_closed(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0]))
    loop.answer()
    hold(loop)
    loop.clock.time = loop.scene.ballot.election.poll_closes_at
    loop.chores()
    assert loop.states() == [(LetterStatus.HELD, HeldReason.CALENDAR)]
    assert loop.notices("answered") == []
    loop.assert_balanced()


def test_an_answer_struck_after_the_question_leaves_the_choice_to_the_writer(loop: Loop) -> None:
    action = loop.confirm(loop.write(to=[0]))
    entry_id = entered_for(loop)
    loop.chores()
    strike(loop, entry_id)
    loop.chores()
    assert loop.states() == [HELD]
    assert len(loop.notices("has answered")) == 1
    _choose(loop, action, AnswerChoice.FOLLOW_UP, "My own letter after all.")
    assert loop.states() == [QUEUED]
    loop.assert_balanced()


def test_who_withdrew_or_never_confirmed_is_not_asked(loop: Loop) -> None:
    withdrawn = loop.confirm(loop.write(to=[0]))
    withdraw_letter(loop.session, withdrawn, withdrawn.letters[0].id, now=loop.clock())
    loop.write(email="unconfirmed@example.org", key="unconfirmed", to=[0])
    publish(loop)
    loop.chores()
    assert loop.states() == [WITHDRAWN, (LetterStatus.UNCONFIRMED, None)]
    assert loop.notices("answered") == []
    loop.assert_balanced()


def test_a_letter_without_an_address_is_asked_about_once_there_is_one(loop: Loop) -> None:
    person = loop.scene.candidacies[0].person
    person.email = None
    loop.confirm(loop.write(to=[0]))
    entered_for(loop)
    loop.chores()
    assert loop.notices("answered") == []
    person.email = "ann@example.org"
    loop.chores()
    assert loop.states() == [HELD]
    assert len(loop.notices("has answered")) == 1
    loop.assert_balanced()


def _choose(loop: Loop, action: Action, choice: AnswerChoice, text: str) -> Letter:
    letter = action.letters[0]
    send_instead(
        loop.session,
        action,
        letter.id,
        choice=choice,
        subject="About your answer",
        text=text,
        correspondence=correspondence(loop.toolkit, loop.session),
        now=loop.clock(),
    )
    return letter


# The news


class TestNews:
    """What somebody has seen is no news to them."""

    def evening(self, loop: Loop) -> None:
        zone = loop.scene.ballot.election.timezone
        last = last_news_time(loop.clock(), timezone=zone)
        loop.clock.time = last + timedelta(days=1, minutes=1)
        loop.chores()

    def told(self, loop: Loop) -> list[str]:
        return [each.subject for each in messages_of(loop.session) if "asked for news" in each.body]

    @pytest.fixture(autouse=True)
    def _news(self, loop: Loop) -> None:
        loop.scene.campaign.news_text = "Tell me what candidates answer."

    def test_who_saw_the_answer_before_a_later_letter_is_not_told(self, loop: Loop) -> None:
        loop.confirm(loop.write(to=[0], wants_news=True))
        loop.deliver()
        loop.answer(1)
        loop.clock.advance(minutes=1)
        loop.confirm(loop.write(to=[1], key="second"))
        loop.deliver()
        self.evening(loop)
        assert self.told(loop) == []
        # A change after that is news.
        loop.answer(1, stance=Stance.NO)
        self.evening(loop)
        assert self.told(loop) == ["Bob Baker has changed an answer"]

    def test_who_was_asked_after_the_answer_is_told_of_later_ones_only(self, loop: Loop) -> None:
        action = loop.confirm(loop.write(to=[0], wants_news=True))
        publish(loop)
        loop.chores()
        _choose(loop, action, AnswerChoice.THANK_YOU, "Thank you.")
        loop.deliver()
        self.evening(loop)
        assert self.told(loop) == []
        loop.answer(stance=Stance.PARTLY)
        self.evening(loop)
        assert self.told(loop) == ["Ann Able has changed an answer"]

    def test_the_mail_marks_what_the_candidate_disputes(self, loop: Loop) -> None:
        loop.confirm(loop.write(to=[0], wants_news=True))
        loop.deliver()
        dispute_entry(
            loop.session,
            campaign_id=loop.scene.campaign.id,
            event_id=entered_for(loop),
            entered_by="candidate",
            now=loop.clock(),
        )
        self.evening(loop)
        (mail,) = (each for each in messages_of(loop.session) if "asked for news" in each.body)
        assert ": Yes (disputed by the candidate)\n" in mail.body

    def test_the_mail_says_where_to_get_no_more_of_them(self, loop: Loop) -> None:
        loop.confirm(loop.write(to=[0], wants_news=True))
        loop.deliver()
        loop.answer()
        self.evening(loop)
        (mail,) = [each for each in messages_of(loop.session) if "asked for news" in each.body]
        link = json.loads(mail.headers)["List-Unsubscribe"].strip("<>")
        assert f"press the button at {link} ." in mail.body
        token = link.rstrip("/").rpartition("/")[2]
        unsubscribe(loop.session, loop.toolkit.signer, token, now=loop.clock())
        loop.answer(stance=Stance.NO)
        self.evening(loop)
        sent = [each.status for each in messages_of(loop.session) if "asked for news" in each.body]
        assert sent == [MessageStatus.CANCELLED] * 2
        # Who asks for news once more, and proves the address again, gets them.
        loop.confirm(loop.write(to=[0], key="again", body="Once more.", wants_news=True))
        loop.deliver()
        loop.answer(stance=Stance.PARTLY)
        self.evening(loop)
        *_, last = [each for each in messages_of(loop.session) if "asked for news" in each.body]
        assert last.status is MessageStatus.QUEUED

    def test_a_full_batch_says_that_some_are_left(self, loop: Loop) -> None:
        for email in ("jane@example.org", "joan@example.org"):
            loop.confirm(loop.write(email=email, key=email, to=[0], wants_news=True))
        loop.deliver()
        loop.answer()
        zone = loop.scene.ballot.election.timezone
        loop.clock.time = last_news_time(loop.clock(), timezone=zone) + timedelta(days=1, minutes=1)
        loop.session.flush()
        assert tell_news(loop.toolkit, loop.session, loop.clock(), limit=1)
        assert tell_news(loop.toolkit, loop.session, loop.clock(), limit=1)
        assert not tell_news(loop.toolkit, loop.session, loop.clock(), limit=1)
        assert len(self.told(loop)) == 2


def test_whom_to_tell_is_found_by_their_own_letters_and_not_by_all_who_answered(
    sqlite_database: Database,
) -> None:
    """Else it takes as many steps as there are supporters times candidates."""
    changed = dict.fromkeys(range(1, 4), datetime(2031, 5, 1, tzinfo=UTC))
    query = select(NewsSubscription.supporter_id).where(_has_written_to(changed))
    engine = sqlite_database.engine
    sql = str(query.compile(engine, compile_kwargs={"render_postcompile": True}))
    with engine.connect() as connection:
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?"))
        (found,) = [step[3] for step in steps if step[3].startswith("SEARCH letters")]
    assert "supporter_id=?" in found
    assert "candidacy_id" not in found
