"""With the mail server down nobody is told that a letter was sent, and none is lost."""

import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Talk
from flask import Flask
from sqlalchemy.orm import Session

from campaign.app import build_worker
from campaign.core.config import MailSettings
from campaign.delivery.rules import Lane, MessageStatus
from campaign.delivery.worker import Worker
from campaign.reports.reconciliation import reconcile_letters
from tests.conftest import FrozenClock
from tests.integration.letters import letters_of, messages_of
from tests.web.letters import Place, arrange, database_of, fields_of, links_in, send


class Server:
    """Keep whom each accepted message is for."""

    def __init__(self) -> None:
        self.recipients: list[str] = []

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Talk, envelope: Envelope
    ) -> str:
        self.recipients += envelope.rcpt_tos
        return "250 OK"


@pytest.fixture
def port() -> int:
    """A port on which nobody listens yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def app(make_app: Callable[..., Flask], port: int) -> Flask:
    return make_app(mail=MailSettings(channel="smtp", host="127.0.0.1", port=port))


@pytest.fixture
def place(app: Flask, web_session: Session) -> Place:
    return arrange(app, web_session, emails=["ann@example.org", "bob@example.org", None])


@pytest.fixture
def worker(app: Flask) -> Iterator[Worker]:
    worker = build_worker(app.extensions["campaign"])
    yield worker
    worker.close()


def statuses(app: Flask) -> list[str]:
    with database_of(app).reader() as session:
        (report,) = reconcile_letters(session)
        assert report.is_right, report
        return [letter.status.value for letter in letters_of(session)]


def test_a_server_that_is_down_and_comes_back(
    app: Flask, place: Place, worker: Worker, clock: FrozenClock, port: int
) -> None:
    client = app.test_client()
    asked = send(client, place)
    seen = [asked.text, client.get(asked.location).text]
    worker.run_once()
    with database_of(app).reader() as session:
        (mail,) = messages_of(session, Lane.CONFIRMATION)
        assert mail.status is MessageStatus.QUEUED
        (page,) = links_in(mail.body)
    form = fields_of(client.get(page).text, action=f"{page}confirm")
    assert client.post(f"{page}confirm", data=form).status_code == 303
    for minutes in (0, 2, 10, 30, 120, 600):
        clock.advance(minutes=minutes)
        worker.run_once()
        seen.append(client.get(page).text)
        assert statuses(app) == ["queued", "queued"]
    told = re.compile(r"(?<!is never )\b(?:sent|delivered)\b", re.IGNORECASE)
    assert [told.findall(re.sub(r"<[^>]+>", " ", each)) for each in seen] == [[]] * len(seen)

    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        for _ in range(4):
            clock.advance(hours=7)
            worker.run_once()
        worker.close()
    finally:
        controller.stop()
    assert Counter(server.recipients) == {
        "jane@example.org": 1,
        "ann@example.org": 1,
        "bob@example.org": 1,
    }
    assert statuses(app) == ["sent", "sent"]
    assert client.get(page).text.count("Sent on") == 2
    with database_of(app).reader() as session:
        assert {each.status for each in messages_of(session)} == {MessageStatus.SENT}
