"""A supporter reads when their letter leaves; organisers see who has more than can leave."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.delivery import service as delivery
from campaign.delivery.rules import ALL_SCOPES, Lane, MessageStatus
from campaign.letters.queries import action_token
from campaign.reports.backlog import describe_backlog, get_backlog
from campaign.reports.expected_letters import ExpectedKind, describe_place
from tests.conftest import FrozenClock
from tests.integration.letters import Scene, actions_of, letters_of, make_scene, messages_of
from tests.web.client import CheckingClient

CLOSE = datetime.fromisoformat("2031-05-22T21:00:00+00:00")


@pytest.fixture
def write(web_session: Session, clock: FrozenClock, app: Flask) -> Callable[[int], Scene]:
    """Let so many supporters write to one candidate."""

    def write(number: int) -> Scene:
        scene = make_scene(emails=("ann@example.org",))
        scene.campaign.letters_a_day = 1000  # The line is the subject, and not the digest.
        for each in range(number):
            scene.write(
                web_session,
                now=clock(),
                key=f"the key of form {each}",
                email=f"supporter-{each}@example.org",
                is_proven=True,
            )
        web_session.commit()
        return scene

    return write


@pytest.fixture
def page_of(app: Flask, client: CheckingClient, web_session: Session) -> Callable[[int], str]:
    """Open the page of the supporter at this place in the line."""

    def page_of(place: int) -> str:
        action = actions_of(web_session)[place]
        link = f"/action/{action_token(app.extensions['campaign'].signer, action)}/"
        web_session.commit()
        return client.get(link).text

    return page_of


def test_the_first_leaves_at_once_and_the_others_are_told_when(
    write: Callable[[int], Scene], page_of: Callable[[int], str]
) -> None:
    write(120)
    assert "It leaves within minutes." in page_of(0)
    third = page_of(30)
    assert "Expected to leave today between 12:00 and 13:00." in third
    assert "only a few letters an hour" in third
    assert "Expected to leave tomorrow, 2 May 2031." in page_of(115)


def test_who_cannot_be_served_before_the_poll_reads_it_and_what_to_do(
    write: Callable[[int], Scene], page_of: Callable[[int], str], clock: FrozenClock
) -> None:
    clock.time = CLOSE - timedelta(hours=3)
    write(60)
    last = page_of(59)
    assert "so yours will probably not be sent." in last
    assert "You can take it back and send the text yourself" in last
    assert "<details open>" in last
    assert "Withdraw my letter" in last
    assert "will probably not be sent" not in page_of(1)


def test_a_pause_and_a_retry_promise_no_time(
    write: Callable[[int], Scene],
    page_of: Callable[[int], str],
    web_session: Session,
    clock: FrozenClock,
) -> None:
    write(2)
    first = messages_of(web_session, Lane.LETTER)[0]
    first.attempt_count, first.due_at = 1, clock() + timedelta(hours=1)
    web_session.commit()
    assert "did not take it at the first try" in page_of(0)
    assert "It leaves within minutes." in page_of(1)
    ends_at = clock() + timedelta(minutes=5)
    delivery.pause_after_refusal(web_session, reason="", ends_at=ends_at, now=clock())
    web_session.commit()
    assert "Nothing leaves at the moment." in page_of(1)
    delivery.pause(web_session, scope=ALL_SCOPES, actor="organiser:1", reason="", now=clock())
    web_session.commit()
    assert "The organisers have paused all letters." in page_of(1)


@pytest.mark.parametrize(
    ("place", "kind", "begins"),
    [
        ("2031-05-01T10:14:00+00:00", ExpectedKind.SOON, ""),
        ("2031-05-01T10:16:00+00:00", ExpectedKind.TODAY, "11:00"),
        ("2031-05-01T22:30:00+00:00", ExpectedKind.TODAY, "23:00"),
        ("2031-05-01T23:30:00+00:00", ExpectedKind.TOMORROW, "00:00"),
        ("2031-05-03T09:00:00+00:00", ExpectedKind.LATER, "10:00"),
    ],
)
def test_days_and_hours_are_those_of_the_election(
    place: str, kind: ExpectedKind, begins: str, clock: FrozenClock
) -> None:
    found = describe_place(datetime.fromisoformat(place), timezone="Europe/London", now=clock())
    assert (found.kind, found.begins) == (kind, begins)


def test_organisers_see_the_lines_and_what_is_too_late(
    write: Callable[[int], Scene],
    app: Flask,
    web_session: Session,
    clock: FrozenClock,
) -> None:
    clock.time = CLOSE - timedelta(hours=3)
    scene = write(60)
    mail = app.extensions["campaign"].settings.mail
    backlog = get_backlog(web_session, scene.campaign.id, mail=mail, now=clock())
    assert (backlog.letters, backlog.addresses, backlog.late_addresses) == (60, 1, 1)
    (row,) = backlog.rows
    assert row.names == scene.candidacies[0].person.name
    assert (row.waiting, row.of_campaign) == (60, 60)
    assert row.last_leaves_at is not None
    assert row.last_leaves_at < CLOSE
    assert 30 < row.too_late < 60
    is_in_time, words = describe_backlog(web_session, mail=mail, now=clock())
    assert not is_in_time
    assert "at 1 of 1 addresses not all can leave" in words


def test_a_line_that_drains_is_no_warning(
    write: Callable[[int], Scene], app: Flask, web_session: Session, clock: FrozenClock
) -> None:
    scene = write(60)
    mail = app.extensions["campaign"].settings.mail
    backlog = get_backlog(web_session, scene.campaign.id, mail=mail, now=clock())
    assert backlog.late_addresses == 0
    assert backlog.rows[0].too_late == 0
    assert describe_backlog(web_session, mail=mail, now=clock())[0]


def test_another_campaign_s_letters_stand_in_the_same_line(
    write: Callable[[int], Scene], app: Flask, web_session: Session, clock: FrozenClock
) -> None:
    scene = write(10)
    mail = app.extensions["campaign"].settings.mail
    for number in range(5):
        delivery.queue_message(
            web_session,
            mail=mail,
            lane=Lane.LETTER,
            scope="campaign:99",
            recipient="Ann@example.org",
            from_name="Another campaign",
            subject="Trees",
            body=f"{number}\n",
            now=clock(),
        )
    (row,) = get_backlog(web_session, scene.campaign.id, mail=mail, now=clock()).rows
    assert (row.waiting, row.of_campaign) == (15, 10)


def test_the_installation_s_worker_follows_a_poll_that_is_moved(
    write: Callable[[int], Scene], app: Flask, web_session: Session
) -> None:
    scene = write(2)
    closes_at = scene.ballot.election.poll_closes_at + timedelta(days=7)
    scene.ballot.election.poll_closes_at = closes_at
    web_session.commit()
    app.extensions["campaign.make_worker"]().run_once()
    web_session.expire_all()
    (waiting,) = (each for each in messages_of(web_session, Lane.LETTER) if each.sent_at is None)
    assert waiting.not_after == closes_at


def test_a_digest_that_waits_for_its_turn_says_so(
    write: Callable[[int], Scene],
    page_of: Callable[[int], str],
    web_session: Session,
    clock: FrozenClock,
) -> None:
    write(3)
    first, *others = messages_of(web_session, Lane.LETTER)
    letters = letters_of(web_session)
    for each, message in zip(letters[1:], others, strict=True):
        each.outbox_message_id, each.digest_at = first.id, clock()
        message.status = MessageStatus.CANCELLED
    letters[0].digest_at = clock()
    first.due_at = clock() + timedelta(hours=1)
    web_session.commit()
    page = page_of(2)
    assert "Expected to leave today between" in page
    assert "It goes with other letters in one e-mail: the digest." in page
    first.due_at = clock()
    web_session.commit()
    assert "It leaves within minutes, with other letters in one e-mail" in page_of(1)
