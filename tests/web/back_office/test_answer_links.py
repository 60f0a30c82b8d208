"""The pages on which organisers look after links, changes that wait, and invitations."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.delivery.models import OutboxMessage
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
from tests.factories.worlds import PledgeWorld, letter_from_somebody, pledge_world
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
    assert "Candidates are being invited" in organiser.get(path).text
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
