import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.candidates.rules import CandidacyStatus
from campaign.core.db import Database
from campaign.delivery.rules import Lane
from campaign.letters.errors import LetterAlreadySent, LettersClosed, RecipientUnavailable
from campaign.letters.models import Action, ActionAskVersion, Letter
from campaign.letters.rules import LetterStatus
from campaign.letters.service import confirm_action, withdraw_letters
from tests.conftest import FrozenClock
from tests.factories import CampaignFactory
from tests.integration.letters import (
    CORRESPONDENCE,
    actions_of,
    letters_of,
    log_of,
    make_scene,
    messages_of,
    scene_in,
)


def test_an_action_and_its_mail_are_written_together(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    action = scene.write(session, now=clock()).action
    assert action is not None
    assert [letter.status for letter in action.letters] == [LetterStatus.UNCONFIRMED] * 2
    assert [log_of(session, letter) for letter in action.letters] == [["unconfirmed"]] * 2
    assert action.expires_at == clock() + timedelta(hours=48)
    assert action.consent_text == scene.campaign.consent_text
    assert session.scalar(select(func.count()).select_from(ActionAskVersion)) == 1
    (mail,) = messages_of(session)
    assert (mail.lane, mail.recipient) == (Lane.CONFIRMATION, "jane@example.org")
    assert mail.headers == '{"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}'
    assert f"http://localhost/action/{action.id}/" in mail.body.splitlines()
    for candidacy in scene.candidacies:
        assert candidacy.person.name in mail.body
    assert "11:00 on Saturday 3 May 2031" in mail.body  # local time
    assert mail.body.rstrip().endswith(str(scene.campaign.imprint))


def test_the_same_form_sent_again_is_the_same_action(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    first = scene.write(session, now=clock())
    again = scene.write(session, now=clock())
    other_form = scene.write(session, now=clock(), key="the key of another form")
    assert first.action is again.action is other_form.action
    assert (first.is_new, again.is_new, other_form.is_new) == (True, False, False)
    assert len(messages_of(session)) == 1


def test_the_mail_comes_again_after_ten_minutes(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    scene.write(session, now=clock())
    clock.advance(minutes=9)
    scene.write(session, now=clock())
    assert len(messages_of(session)) == 1
    clock.advance(minutes=2)
    scene.write(session, now=clock(), key="the key of another form")
    assert len(messages_of(session)) == 2
    assert len(actions_of(session)) == 1


def test_a_mended_address_on_the_same_form_is_a_new_action(
    session: Session, clock: FrozenClock
) -> None:
    scene = make_scene()
    scene.write(session, now=clock(), email="jnae@example.org")
    scene.write(session, now=clock(), email="jane@example.org")
    assert [mail.recipient for mail in messages_of(session)] == [
        "jnae@example.org",
        "jane@example.org",
    ]


def test_an_unproven_browser_learns_by_mail_only_what_was_written_before(
    session: Session, clock: FrozenClock
) -> None:
    scene = make_scene()
    action = scene.write(session, now=clock()).action
    assert action is not None
    confirm_action(session, action.id, correspondence=CORRESPONDENCE, now=clock())
    clock.advance(days=1)
    again = scene.write(session, now=clock(), key="the key of another form")
    assert again.action is None
    mail = messages_of(session, Lane.CONFIRMATION)[-1]
    assert "nothing was sent twice" in mail.body
    assert "1 May 2031" in mail.body
    scene.write(session, now=clock(), key="the key of a third form")
    assert len(messages_of(session, Lane.CONFIRMATION)) == 2, "not twice in ten minutes"
    assert len(actions_of(session)) == 1


def test_a_partly_new_action_takes_what_is_new(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    action = scene.write(session, now=clock(), to=[0]).action
    assert action is not None
    confirm_action(session, action.id, correspondence=CORRESPONDENCE, now=clock())
    both = scene.write(session, now=clock(), key="the key of another form").action
    assert both is not None
    assert [letter.candidacy_id for letter in both.letters] == [scene.candidacies[1].id]
    mail = messages_of(session, Lane.CONFIRMATION)[-1]
    assert "not sent twice" in mail.body


def test_a_proven_browser_is_confirmed_at_once_and_told_on_the_page(
    session: Session, clock: FrozenClock
) -> None:
    scene = make_scene()
    action = scene.write(session, now=clock(), is_proven=True).action
    assert action is not None
    assert action.confirmed_at == clock()
    assert not messages_of(session, Lane.CONFIRMATION)
    assert scene.write(session, now=clock(), is_proven=True).action is action
    with pytest.raises(LetterAlreadySent) as refused:
        scene.write(session, now=clock(), is_proven=True, key="the key of another form")
    assert scene.candidacies[0].person.name in str(refused.value)
    assert "1 May 2031" in str(refused.value)


def test_a_proven_browser_confirms_what_was_still_waiting(
    session: Session, clock: FrozenClock
) -> None:
    scene = make_scene()
    action = scene.write(session, now=clock()).action
    again = scene.write(session, now=clock(), key="another form", is_proven=True).action
    assert again is action is not None
    assert {letter.status for letter in letters_of(session)} == {LetterStatus.QUEUED}


def test_proof_for_one_campaign_confirms_nothing_in_another(
    session: Session, clock: FrozenClock
) -> None:
    scene = make_scene()
    first = scene.write(session, now=clock(), body="The same words.", subject="Hello").action
    other = CampaignFactory(
        election=scene.ballot.election, slug="other-campaign", name="Another campaign"
    )
    clock.advance(minutes=11)
    again = replace(scene, campaign=other).write(
        session, now=clock(), body="The same words.", is_proven=True, subject="Hello"
    )
    assert again.action is first is not None
    assert first.confirmed_at is None
    assert messages_of(session, Lane.CONFIRMATION)[-1].from_name == scene.campaign.name


@pytest.mark.parametrize("ended", ["withdrawn", "expired"])
def test_what_has_ended_may_be_written_again(
    session: Session, clock: FrozenClock, ended: str
) -> None:
    scene = make_scene()
    action = scene.write(session, now=clock()).action
    assert action is not None
    if ended == "withdrawn":
        withdraw_letters(session, action, now=clock())
    else:
        clock.advance(hours=49)
    again = scene.write(session, now=clock())
    assert again.is_new
    assert again.action is not action
    session.refresh(action.letters[0])
    assert action.letters[0].status == ended


def test_nobody_writes_to_somebody_who_does_not_stand(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    scene.candidacies[0].status = CandidacyStatus.WITHDRAWN
    session.flush()
    with pytest.raises(RecipientUnavailable):
        scene.write(session, now=clock())
    scene.ballot.is_cancelled = True
    with pytest.raises(LettersClosed):
        scene.write(session, now=clock(), to=[1])


def test_nothing_is_accepted_after_the_poll(session: Session, clock: FrozenClock) -> None:
    scene = make_scene()
    clock.time = scene.ballot.election.poll_closes_at
    with pytest.raises(LettersClosed):
        scene.write(session, now=clock())


def test_a_hundred_people_pressing_eight_times_make_a_hundred_actions(
    session: Session, database: Database, clock: FrozenClock
) -> None:
    make_scene()
    session.commit()
    posts = [(person, press) for press in range(8) for person in range(100)]
    gate = threading.Barrier(8)

    def post(number: int) -> None:
        gate.wait()
        for person, press in posts[number::8]:
            with database.transaction() as own:
                scene_in(own).write(
                    own,
                    now=clock(),
                    # Half of the presses are of one form, the rest each of a form of its own.
                    key=f"form {person} {max(0, press - 3)}",
                    email=f"person-{person}@example.org",
                )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(post, range(8)))
    session.expire_all()
    assert session.scalar(select(func.count()).select_from(Action)) == 100
    assert session.scalar(select(func.count()).select_from(Letter)) == 200
    mails = Counter(mail.recipient for mail in messages_of(session))
    assert mails == {f"person-{person}@example.org": 1 for person in range(100)}
