"""The pages on which organisers look after links, changes that wait, and invitations."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import MessageStatus
from campaign.followups.answers import publish_answers
from campaign.followups.invitations import run_invitation_chores
from campaign.letters.models import HiddenWords
from campaign.letters.rules import LetterStatus
from campaign.organisers.models import AuditEntry
from campaign.organisers.rules import Role
from campaign.pledges.models import AnswerLink, InvitationTimetable, PendingChange, PledgeEvent
from campaign.pledges.rules import Stance
from campaign.pledges.service import AnswerDoor, GivenAnswer
from tests.conftest import FrozenClock
from tests.factories.recording import record_answer
from tests.factories.worlds import (
    PledgeWorld,
    letter_from_somebody,
    pledge_world,
    stand_elsewhere,
)
from tests.integration.candidates import sent
from tests.web.back_office.conftest import token_of
from tests.web.client import CheckingClient

LogIn = Callable[..., CheckingClient]
Fetch = Callable[..., list[Any]]
REASON = "Their agent telephoned from the party's number."
BASE = "/organise/safer-streets"


@pytest.fixture
def world(app: Flask, web_session: Session) -> PledgeWorld:
    web_session.expire_on_commit = False
    world = pledge_world()
    web_session.commit()
    return world


@pytest.fixture
def waiting(app: Flask, web_session: Session, world: PledgeWorld, clock: FrozenClock) -> int:
    """Let a candidate without an address ask for a change; return its number."""
    world.candidacies[0].person.email = None
    door = AnswerDoor(world.campaign, world.candidacies[0])
    for stance in (Stance.YES, Stance.NO):
        given = [GivenAnswer(world.asks[0].id, stance, "")]
        publish_answers(app.extensions["campaign"], web_session, door, given, now=clock())
    number = web_session.scalars(select(PendingChange.id)).one()
    web_session.commit()
    return number


def post(client: CheckingClient, path: str, *, page: str = "", **data: object) -> Any:
    return client.post(path, data={**data, "csrf_token": token_of(client, page or path)})


@pytest.mark.parametrize(
    ("act", "generation", "is_revoked", "mails"),
    [("revoke_link", 1, True, 0), ("replace_link", 2, False, 0), ("mail_link", 2, False, 1)],
)
def test_a_link_is_switched_off_or_replaced_with_a_logged_reason(
    log_in: LogIn,
    fetch: Fetch,
    world: PledgeWorld,
    act: str,
    generation: int,
    is_revoked: bool,
    mails: int,
) -> None:
    organiser = log_in(Role.ORGANISER)
    path = f"{BASE}/candidates/{world.candidacies[0].person_id}/link"
    assert "Give a reason" in post(organiser, path, act=act).text
    assert "Choose what is to be done." in post(organiser, path, reason=REASON).text
    choice, reason = post(organiser, path).text.split("Choose what is to be done.", 1)
    assert "Give a reason" not in choice
    assert "Give a reason" in reason
    assert fetch(select(AnswerLink)) == []
    assert post(organiser, path, act=act, reason=REASON).status_code == 303
    (link,) = fetch(select(AnswerLink))
    assert (link.generation, link.is_revoked) == (generation, is_revoked)
    assert len(fetch(select(OutboxMessage))) == mails
    (entry,) = fetch(select(AuditEntry))
    assert (entry.verb, entry.reason) == (act, REASON)
    page = organiser.get(path).text
    assert ("Switched off" in page) is is_revoked
    assert "/answer/" not in page, "organisers never see the link"


def test_a_link_is_not_mailed_to_nobody(
    log_in: LogIn, fetch: Fetch, world: PledgeWorld, waiting: int
) -> None:
    path = f"{BASE}/candidates/{world.candidacies[0].person_id}/link"
    answer = post(log_in(Role.ORGANISER), path, act="mail_link", reason=REASON)
    assert answer.status_code == 422
    assert "no address is known" in answer.text
    assert fetch(select(AnswerLink)) == []


@pytest.mark.parametrize(("act", "entries"), [("allow_change", 2), ("drop_change", 1)])
def test_an_organiser_decides_for_a_candidate_whom_no_mail_reaches(
    log_in: LogIn, fetch: Fetch, world: PledgeWorld, waiting: int, act: str, entries: int
) -> None:
    organiser = log_in(Role.ORGANISER)
    person = world.candidacies[0].person_id
    assert f"candidates/{person}/link" in organiser.get(f"{BASE}/requests/").text
    assert f"changes/{waiting}" in organiser.get(f"{BASE}/candidates/{person}/link").text
    assert "A change of an answer waits" in organiser.get(f"{BASE}/candidates/{person}/").text
    path = f"{BASE}/candidates/{person}/changes/{waiting}"
    assert "Public now:" in organiser.get(path).text
    assert post(organiser, path, act=act).status_code == 422
    assert post(organiser, path, act=act, reason=REASON).status_code == 303
    assert len(fetch(select(PledgeEvent))) == entries
    assert fetch(select(AuditEntry))[0].verb == act
    assert organiser.get(path).status_code == 303, "it waits no longer"


def test_a_timetable_is_looked_at_started_watched_and_stopped(
    app: Flask,
    log_in: LogIn,
    web_session: Session,
    fetch: Fetch,
    world: PledgeWorld,
    clock: FrozenClock,
) -> None:
    organiser = log_in(Role.ORGANISER)
    path = f"{BASE}/invitations/"
    days = {"first_reminder_days": "7", "second_reminder_days": "0"}
    assert "Choose when the invitations leave." in post(organiser, path, **days).text
    late = post(organiser, path, when="later", **days)
    assert "Give the day" in late.text
    assert "from 2 to 30" in post(organiser, path, when="now", first_reminder_days="1").text
    shown = post(organiser, path, when="later", day="2031-05-03", **days, step="preview")
    assert shown.status_code == 200
    assert "2 candidates will be invited." in shown.text
    assert "Dear Ann Ash," in shown.text
    assert "/answer/" not in shown.text
    assert "3 May 2031, 09:00" in shown.text
    assert fetch(select(InvitationTimetable)) == []
    back = post(organiser, path, when="later", day="2031-05-03", **days, step="edit")
    assert 'value="2031-05-03"' in back.text

    assert post(organiser, path, when="now", **days, step="start").status_code == 303
    assert "Candidates have been invited since" in organiser.get(path).text
    run_invitation_chores(app.extensions["campaign"], web_session, clock())
    web_session.commit()
    assert len(fetch(select(OutboxMessage))) == 2
    assert post(organiser, f"{path}stop", page=path).status_code == 422
    stopped = post(organiser, f"{path}stop", page=path, reason=REASON)
    assert stopped.status_code == 303
    assert "E-mails taken back: 2." in organiser.get(path).text
    verbs = [entry.verb for entry in fetch(select(AuditEntry))]
    assert sorted(verbs) == ["start_invitations", "stop_invitations"]
    assert post(organiser, f"{path}stop", page=path, reason=REASON).status_code == 303


def test_an_invitation_that_could_not_be_sent_is_listed_with_its_cause_and_tried_again(
    app: Flask,
    log_in: LogIn,
    web_session: Session,
    fetch: Fetch,
    world: PledgeWorld,
    clock: FrozenClock,
) -> None:
    organiser, path = log_in(Role.ORGANISER), f"{BASE}/invitations/"
    days = {"first_reminder_days": "7", "second_reminder_days": "0"}
    post(organiser, path, when="now", **days, step="start")
    run_invitation_chores(app.extensions["campaign"], web_session, clock())
    for message in web_session.scalars(select(OutboxMessage)):
        message.status, message.failed_at = MessageStatus.FAILED, clock()
        message.last_error = "554 this looks like an advertisement"
    web_session.commit()
    overview = organiser.get(f"{BASE}/").text
    assert "2 invitations could not be sent" in overview
    assert f'href="{path}#failures"' in overview
    page = organiser.get(path).text
    assert page.count("554 this looks like an advertisement") == 2
    assert "Try all 2 e-mails again" in page
    assert "Try all" not in log_in(Role.VIEWER).get(path).text
    first = str(fetch(select(OutboxMessage.id).order_by(OutboxMessage.id))[0])
    no_reason = post(organiser, f"{path}retry", page=path, message=first)
    assert no_reason.status_code == 422
    assert "Give a reason" in no_reason.text
    reason = {"retry-reason": "The relay has been told who we are."}
    post(organiser, f"{path}retry", page=path, message="none", **reason)
    assert "None of these e-mails can be tried again now." in organiser.get(path).text
    done = post(organiser, f"{path}retry", page=path, message=first, **reason)
    assert done.status_code == 303
    page = organiser.get(path).text
    assert "One e-mail is tried again." in page
    assert "Try the one e-mail again" in page
    statuses = [each.status for each in fetch(select(OutboxMessage).order_by(OutboxMessage.id))]
    assert statuses == [MessageStatus.QUEUED, MessageStatus.FAILED]
    assert [each.verb for each in fetch(select(AuditEntry).order_by(AuditEntry.id))] == [
        "start_invitations",
        "retry_invitations",
    ]


def test_the_day_on_which_a_candidate_was_asked_is_shown_to_organisers_and_in_public(
    app: Flask, log_in: LogIn, web_session: Session, world: PledgeWorld, clock: FrozenClock
) -> None:
    organiser, person = log_in(Role.VIEWER), world.candidacies[0].person_id
    days = {"first_reminder_days": "7", "second_reminder_days": "0"}
    post(log_in(), f"{BASE}/invitations/", when="now", **days, step="start")
    run_invitation_chores(app.extensions["campaign"], web_session, clock())
    web_session.commit()
    page, public = f"{BASE}/candidates/{person}/", f"/safer-streets/candidates/{person}/"
    api = "/api/v1/campaigns/safer-streets/candidates"
    assert "not sent yet" in organiser.get(page).text
    assert "We asked them" not in organiser.get(public).text
    sent(web_session, clock())
    run_invitation_chores(app.extensions["campaign"], web_session, clock())
    web_session.commit()
    clock.time += timedelta(minutes=2)
    assert "1 May 2031, 11:00" in organiser.get(page).text
    assert "We asked them by e-mail on 1 May 2031." in organiser.get(public).text
    items = organiser.get(api).get_json()["items"]
    assert [each["invited_at"] for each in items] == ["2031-05-01T10:00:00+00:00"] * 2


def test_a_day_after_the_poll_is_refused(log_in: LogIn, fetch: Fetch, world: PledgeWorld) -> None:
    day = (world.election.polling_day + timedelta(days=1)).isoformat()
    answer = post(
        log_in(Role.ORGANISER), f"{BASE}/invitations/",
        when="later", day=day, first_reminder_days="7", second_reminder_days="7", step="start",
    )  # fmt: skip
    assert answer.status_code == 422
    assert "Choose a day before the poll closes." in answer.text
    assert fetch(select(InvitationTimetable)) == []


def test_words_of_a_letter_are_kept_off_the_candidates_page(
    log_in: LogIn, web_session: Session, fetch: Fetch, world: PledgeWorld
) -> None:
    letter = letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    letter.action.words_text = "They may show my words."
    web_session.commit()
    moderator = log_in(Role.MODERATOR)
    path = f"{BASE}/letters/{letter.id}/"
    text = post(moderator, path, reason=REASON).text
    assert "Keep these words off" in text
    assert post(moderator, f"{path}hide-words", page=path).status_code == 303
    assert [each.letter_id for each in fetch(select(HiddenWords))] == [letter.id]
    assert "Keep these words off" not in post(moderator, path, reason=REASON).text
    post(moderator, f"{path}hide-words", page=path)
    verbs = [entry.verb for entry in fetch(select(AuditEntry))]
    assert verbs.count("hide_words") == 1


def test_the_answers_of_who_changed_ballots_are_still_on_their_page(
    log_in: LogIn, web_session: Session, world: PledgeWorld
) -> None:
    record_answer(web_session, world, stance=Stance.YES)
    person = stand_elsewhere(world).person_id
    web_session.commit()
    page = log_in(Role.ORGANISER).get(f"{BASE}/candidates/{person}/").text
    assert "Given when standing in Northmoor East; it does not count today." in page
    assert f'href="{BASE}/record/1"' in page
    assert "Public now" not in page
