from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from campaign.core.config import Settings
from campaign.delivery.rules import Lane
from campaign.delivery.service import queue_message
from tests.conftest import FrozenClock
from tests.unit.test_mailbox import LETTER, write
from tests.web.client import CheckingClient


@pytest.fixture
def mailbox(settings: Settings) -> Path:
    return settings.mail.mailbox_path


@pytest.fixture
def demonstration(make_app: Callable[..., Flask]) -> Flask:
    return make_app(is_demonstration=True, base_url="http://127.0.0.1:5000")


@pytest.fixture
def visitor(demonstration: Flask) -> CheckingClient:
    return demonstration.test_client()


def test_there_is_no_mailbox_outside_the_demonstration(client: CheckingClient) -> None:
    response = client.get("/mailbox/")
    assert response.status_code == 404
    assert "Demonstration" not in response.text


def test_an_empty_mailbox_says_how_it_fills(visitor: CheckingClient) -> None:
    response = visitor.get("/mailbox/")
    assert response.status_code == 200
    assert "The mailbox is empty" in response.text


def test_every_page_links_to_the_mailbox(visitor: CheckingClient) -> None:
    response = visitor.get("/nowhere/at/all")
    assert response.status_code == 404
    assert '<a href="/mailbox/">Read the mail</a>' in response.text


def test_the_list_shows_recipient_subject_and_lane(
    visitor: CheckingClient, demonstration: Flask, mailbox: Path, clock: FrozenClock
) -> None:
    kit = demonstration.extensions["campaign"]
    with kit.database.transaction() as session:
        message = queue_message(
            session,
            mail=kit.settings.mail,
            lane=Lane.CONFIRMATION,
            scope="",
            recipient="candidate-1@example.org",
            from_name="Safer streets",
            subject="x",
            body="x",
            now=clock(),
        )
        message_id = message.message_id
    name = write(mailbox, 1, LETTER.replace(b"<abc@campaign.example.org>", message_id.encode()))
    response = visitor.get("/mailbox/")
    assert "1 of 1 e-mails" in response.text
    assert "candidate-1@example.org" in response.text
    assert "Straßen" in response.text
    assert "· confirmation" in response.text
    assert f'href="/mailbox/{name}/"' in response.text
    assert "No e-mail has gone" in visitor.get("/mailbox/?to=nobody").text


def test_an_email_is_shown_as_text_and_its_link_can_be_followed(
    visitor: CheckingClient, mailbox: Path
) -> None:
    text = LETTER + b"<script>alert(1)</script>\r\nhttp://127.0.0.1:5000/action/t/\r\n"
    name = write(mailbox, 1, text)
    response = visitor.get(f"/mailbox/{name}/")
    assert response.status_code == 200
    assert "&lt;script&gt;" in response.text
    assert '<a href="/action/t/">http://127.0.0.1:5000/action/t/</a>' in response.text
    assert "jane@example.org" in response.text
    assert "&lt;abc@campaign.example.org&gt;" in response.text


@pytest.mark.parametrize("name", ["..%2fsecret", "%2e%2e%2fsecret", "nothing", ".hidden"])
def test_only_files_of_the_mailbox_are_shown(
    visitor: CheckingClient, mailbox: Path, name: str
) -> None:
    write(mailbox, 1)
    (mailbox.parent / "secret.eml").write_bytes(LETTER)
    (mailbox / ".hidden.eml").write_bytes(LETTER)
    assert visitor.get(f"/mailbox/{name}/").status_code == 404
