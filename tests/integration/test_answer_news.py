"""What the mails say of answers: only what has changed, of whom, and where somebody wrote."""

from datetime import timedelta

import pytest

from campaign.campaigns.queries import list_asks
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane
from campaign.followups.answer_news import last_news_time
from campaign.followups.correspondence import correspondence
from campaign.followups.requests import note_candidate_request
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.letters.service import record_delivery, withdraw_letter
from campaign.letters.service.returns import record_return
from campaign.pledges.rules import Channel, RequestKind, Stance
from campaign.pledges.service import AnswerDoor, record_pledge, withdraw_pledge
from tests.factories import AskFactory, BallotFactory, CandidacyFactory, PersonFactory
from tests.integration.letters import Scene, deliver, letters_of, messages_of
from tests.integration.test_answer_loop import Loop, loop

__all__ = ["loop"]


@pytest.fixture(autouse=True)
def _news(loop: Loop) -> None:
    loop.scene.campaign.news_text = "Tell me what candidates answer."
    AskFactory(campaign=loop.scene.campaign)


def titles(loop: Loop) -> list[str]:
    return [ask.current.title for ask in list_asks(loop.session, loop.scene.campaign.id)]


def answer(loop: Loop, ask: int, stance: Stance, candidate: int = 0) -> None:
    loop.clock.advance(minutes=1)
    record_pledge(
        loop.session,
        campaign_id=loop.scene.campaign.id,
        candidacy_id=loop.scene.candidacies[candidate].id,
        ask_id=list_asks(loop.session, loop.scene.campaign.id)[ask].id,
        stance=stance,
        channel=Channel.LINK,
        entered_by="candidate",
        now=loop.clock(),
    )


def withdraw(loop: Loop, ask: int, candidate: int = 0) -> None:
    loop.clock.advance(minutes=1)
    withdraw_pledge(
        loop.session,
        campaign_id=loop.scene.campaign.id,
        candidacy_id=loop.scene.candidacies[candidate].id,
        ask_id=list_asks(loop.session, loop.scene.campaign.id)[ask].id,
        entered_by="candidate",
        now=loop.clock(),
    )


def evening(loop: Loop) -> list[OutboxMessage]:
    """Go on to six o'clock; return the news of that evening."""
    before = {each.id for each in news_of(loop)}
    zone = loop.scene.ballot.election.timezone
    last = last_news_time(loop.clock(), timezone=zone)
    loop.clock.time = last + timedelta(days=1, minutes=1)
    loop.chores()
    return [each for each in news_of(loop) if each.id not in before]


def news_of(loop: Loop) -> list[OutboxMessage]:
    return [each for each in messages_of(loop.session) if "asked for news" in each.body]


def lines(mail: OutboxMessage) -> list[str]:
    return [line for line in mail.body.splitlines() if line.startswith("- ")]


def elsewhere(loop: Loop, *, name: str) -> Scene:
    """Return a second constituency of the same campaign with one candidate."""
    ballot = BallotFactory(election=loop.scene.ballot.election)
    person = PersonFactory(name=name, email="other@example.org")
    return Scene(
        campaign=loop.scene.campaign,
        ballot=ballot,
        candidacies=[CandidacyFactory(person=person, ballot=ballot)],
    )


def write_elsewhere(loop: Loop, scene: Scene) -> None:
    here, loop.scene = loop.scene, scene
    loop.confirm(loop.write(key="elsewhere"))
    loop.scene = here


# What has changed


def test_only_what_has_changed_is_told(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0], wants_news=True))
    loop.deliver()
    first, second = titles(loop)
    answer(loop, 0, Stance.YES)
    answer(loop, 1, Stance.NO)
    (mail,) = evening(loop)
    assert mail.subject == "Ann Able has answered"
    assert lines(mail) == [f"- {first}: Yes", f"- {second}: No"]

    withdraw(loop, 0)
    (mail,) = evening(loop)
    assert mail.subject == "Ann Able has withdrawn an answer"
    assert lines(mail) == [f"- {first}: withdrawn (was Yes)"]
    assert "No answer is not a refusal." in mail.body

    answer(loop, 1, Stance.PARTLY)
    (mail,) = evening(loop)
    assert mail.subject == "Ann Able has changed an answer"
    assert lines(mail) == [f"- {second}: now Partly (was No)"]
    assert "No answer is not a refusal." not in mail.body


def test_what_came_and_went_in_a_day_is_no_news(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0], wants_news=True))
    loop.deliver()
    answer(loop, 0, Stance.YES)
    withdraw(loop, 0)
    assert evening(loop) == []


def test_what_was_told_late_is_told_as_it_stands_then_and_once(loop: Loop) -> None:
    """A worker that stood still over six o'clock writes no news of the past."""
    loop.confirm(loop.write(wants_news=True))
    loop.deliver()
    first, _ = titles(loop)
    answer(loop, 0, Stance.YES)
    answer(loop, 0, Stance.YES, candidate=1)
    zone = loop.scene.ballot.election.timezone
    due = last_news_time(loop.clock(), timezone=zone) + timedelta(days=1)
    loop.clock.time = due + timedelta(hours=2)
    answer(loop, 0, Stance.NO, candidate=1)
    loop.clock.advance(minutes=1)
    loop.chores()
    (mail,) = news_of(loop)
    assert lines(mail) == [f"- {first}: Yes", f"- {first}: No"]
    assert evening(loop) == []


def test_what_is_committed_after_the_mail_is_told_the_next_time(loop: Loop) -> None:
    loop.confirm(loop.write(wants_news=True))
    loop.deliver()
    answer(loop, 0, Stance.YES)
    zone = loop.scene.ballot.election.timezone
    told_at = last_news_time(loop.clock(), timezone=zone) + timedelta(days=1, hours=2)
    loop.clock.time = told_at
    loop.chores()
    loop.clock.time = told_at - timedelta(minutes=1)
    answer(loop, 0, Stance.NO, candidate=1)
    assert loop.clock() == told_at
    assert [each.subject for each in news_of(loop)] == ["Ann Able has answered"]
    assert [each.subject for each in evening(loop)] == ["Bob Baker has answered"]


def test_who_wrote_a_moment_ago_is_not_told_backwards(loop: Loop) -> None:
    """The newest entry is not told yet, but its reader saw it when they wrote."""
    loop.confirm(loop.write(wants_news=True))
    loop.deliver()
    answer(loop, 0, Stance.YES)
    answer(loop, 0, Stance.YES, candidate=1)
    zone = loop.scene.ballot.election.timezone
    due = last_news_time(loop.clock(), timezone=zone) + timedelta(days=1)
    loop.clock.time = due - timedelta(seconds=50)
    answer(loop, 0, Stance.NO)
    loop.clock.advance(seconds=10)
    loop.confirm(loop.write(key="second", body="Once more.", to=[0]))
    loop.deliver()
    loop.clock.advance(seconds=10)
    loop.chores()
    (mail,) = news_of(loop)
    assert mail.subject == "Bob Baker has answered"


# Where somebody wrote


def test_who_wrote_in_two_places_gets_a_page_of_each(loop: Loop) -> None:
    other = elsewhere(loop, name="Ann Able")
    loop.confirm(loop.write(to=[0], wants_news=True))
    write_elsewhere(loop, other)
    loop.deliver()
    answer(loop, 0, Stance.YES)
    loop.scene = Scene(other.campaign, other.ballot, other.candidacies)
    answer(loop, 0, Stance.NO)
    (mail,) = evening(loop)
    assert mail.subject == "News from 2 candidates you wrote to"
    places = {each.action.constituency.name for each in letters_of(loop.session)}
    assert len(places) == 2
    for place in places:
        assert f"\n{place}:\nhttp" in mail.body
        assert f", {place}) has answered:\n" in mail.body


# Letters that did not arrive


def test_who_could_not_write_hears_what_was_answered(loop: Loop) -> None:
    loop.scene.candidacies[0].person.email = None
    loop.confirm(loop.write(to=[0], wants_news=True))
    answer(loop, 0, Stance.YES)
    (mail,) = evening(loop)
    assert mail.subject == "Ann Able has answered"
    assert "no e-mail address of theirs is known that takes it" in mail.body
    assert loop.states() == [(LetterStatus.HELD, HeldReason.NO_ADDRESS)]
    # What they were told of is asked about once there is an address.
    loop.scene.candidacies[0].person.email = "ann@example.org"
    loop.chores()
    assert len(loop.notices("has answered: your letter waits")) == 1
    assert evening(loop) == []


def test_who_wrote_to_a_wrong_address_hears_what_was_answered(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0], wants_news=True))
    note_candidate_request(
        loop.toolkit,
        loop.session,
        AnswerDoor(loop.scene.campaign, loop.scene.candidacies[0]),
        kind=RequestKind.WRONG_ADDRESS,
        now=loop.clock(),
    )
    assert loop.states() == [(LetterStatus.HELD, HeldReason.NO_ADDRESS)]
    answer(loop, 0, Stance.YES)
    (mail,) = evening(loop)
    assert "Your letter has not reached them" in mail.body


def test_a_letter_that_came_back_is_no_reason_for_silence(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0], wants_news=True))
    loop.deliver()
    (message,) = messages_of(loop.session, Lane.LETTER)
    means = correspondence(loop.toolkit, loop.session)
    record_return(loop.session, message, reason="5.1.1", correspondence=means, now=loop.clock())
    answer(loop, 0, Stance.YES)
    (mail,) = evening(loop)
    assert "Your letter did not reach them: it could not be delivered." in mail.body


def test_a_letter_that_failed_is_no_reason_for_silence(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0], wants_news=True))
    (message,) = messages_of(loop.session, Lane.LETTER)
    deliver(loop.session, message, loop.clock(), sent=False)
    means = correspondence(loop.toolkit, loop.session)
    record_delivery(loop.session, message, loop.clock(), correspondence=means)
    assert loop.states() == [(LetterStatus.FAILED, None)]
    answer(loop, 0, Stance.YES)
    (mail,) = evening(loop)
    assert "Your letter did not reach them: it could not be delivered." in mail.body


def test_one_letter_that_arrived_is_enough(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0], wants_news=True))
    loop.deliver()
    loop.scene.candidacies[0].person.email = None
    loop.clock.advance(minutes=1)
    loop.confirm(loop.write(to=[0], key="second", body="Once more."))
    assert [status for status, _ in loop.states()] == [LetterStatus.SENT, LetterStatus.HELD]
    answer(loop, 0, Stance.YES)
    (mail,) = evening(loop)
    assert "reach" not in mail.body


def test_who_took_their_letter_back_is_told_nothing(loop: Loop) -> None:
    loop.confirm(loop.write(to=[0], wants_news=True))
    (letter,) = letters_of(loop.session)
    withdraw_letter(loop.session, letter.action, letter.id, now=loop.clock())
    answer(loop, 0, Stance.YES)
    assert evening(loop) == []


# The question


def test_the_question_says_what_the_candidate_has_done_since_the_letter(loop: Loop) -> None:
    answer(loop, 0, Stance.YES)
    answer(loop, 1, Stance.NO)
    loop.clock.advance(minutes=1)
    loop.confirm(loop.write(to=[0]))
    withdraw(loop, 1)
    loop.chores()
    (mail,) = loop.notices("your letter waits")
    assert mail.subject == "Ann Able has withdrawn an answer: your letter waits for you"
    assert "Ann Able has withdrawn an answer in" in mail.body


def test_the_question_names_two_of_one_name_and_what_each_has_done(loop: Loop) -> None:
    other = elsewhere(loop, name="Ann Able")
    here = loop.scene
    answer(loop, 0, Stance.YES)
    loop.clock.advance(minutes=1)
    loop.confirm(loop.write(to=[0]))
    write_elsewhere(loop, other)
    withdraw(loop, 0)
    loop.scene = other
    answer(loop, 0, Stance.NO)
    loop.scene = here
    loop.chores()
    (mail,) = loop.notices("News from 2 candidates: 2 of your letters wait for you")
    told = [
        f"- Ann Able ({each.party_name}, {each.ballot.constituency.name}) {headline}"
        for each, headline in (
            (here.candidacies[0], "has withdrawn an answer"),
            (other.candidacies[0], "has answered"),
        )
    ]
    assert lines(mail) == told
