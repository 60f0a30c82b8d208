"""What organisers see of delivery on launch day, and what they can do about it."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.core.config import MailSettings
from campaign.delivery.models import (
    DeliveryPause,
    DeliveryRamp,
    DomainPause,
    OutboxMessage,
    RampMessage,
)
from campaign.delivery.rules import Lane, MessageStatus, campaign_scope
from campaign.delivery.service import queue_message
from campaign.delivery.service.domains import pause_domain
from campaign.delivery.service.ramps import pass_ramp
from campaign.letters.models import Letter
from campaign.letters.rules import LetterStatus
from campaign.organisers.models import AuditEntry
from campaign.organisers.rules import Role
from tests.conftest import FrozenClock
from tests.factories.letters import LetterFactory
from tests.web.back_office.test_pages import post
from tests.web.client import CheckingClient

LogIn = Callable[..., CheckingClient]
Fetch = Callable[..., list[Any]]
REASON = "The relay is mended now."
REFUSED = "The mail server refused the message (554 5.7.1)."


@pytest.fixture
def failed(web_session: Session, arranged: SimpleNamespace, clock: FrozenClock) -> list[int]:
    """Two letters to Jane that the relay refused, and one to her former address."""
    ids = []
    for number, recipient in enumerate(("", "", "former@example.org")):
        letter = web_session.get_one(Letter, arranged.letter_id)
        candidacy = letter.candidacy
        message = queue_message(
            web_session,
            mail=MailSettings(),
            lane=Lane.LETTER,
            scope=campaign_scope(arranged.campaign_id),
            recipient=recipient or candidacy.person.email or "",
            from_name="Jane",
            subject="Safer streets",
            body="Dear candidate",
            now=clock(),
        )
        message.status, message.failed_at = MessageStatus.FAILED, clock()
        message.last_error, message.attempt_count = REFUSED, 10
        web_session.flush()
        LetterFactory(
            campaign=SimpleNamespace(id=arranged.campaign_id),
            candidacy=candidacy,
            action=letter.action,
            outbox_message_id=message.id,
            status=LetterStatus.FAILED,
            body=f"Letter {number}",
        )
        ids.append(message.id)
    web_session.commit()
    return ids


def statuses(fetch: Fetch, ids: list[int]) -> list[MessageStatus]:
    found = fetch(select(OutboxMessage).where(OutboxMessage.id.in_(ids)).order_by(OutboxMessage.id))
    return [message.status for message in found]


def test_a_quiet_page_says_so(log_in: LogIn, arranged: SimpleNamespace) -> None:
    text = log_in(Role.VIEWER).get(f"{arranged.base}/delivery").text
    assert "Every letter that left was taken." in text
    assert "No domain has asked us to wait." in text
    assert "0 of 50" in text
    assert "Not begun" in text


def test_failures_are_grouped_and_tried_again(
    log_in: LogIn, arranged: SimpleNamespace, failed: list[int], fetch: Fetch
) -> None:
    client, page = log_in(), f"{arranged.base}/delivery"
    assert "5.7.1" in client.get(page).text
    of_group = f"{page}/failed/{failed[0]}"
    text = client.get(of_group).text
    assert "Try all 2 letters again" in text
    assert "Correct the address" in text
    assert post(client, of_group, reason="no").status_code == 422
    assert post(client, of_group, reason=REASON, message=failed[1]).status_code == 303
    queued, refused = MessageStatus.QUEUED, MessageStatus.FAILED
    assert statuses(fetch, failed) == [refused, queued, refused]
    assert post(client, of_group, reason=REASON).status_code == 303
    assert statuses(fetch, failed) == [queued, queued, refused]
    letters = fetch(select(Letter).where(Letter.outbox_message_id.in_(failed)).order_by(Letter.id))
    assert [each.status for each in letters] == ["queued", "queued", "failed"]
    assert [each.verb for each in fetch(select(AuditEntry))] == ["retry_letters"] * 2
    rest = f"{page}/failed/{failed[2]}"
    assert "Try " not in client.get(rest).text


def test_nobody_tries_what_is_not_theirs(
    log_in: LogIn, arranged: SimpleNamespace, failed: list[int], fetch: Fetch, web_session: Session
) -> None:
    viewer = log_in(Role.VIEWER, email="viewer@example.org")
    assert "failed/" not in viewer.get(f"{arranged.base}/delivery").text
    assert viewer.get(f"{arranged.base}/delivery/failed/{failed[0]}").status_code == 403
    client = log_in()
    assert client.get(f"{arranged.base}/delivery/failed/{failed[0] + 99}").status_code == 404


def test_a_campaign_whose_first_letters_came_back_is_let_go_on(
    log_in: LogIn,
    arranged: SimpleNamespace,
    failed: list[int],
    fetch: Fetch,
    web_session: Session,
    clock: FrozenClock,
) -> None:
    scope = campaign_scope(arranged.campaign_id)
    web_session.add(DeliveryRamp(scope=scope, step=0, begun_at=clock(), stopped_at=clock()))
    web_session.add(DeliveryPause(scope=scope, actor="ramp", reason="3 of 50.", paused_at=clock()))
    web_session.add_all(RampMessage(outbox_message_id=each, scope=scope, step=0) for each in failed)
    web_session.commit()
    client, page = log_in(), f"{arranged.base}/delivery"
    assert "Too many of the first letters came back" in client.get(f"{arranged.base}/").text
    text = client.get(page).text
    assert "because too many of the first letters came back" in text
    assert "by ramp" not in text
    assert "Stopped: too many came back" in text
    assert "3 of 50" in text
    assert post(client, f"{page}/resume", page=page, reason=REASON).status_code == 303
    assert fetch(select(DeliveryPause)) == []
    (ramp,) = fetch(select(DeliveryRamp))
    assert (ramp.step, ramp.stopped_at) == (1, None)
    assert "Leaving now" in client.get(page).text


def test_a_campaign_that_never_had_steps_shows_none(
    log_in: LogIn, arranged: SimpleNamespace, web_session: Session, clock: FrozenClock
) -> None:
    pass_ramp(web_session, campaign_scope(arranged.campaign_id), clock())
    web_session.commit()
    assert "The first letters" not in log_in().get(f"{arranged.base}/delivery").text


def test_a_waiting_step_says_until_when(
    log_in: LogIn, arranged: SimpleNamespace, web_session: Session, clock: FrozenClock
) -> None:
    scope = campaign_scope(arranged.campaign_id)
    until = clock() + timedelta(minutes=30)
    web_session.add(DeliveryRamp(scope=scope, step=0, begun_at=clock(), waits_until=until))
    web_session.commit()
    assert "Waits for bounces until" in log_in().get(f"{arranged.base}/delivery").text


def test_the_pause_of_a_domain_is_ended_by_a_person(
    log_in: LogIn,
    arranged: SimpleNamespace,
    web_session: Session,
    fetch: Fetch,
    clock: FrozenClock,
) -> None:
    pause_domain(web_session, "busy.example.org", reason="Less (421 4.7.0).", now=clock())
    web_session.commit()
    assert "busy.example.org" in log_in(Role.OWNER).get("/organise/delivery").text
    client, page = log_in(email="second@example.org"), "/organise/delivery/domains/busy.example.org"
    assert "busy.example.org" in client.get(f"{arranged.base}/delivery").text
    assert post(client, page, reason="no").status_code == 422
    assert post(client, page, reason=REASON).status_code == 303
    assert fetch(select(DomainPause)) == []
    assert [each.verb for each in fetch(select(AuditEntry))] == ["resume_domain"]
    assert client.get(page).status_code == 404


@pytest.fixture
def failed_mail(web_session: Session, arranged: SimpleNamespace, clock: FrozenClock) -> list[int]:
    """Two confirmations that the relay refused, and a third whose time is over."""
    messages = []
    for number in range(3):
        message = queue_message(
            web_session,
            mail=MailSettings(),
            lane=Lane.CONFIRMATION,
            scope=campaign_scope(arranged.campaign_id),
            recipient=f"supporter{number}@example.org",
            from_name="Safer streets",
            subject="Confirm your letters",
            body="Press the button.",
            not_after=clock() - timedelta(hours=1) if number == 2 else None,
            now=clock(),
        )
        message.status, message.failed_at = MessageStatus.FAILED, clock()
        message.last_error, message.attempt_count = REFUSED, 10
        messages.append(message)
    web_session.flush()
    ids = [message.id for message in messages]
    web_session.commit()
    return ids


def test_failed_confirmations_are_listed_and_tried_again(
    log_in: LogIn, failed_mail: list[int], fetch: Fetch
) -> None:
    client, page = log_in(Role.OWNER), "/organise/delivery"
    of_group = f"{page}/failed/{failed_mail[0]}"
    text = client.get(page).text
    assert "5.7.1" in text
    assert of_group in text
    text = client.get(of_group).text
    assert "Try all 2 e-mails again" in text
    assert "Its time is over, or its address gets nothing" in text
    assert "supporter0" not in text
    assert post(client, of_group, reason="no").status_code == 422
    assert post(client, of_group, reason=REASON, message=failed_mail[1]).status_code == 303
    queued, refused = MessageStatus.QUEUED, MessageStatus.FAILED
    assert statuses(fetch, failed_mail) == [refused, queued, refused]
    assert post(client, of_group, reason=REASON).status_code == 303
    assert statuses(fetch, failed_mail) == [queued, queued, refused]
    assert [each.verb for each in fetch(select(AuditEntry))] == ["retry_mail"] * 2


def test_failed_letters_are_not_tried_again_as_notices(
    log_in: LogIn, failed: list[int], fetch: Fetch
) -> None:
    client = log_in(Role.OWNER)
    assert client.get(f"/organise/delivery/failed/{failed[0]}").status_code == 404
    assert "Every confirmation and every notice that left was taken." in (
        client.get("/organise/delivery").text
    )
    assert statuses(fetch, failed) == [MessageStatus.FAILED] * 3


@pytest.mark.parametrize(("role", "leads"), [(Role.VIEWER, False), (Role.OWNER, True)])
def test_what_all_campaigns_share_is_among_what_needs_somebody(
    log_in: LogIn,
    arranged: SimpleNamespace,
    failed_mail: list[int],
    web_session: Session,
    clock: FrozenClock,
    role: Role,
    leads: bool,
) -> None:
    pause_domain(web_session, "busy.example.org", reason="421 4.7.0", now=clock())
    web_session.commit()
    client = log_in(role, email="somebody@example.org")
    for path in ("/organise/", f"{arranged.base}/"):
        text = client.get(path).text
        assert "3 confirmations or notices could not be sent" in text
        assert "One domain wants less mail" in text
        assert ("/organise/delivery#failed-mail" in text) == leads
