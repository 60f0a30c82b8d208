"""The pages about mail that came back, each acted on."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.candidates.models import ContactRepair, Person
from campaign.delivery.models import DeliveryEvent, Suppression
from campaign.delivery.rules import MessageStatus
from campaign.followups.incoming import take_mail
from campaign.letters.models import Letter
from campaign.organisers.models import AuditEntry
from campaign.organisers.rules import Role
from tests.conftest import FrozenClock
from tests.integration.letters import make_scene, messages_of
from tests.returned import ANN, sample, send_one
from tests.web.back_office.conftest import token_of
from tests.web.client import CheckingClient

LogIn = Callable[..., CheckingClient]
Fetch = Callable[..., list[Any]]
REASON = "It stands on the party's own site."
BASE = "/organise/returned"


@pytest.fixture
def came_back(app: Flask, web_session: Session, clock: FrozenClock) -> Callable[[str], None]:
    """Let a mail come back about a letter to Ann Able."""

    def came_back(name: str) -> None:
        toolkit = app.extensions["campaign"]
        message, token = send_one(toolkit, web_session, make_scene(emails=(ANN,)), now=clock())
        (quoted,) = [line for line in message.body.splitlines() if line.startswith("I live in")]
        raw = sample(name, token).replace(
            b"I live in Northmoor. Please make our streets safer.", quoted.encode()
        )
        take_mail(toolkit, web_session, raw, now=clock())
        web_session.commit()

    return came_back


def post(client: CheckingClient, path: str, *, page: str = "", **data: object) -> Any:
    return client.post(path, data={**data, "csrf_token": token_of(client, page or path)})


def test_an_installation_without_returned_mail_says_so(log_in: LogIn) -> None:
    owner = log_in(Role.OWNER)
    assert "Nothing has come back yet" in owner.get(f"{BASE}/").text
    assert "Every address that we write to works" in owner.get(f"{BASE}/repairs/").text
    assert "Every address may get mail" in owner.get(f"{BASE}/suppressions/").text


def test_the_navigation_leads_there_for_those_who_may(log_in: LogIn) -> None:
    assert BASE in log_in(Role.ORGANISER).get("/organise/").text
    assert BASE not in log_in(Role.MODERATOR).get("/organise/").text
    assert "suppressions" not in log_in(Role.ORGANISER).get(f"{BASE}/").text


@pytest.mark.parametrize(
    ("decision", "status"), [("hard", "bounced"), ("soft", "bounced"), ("ignore", "sent")]
)
def test_a_person_decides_what_no_program_can_read(
    log_in: LogIn, fetch: Fetch, came_back: Callable[[str], None], decision: str, status: str
) -> None:
    came_back("unreadable")
    client = log_in()
    page = client.get(f"{BASE}/").text
    assert "konnte nicht übermittelt werden" in page
    assert "Ann Able" in page
    assert "I live in Northmoor" not in page
    wrong = post(client, f"{BASE}/1", page=f"{BASE}/")
    assert wrong.status_code == 422
    assert "Choose one of the three" in wrong.text
    done = post(client, f"{BASE}/1", page=f"{BASE}/", **{"event-1-decision": decision})
    assert done.status_code == 303
    assert [letter.status for letter in fetch(select(Letter))] == [status]
    assert fetch(select(DeliveryEvent.decision)) == [decision]
    assert fetch(select(AuditEntry.verb)) == ["decide_bounce"]
    page = client.get(f"{BASE}/").text
    assert "Nothing waits for you" in page
    assert "konnte nicht" not in page
    again = post(client, f"{BASE}/1", page=f"{BASE}/repairs/", **{"event-1-decision": "hard"})
    assert again.status_code == 404


def test_an_organiser_repairs_an_address(
    log_in: LogIn, fetch: Fetch, came_back: Callable[[str], None]
) -> None:
    came_back("postfix_unknown_user")
    client = log_in()
    assert "Ann Able" in client.get(f"{BASE}/repairs/").text
    path = f"{BASE}/repairs/1"
    assert ANN in client.get(path).text
    for data, words in (
        ({"kind": "new", "email": "ann@new.example.org"}, "10 to 500 characters"),
        ({"email": "ann@new.example.org", "reason": REASON}, "Choose one of the three"),
        ({"kind": "new", "email": "ann", "reason": REASON}, "not a complete e-mail address"),
        ({"kind": "new", "email": ANN.upper(), "reason": REASON}, "address that does not work"),
    ):
        answer = post(client, path, **data)
        assert answer.status_code == 422
        assert words in answer.text
    answer = post(client, path, kind="new", email="ann@new.example.org", reason=REASON)
    assert answer.status_code == 303
    assert fetch(select(Person.email)) == ["ann@new.example.org"]
    assert fetch(select(ContactRepair.outcome)) == ["corrected"]
    (entry,) = fetch(select(AuditEntry))
    assert (entry.verb, entry.reason) == ("correct_address", REASON)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("kind", "outcome", "stopped"),
    [("wrong", "none_known", ["hard_bounce"]), ("works", "works_after_all", [])],
)
def test_no_address_is_known_or_the_old_one_works(
    log_in: LogIn,
    fetch: Fetch,
    came_back: Callable[[str], None],
    kind: str,
    outcome: str,
    stopped: list[str],
) -> None:
    came_back("postfix_unknown_user")
    client = log_in()
    assert post(client, f"{BASE}/repairs/1", kind=kind, reason=REASON).status_code == 303
    assert fetch(select(ContactRepair.outcome)) == [outcome]
    in_force = select(Suppression.reason).where(Suppression.lifted_at.is_(None))
    assert fetch(in_force) == stopped


def test_an_owner_sees_who_gets_nothing_and_lifts_it_with_a_reason(
    log_in: LogIn, fetch: Fetch, came_back: Callable[[str], None]
) -> None:
    came_back("complaint_arf")
    client = log_in(Role.OWNER)
    page = client.get(f"{BASE}/suppressions/").text
    assert ANN in page
    assert "called our mail spam" in page
    path = f"{BASE}/suppressions/1"
    assert "do not want our mail" in client.get(path).text
    assert post(client, path, reason="short").status_code == 422
    assert post(client, path, reason=REASON).status_code == 303
    (entry,) = fetch(select(Suppression))
    assert entry.lifted_reason == REASON
    assert entry.lifted_at is not None
    assert fetch(select(AuditEntry.verb)) == ["lift_suppression"]
    assert client.get(path).status_code == 404


def test_supporters_are_not_named_to_organisers(
    app: Flask, web_session: Session, clock: FrozenClock, log_in: LogIn
) -> None:
    make_scene().write(web_session, now=clock())
    (message,) = messages_of(web_session)
    message.status = MessageStatus.SENT
    raw = sample("unreadable", message.return_token or "")
    take_mail(app.extensions["campaign"], web_session, raw, now=clock())
    web_session.commit()
    page = log_in().get(f"{BASE}/").text
    assert "Confirm your 2 letters" in page
    assert "jane@example.org" not in page
