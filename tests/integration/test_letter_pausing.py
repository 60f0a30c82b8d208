"""The kill switch of a campaign with more letters than one request can move."""

import pytest
from sqlalchemy.orm import Session

from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import find_pause, is_paused_by_person
from campaign.delivery.rules import ALL_SCOPES, Lane, MessageStatus, campaign_scope
from campaign.delivery.service import pause, pause_after_refusal
from campaign.letters.rules import LetterStatus
from campaign.letters.service import (
    confirm_action,
    keep_pauses,
    pause_letters,
    pausing,
    record_delivery,
    resume_letters,
    run_chores,
)
from campaign.reports.reconciliation import reconcile_letters
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

BY = {"actor": "organiser:7", "reason": "The letter is wrong."}


@pytest.fixture
def scene(session: Session, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Ten queued letters, where a request moves two and a chore three."""
    monkeypatch.setattr(pausing, "AT_ONCE", 2)
    monkeypatch.setattr(pausing, "BATCH", 3)
    scene = make_scene()
    for number in range(5):
        email = f"writer-{number}@example.org"
        action = scene.write(session, now=clock(), key=email, email=email).action
        assert action is not None
        confirm_action(session, action.id, correspondence=CORRESPONDENCE, now=clock())
    return scene


def count(session: Session, status: LetterStatus) -> int:
    session.expire_all()
    return sum(letter.status is status for letter in letters_of(session))


def check(session: Session) -> None:
    (found,) = reconcile_letters(session)
    assert found.is_right, found.faults
    assert found.accepted == 10


def test_a_pause_holds_at_once_and_its_letters_follow(
    session: Session, scene: Scene, clock: FrozenClock
) -> None:
    assert pause_letters(session, scene.campaign.id, now=clock(), **BY) == 2
    assert find_pause(session, campaign_scope(scene.campaign.id)) is not None
    held = []
    is_left = True
    while is_left:
        check(session)
        is_left = keep_pauses(session, clock())
        held.append(count(session, LetterStatus.HELD))
    assert held == [5, 8, 10]
    check(session)
    letter = letters_of(session)[-1]
    assert log_of(session, letter) == ["unconfirmed", "queued", "held"]
    assert {mail.status for mail in messages_of(session, Lane.LETTER)} == {MessageStatus.QUEUED}


def test_a_resume_lets_go_at_once_and_its_letters_follow(
    session: Session, scene: Scene, clock: FrozenClock
) -> None:
    pause_letters(session, scene.campaign.id, now=clock(), **BY)
    while keep_pauses(session, clock()):
        pass
    assert resume_letters(session, scene.campaign.id, now=clock(), **BY) == 2
    assert find_pause(session, campaign_scope(scene.campaign.id)) is None
    check(session)
    # The worker sends one whose letter has not followed yet.
    waiting = next(each for each in letters_of(session) if each.status is LetterStatus.HELD)
    message = session.get_one(OutboxMessage, waiting.outbox_message_id)
    deliver(session, message, clock())
    record_delivery(session, message, clock(), correspondence=CORRESPONDENCE)
    check(session)
    while keep_pauses(session, clock()):
        check(session)
    assert count(session, LetterStatus.QUEUED) == 9
    assert count(session, LetterStatus.SENT) == 1
    check(session)


def test_a_pause_during_a_resume_holds_what_had_not_followed(
    session: Session, scene: Scene, clock: FrozenClock
) -> None:
    pause_letters(session, scene.campaign.id, now=clock(), **BY)
    resume_letters(session, scene.campaign.id, now=clock(), **BY)
    pause_letters(session, scene.campaign.id, now=clock(), **BY)
    while keep_pauses(session, clock()):
        pass
    assert count(session, LetterStatus.HELD) == 10
    check(session)


def test_what_no_longer_fits_stays_behind_even_with_many_letters(
    session: Session, scene: Scene, clock: FrozenClock
) -> None:
    pause_letters(session, scene.campaign.id, now=clock(), **BY)
    while keep_pauses(session, clock()):
        pass
    scene.candidacies[0].status = CandidacyStatus.WITHDRAWN
    scene.candidacies[1].person.email = "moved@example.org"
    resume_letters(session, scene.campaign.id, now=clock(), **BY)
    session.expire_all()
    assert {mail.status for mail in messages_of(session, Lane.LETTER)} == {MessageStatus.CANCELLED}
    assert not keep_pauses(session, clock())
    run_chores(session, correspondence=CORRESPONDENCE, now=clock())
    assert count(session, LetterStatus.WITHDRAWN) == 5
    assert count(session, LetterStatus.QUEUED) == 5
    check(session)


def test_a_supporter_sees_a_pause_that_a_person_must_end(
    session: Session, clock: FrozenClock
) -> None:
    assert not is_paused_by_person(session, "campaign:1")
    pause_after_refusal(session, reason="no", ends_at=clock(), now=clock())
    session.flush()
    assert not is_paused_by_person(session, "campaign:1")
    pause(session, scope=ALL_SCOPES, actor="organiser:7", reason="", now=clock())
    session.flush()
    assert is_paused_by_person(session, "campaign:1")
