"""A candidate who says "nothing more" or "wrong address" is obeyed, and no letter is lost."""

import re
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.candidates.models import Candidacy
from campaign.core.db import Database
from campaign.core.languages import Language
from campaign.core.toolkit import Toolkit
from campaign.delivery.models import OutboxMessage
from campaign.delivery.returns import SuppressionReason
from campaign.delivery.rules import Lane, MessageStatus
from campaign.delivery.service import suppress
from campaign.followups.correspondence import list_mail_stops, list_refusing
from campaign.followups.requests import (
    correct_candidate_address,
    note_candidate_request,
    settle_candidate_request,
)
from campaign.letters.errors import RecipientUnavailable
from campaign.letters.models import Letter, LetterTransition
from campaign.letters.queries import list_last_reasons
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.letters.service import (
    Correspondence,
    confirm_action,
    pause_letters,
    record_delivery,
    resume_letters,
    run_chores,
)
from campaign.pledges.queries import list_candidate_requests
from campaign.pledges.rules import RequestKind
from campaign.pledges.service import AnswerDoor, choose_language, read_answer_token
from campaign.reports.reconciliation import reconcile_letters
from campaign.reports.writing_desk import open_desk
from tests.conftest import FrozenClock
from tests.integration.candidates import make_toolkit
from tests.integration.letters import (
    CORRESPONDENCE,
    Scene,
    actions_of,
    deliver,
    letters_of,
    make_scene,
    messages_of,
)


class Place(Scene):
    """A scene whose candidates use their page."""

    session: Session
    clock: FrozenClock
    toolkit: Toolkit

    def confirm(self, **written: object) -> list[Letter]:
        submission = self.write(self.session, now=self.clock(), **written)
        assert submission.action is not None
        self.session.flush()
        confirm_action(
            self.session, submission.action.id, correspondence=self.correspondence, now=self.clock()
        )
        return submission.action.letters

    @property
    def correspondence(self) -> Correspondence:
        return replace(
            CORRESPONDENCE,
            list_mail_stops=partial(list_mail_stops, self.session),
            list_refusing=partial(list_refusing, self.session),
        )

    def ask_for(self, kind: RequestKind, candidacy: Candidacy) -> None:
        door = AnswerDoor(self.campaign, candidacy)
        note_candidate_request(self.toolkit, self.session, door, kind=kind, now=self.clock())

    def correct_address_of(self, candidacy: Candidacy) -> None:
        correct_candidate_address(
            self.toolkit,
            self.session,
            person_id=candidacy.person_id,
            email="right@example.org",
            reason="told us",
            actor="organiser:1",
            now=self.clock(),
        )

    def settle(self) -> None:
        for request in list_candidate_requests(self.session, self.campaign.id):
            settle_candidate_request(
                self.toolkit, self.session, self.campaign, request.id, now=self.clock()
            )
        self.session.flush()

    def do_chores(self) -> None:
        run_chores(self.session, correspondence=self.correspondence, now=self.clock())
        self.session.flush()
        self.session.expire_all()

    def letters_waiting(self) -> list[str]:
        return [
            each.recipient
            for each in messages_of(self.session, Lane.LETTER)
            if each.status is MessageStatus.QUEUED
        ]

    def states(self) -> list[tuple[LetterStatus, HeldReason | None]]:
        self.session.flush()
        self.session.expire_all()
        return [(each.status, each.held_reason) for each in letters_of(self.session)]


QUEUED = (LetterStatus.QUEUED, None)
WITHDRAWN = (LetterStatus.WITHDRAWN, None)
NO_ADDRESS = (LetterStatus.HELD, HeldReason.NO_ADDRESS)


@pytest.fixture
def place(session: Session, database: Database, clock: FrozenClock) -> Place:
    scene = make_scene()
    place = Place(scene.campaign, scene.ballot, scene.candidacies)
    place.session, place.clock, place.toolkit = session, clock, make_toolkit(database)
    return place


def assert_balanced(place: Place) -> None:
    place.session.flush()
    (report,) = reconcile_letters(place.session)
    assert report.is_right, report


def test_nothing_more_takes_letters_back_and_says_why(place: Place) -> None:
    ann, bob = place.candidacies
    place.confirm()
    place.write(place.session, now=place.clock(), email="joan@example.org", key="another key")
    place.ask_for(RequestKind.NOTHING_MORE, ann)
    unconfirmed = (LetterStatus.UNCONFIRMED, None)
    assert place.states() == [WITHDRAWN, QUEUED, WITHDRAWN, unconfirmed]
    assert place.letters_waiting() == [bob.person.email]
    action = actions_of(place.session)[0]
    reasons = list_last_reasons(place.session, action)
    assert reasons[action.letters[0].id] == "asked_for_nothing_more"
    actors = place.session.scalars(
        select(LetterTransition.actor).where(LetterTransition.to_status == LetterStatus.WITHDRAWN)
    )
    assert set(actors) == {"candidate"}
    place.do_chores()
    assert place.letters_waiting() == [bob.person.email]
    assert_balanced(place)


def test_nothing_more_keeps_new_letters_away_until_it_is_settled(place: Place) -> None:
    ann, bob = place.candidacies
    place.ask_for(RequestKind.NOTHING_MORE, ann)
    desk = open_desk(
        place.session,
        campaign_slug=place.campaign.slug,
        constituency_slug=place.ballot.constituency.slug,
        now=place.clock(),
    )
    assert (desk.refusing, desk.reachable, desk.unreachable) == ([ann], [bob], [])
    assert desk.names == {bob.id: bob.person.name}
    sending = partial(
        place.write, place.session, now=place.clock(), correspondence=place.correspondence
    )
    with pytest.raises(RecipientUnavailable):
        sending()
    place.settle()
    assert sending().is_new


def test_a_letter_confirmed_after_the_request_is_not_queued(place: Place) -> None:
    ann, _bob = place.candidacies
    # As when both happen at once: the request has not seen the letter.
    place.ask_for(RequestKind.NOTHING_MORE, ann)
    place.confirm()
    assert place.states() == [WITHDRAWN, QUEUED]
    assert_balanced(place)


@pytest.mark.parametrize("kind", [RequestKind.NOT_ME, RequestKind.WRONG_ADDRESS])
def test_letters_wait_for_the_right_address(place: Place, kind: RequestKind) -> None:
    ann, bob = place.candidacies
    place.confirm()
    place.ask_for(kind, ann)
    place.confirm(email="joan@example.org", key="another key")
    place.do_chores()
    assert place.states() == [NO_ADDRESS, QUEUED] * 2
    assert place.letters_waiting() == [bob.person.email] * 2
    assert set(list_last_reasons(place.session, actions_of(place.session)[1]).values()) == {
        "wrong_address",
        "",
    }
    assert_balanced(place)
    place.correct_address_of(ann)
    place.do_chores()
    assert place.states() == [QUEUED] * 4
    assert sorted(place.letters_waiting()) == [bob.person.email] * 2 + ["right@example.org"] * 2
    assert list_candidate_requests(place.session, place.campaign.id) == []
    assert_balanced(place)


@pytest.mark.parametrize("kind", [RequestKind.WRONG_ADDRESS, RequestKind.NOT_ME])
@pytest.mark.parametrize("is_corrected", [True, False])
def test_whoever_said_that_the_address_is_wrong_gets_the_link_that_they_were_promised(
    place: Place, kind: RequestKind, is_corrected: bool
) -> None:
    ann = place.candidacies[0]
    place.ask_for(kind, ann)
    if is_corrected:
        place.correct_address_of(ann)
    else:
        place.settle()
    mails = messages_of(place.session, Lane.CONFIRMATION)
    if kind is RequestKind.NOT_ME:
        assert mails == [], "that was somebody else, and the candidate has asked for nothing"
        return
    (mail,) = mails
    assert mail.recipient == ("right@example.org" if is_corrected else "ann@example.org")
    assert mail.subject.startswith("Your new link to answer")
    token = re.findall(r"/answer/([^/\s]+)/", mail.body)[0]
    signer = place.toolkit.signer
    assert read_answer_token(place.session, signer, token) == (place.campaign.id, ann.id)


@pytest.mark.parametrize("kind", [RequestKind.WRONG_ADDRESS, RequestKind.NOT_ME])
@pytest.mark.parametrize("language", Language)
def test_the_address_on_file_is_told_once_what_was_said_of_it(
    place: Place, kind: RequestKind, language: Language
) -> None:
    ann = place.candidacies[0]
    ids = {"campaign_id": place.campaign.id, "candidacy_id": ann.id}
    choose_language(place.session, **ids, language=language)
    place.ask_for(kind, ann)
    place.ask_for(kind, ann)
    (mail,) = messages_of(place.session, Lane.NOTICE)
    assert (mail.recipient, mail.status) == ("ann@example.org", MessageStatus.QUEUED)
    assert mail.reply_to == place.campaign.contact_email
    words = {
        Language.ENGLISH: "If it is wrong, reply to this e-mail",
        Language.WELSH: "Os yw'n anghywir, atebwch yr e-bost hwn",
    }
    assert words[language] in mail.body


def test_an_address_that_does_not_work_is_told_nothing(place: Place) -> None:
    suppress(
        place.session,
        "ann@example.org",
        reason=SuppressionReason.HARD_BOUNCE,
        source="mail",
        now=place.clock(),
    )
    place.ask_for(RequestKind.WRONG_ADDRESS, place.candidacies[0])
    (mail,) = messages_of(place.session, Lane.NOTICE)
    assert mail.status is MessageStatus.CANCELLED


def test_a_link_is_promised_to_no_address_that_does_not_work(place: Place) -> None:
    ann = place.candidacies[0]
    place.ask_for(RequestKind.WRONG_ADDRESS, ann)
    suppress(
        place.session,
        "ann@example.org",
        reason=SuppressionReason.HARD_BOUNCE,
        source="mail",
        now=place.clock(),
    )
    place.settle()
    place.settle()
    assert messages_of(place.session, Lane.CONFIRMATION) == []


def test_letters_under_way_follow_a_corrected_address(place: Place) -> None:
    ann, bob = place.candidacies
    place.confirm()
    place.correct_address_of(ann)
    assert place.letters_waiting() == [bob.person.email]
    place.do_chores()
    assert place.letters_waiting() == [bob.person.email, "right@example.org"]


def test_a_pause_that_ends_lets_nothing_out_to_them(place: Place) -> None:
    ann, bob = place.candidacies
    place.confirm()
    means = {"actor": "organiser:1", "reason": "", "now": place.clock()}
    pause_letters(place.session, place.campaign.id, **means)
    place.ask_for(RequestKind.WRONG_ADDRESS, ann)
    place.ask_for(RequestKind.NOTHING_MORE, bob)
    resume_letters(place.session, place.campaign.id, **means)
    place.do_chores()
    assert place.states() == [NO_ADDRESS, WITHDRAWN]
    assert place.letters_waiting() == []
    assert_balanced(place)


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_letter_in_a_workers_hand_goes_its_way(place: Place, *, is_sent: bool) -> None:
    ann, _bob = place.candidacies
    place.confirm(to=[0])
    (message,) = messages_of(place.session, Lane.LETTER)
    message.status = MessageStatus.SENDING
    place.ask_for(RequestKind.NOTHING_MORE, ann)
    assert place.states() == [QUEUED]
    if is_sent:
        deliver(place.session, message, place.clock())
        record_delivery(place.session, message, place.clock(), correspondence=place.correspondence)
        assert place.states() == [(LetterStatus.SENT, None)]
    else:
        message.status = MessageStatus.QUEUED  # As after a failure that will pass.
        place.do_chores()
        assert place.states() == [WITHDRAWN]
        assert place.session.get_one(OutboxMessage, message.id).status is MessageStatus.CANCELLED
    assert_balanced(place)


def test_letters_must_not_leave_after_the_poll(place: Place) -> None:
    place.confirm()
    close = place.ballot.election.poll_closes_at
    assert {each.not_after for each in messages_of(place.session, Lane.LETTER)} == {close}
    assert {each.not_after for each in messages_of(place.session, Lane.CONFIRMATION)} == {None}
    place.clock.time = close
    place.do_chores()
    assert place.states() == [(LetterStatus.HELD, HeldReason.CALENDAR)] * 2
    assert_balanced(place)
