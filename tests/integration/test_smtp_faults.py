"""The SMTP channel against a server that fails where it is told to, with and without pipelining."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain

import pytest

from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.delivery import queries, service
from campaign.delivery.channels.smtp import SmtpChannel
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.rules import ALL_SCOPES, Lane, MessageStatus
from campaign.delivery.worker import Worker
from tests.conftest import FrozenClock
from tests.integration.test_smtp import OUTGOING

STAGES = ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT")


class FaultyServer:
    """Talks SMTP by a table of replies; closes or falls silent at the stages it is given."""

    def __init__(self, *, pipelining: bool) -> None:
        self.accepted: list[bytes] = []
        self.connections = 0
        self.replies: dict[str, str] = {}
        self.drops_at: str | None = None
        self.silent_at: str | None = None
        self.extensions = ["PIPELINING"] if pipelining else []
        self.listen()

    def listen(self, port: int = 0) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, args=(self._listener,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._thread.join(5)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            with connection, suppress(OSError):
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            if not self._answer(connection, "GREETING", "220 hello"):
                return
            while line := lines.readline():
                verb = line[:4].decode().strip().upper()
                if verb == "QUIT":
                    connection.sendall(b"221 bye\r\n")
                    return
                usual = "354 go on" if verb == "DATA" else "250 OK"
                if verb == "EHLO":
                    usual = "\r\n".join(["250-faulty", *[f"250-{e}" for e in self.extensions]])
                    usual += "\r\n250 HELP"
                if not self._answer(connection, "EHLO" if verb == "HELO" else verb, usual):
                    return
                if verb == "DATA" and self.replies.get("DATA", usual).startswith("354"):
                    if self.drops_at == "BODY":
                        lines.readline()
                        return
                    content = b"".join(iter(lines.readline, b".\r\n"))
                    if content:
                        self.accepted.append(content)
                    if not self._answer(connection, "CONTENT", "250 OK"):
                        return

    def _answer(self, connection: socket.socket, stage: str, usual: str) -> bool:
        if self.drops_at == stage:
            return False
        if self.silent_at == stage:
            connection.settimeout(10)
            while connection.recv(1 << 16):  # Until the other side has lost its patience.
                pass
            return False
        connection.sendall(f"{self.replies.get(stage, usual)}\r\n".encode())
        return True


@pytest.fixture(params=["pipelined", "one by one"])
def server(request: pytest.FixtureRequest) -> Iterator[FaultyServer]:
    server = FaultyServer(pipelining=request.param == "pipelined")
    yield server
    server.stop()


@pytest.fixture
def channel(server: FaultyServer) -> Iterator[SmtpChannel]:
    channel = SmtpChannel(MailSettings(channel="smtp", port=server.port, timeout_seconds=5))
    yield channel
    channel.close()


def failure_of(channel: SmtpChannel) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(OUTGOING)
    return caught.value


@pytest.mark.parametrize("code", [421, 451, 554])
@pytest.mark.parametrize("stage", STAGES)
def test_a_refusal_is_known_by_its_stage(
    server: FaultyServer, channel: SmtpChannel, stage: str, code: int
) -> None:
    server.replies[stage] = f"{code} not now"
    failure = failure_of(channel)
    is_general = stage in ("GREETING", "EHLO", "MAIL")
    assert failure.code == code
    assert failure.is_permanent == (code == 554 and not is_general)
    assert failure.stops_channel == is_general
    assert failure.is_throttled == (code == 421 and not is_general)
    assert failure.is_our_fault == (is_general and code == 554)
    if stage != "CONTENT":
        assert server.accepted == [], "nothing was handed over"
    server.replies.clear()
    server.accepted.clear()
    channel.send(replace(OUTGOING, message_id="<next@campaign.example.org>"))
    (content,) = server.accepted
    assert b"Message-ID: <next@" in content, "the talk is in step again"


@pytest.mark.parametrize("stage", [*STAGES, "BODY"])
def test_a_dropped_connection_is_tried_again_later(
    server: FaultyServer, channel: SmtpChannel, stage: str
) -> None:
    server.drops_at = stage
    failure = failure_of(channel)
    assert (failure.is_permanent, failure.is_our_fault, failure.code) == (False, False, None)
    assert failure.stops_channel == (stage in ("GREETING", "EHLO", "MAIL"))
    server.drops_at = None
    channel.send(OUTGOING)


@pytest.mark.parametrize("stage", STAGES)
def test_silence_ends_with_the_timeout(server: FaultyServer, stage: str) -> None:
    channel = SmtpChannel(MailSettings(channel="smtp", port=server.port, timeout_seconds=0.3))
    server.silent_at = stage
    failure = failure_of(channel)
    assert "no answer in time" in str(failure)
    assert (failure.is_permanent, failure.is_our_fault) == (False, False)
    channel.close()


def test_a_refused_recipient_gets_no_content_even_where_the_server_asks_for_it(
    server: FaultyServer, channel: SmtpChannel
) -> None:
    server.replies["RCPT"] = "550 5.1.1 unknown"
    for _ in range(2):
        failure = failure_of(channel)
        assert (failure.code, failure.is_permanent) == (550, True)
    assert server.accepted == []
    assert server.connections == 1


def test_a_refusal_stands_though_the_connection_is_lost_with_it(
    server: FaultyServer, channel: SmtpChannel
) -> None:
    server.replies["RCPT"] = "550 5.1.1 unknown"
    server.drops_at = "DATA"
    failure = failure_of(channel)
    assert (failure.code, failure.is_permanent, failure.stops_channel) == (550, True, False)


def test_dots_arrive_as_they_were_written(server: FaultyServer, channel: SmtpChannel) -> None:
    channel.send(replace(OUTGOING, body=".\n..\n.end\nmiddle.\n"))
    (content,) = server.accepted
    assert content.endswith(b"\r\n\r\n..\r\n...\r\n..end\r\nmiddle.\r\n")


def test_a_server_that_restarts_between_messages_costs_nothing(
    server: FaultyServer, channel: SmtpChannel
) -> None:
    channel.send(OUTGOING)
    server.stop()
    server.listen(server.port)
    channel.send(OUTGOING)
    assert (len(server.accepted), server.connections) == (2, 2)


@pytest.mark.parametrize("stage", STAGES)
def test_every_letter_arrives_once_the_server_is_well_again(
    server: FaultyServer, sqlite_database: Database, clock: FrozenClock, stage: str
) -> None:
    mail = MailSettings(channel="smtp", port=server.port, timeout_seconds=5)
    with sqlite_database.transaction() as session:
        for number in range(3):
            service.queue_message(
                session,
                mail=mail,
                lane=Lane.LETTER,
                scope="campaign:1",
                recipient=f"{number}@example.org",
                from_name="Jane",
                subject="Safer streets",
                body=f"Dear candidate {number},\n",
                now=clock(),
            )
    worker = Worker(
        database=sqlite_database, channel=SmtpChannel(mail), clock=clock, mail=mail, name="w"
    )
    faults = chain.from_iterable(({stage: "451 later"}, {stage: "421 closing"}) for _ in range(2))
    for server.replies in faults:
        worker.run_once()
        clock.advance(hours=2)
    if stage in ("GREETING", "EHLO", "MAIL"):
        server.replies = {stage: "554 we do not know you"}
        worker.run_once()
        with sqlite_database.reader() as session:
            found = queries.find_pause(session, ALL_SCOPES)
            assert found is not None
            assert found.ends_at is not None
        clock.advance(hours=2)
    server.replies = {}
    server.accepted.clear()
    for _ in range(3):
        worker.run_once()
        clock.advance(hours=13)
    worker.close()
    with sqlite_database.reader() as session:
        assert queries.count_messages_by_status(session)[MessageStatus.SENT] == 3
    assert len(server.accepted) == 3
