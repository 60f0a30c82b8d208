"""The SMTP channel against servers on this machine: aiosmtpd, and sockets that misbehave."""

import datetime as dt
import gc
import ipaddress
import logging
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.delivery import queries, service
from campaign.delivery.channels.base import Outgoing
from campaign.delivery.channels.smtp import SmtpChannel
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.rules import Lane, MessageStatus
from campaign.delivery.worker import Worker
from tests.conftest import FrozenClock

OUTGOING = Outgoing(
    recipient="candidate@example.org",
    from_name="Siân Smith via Safer streets",
    from_address="letters@campaign.example.org",
    return_path="bounce+1@campaign.example.org",
    message_id="<0123@campaign.example.org>",
    subject="Safer streets",
    body="Dear candidate,\n\n.\nPlease act.\n" + "x" * 2000,
    date=dt.datetime(2031, 5, 1, 10, 0, tzinfo=dt.UTC),
    reply_to="jane@example.org",
)


class Server:
    """An aiosmtpd handler that keeps what it accepts and answers as it is told."""

    def __init__(self) -> None:
        self.accepted: list[Envelope] = []
        self.connections = 0
        self.answers: dict[str, str] = {}
        self.port = 0

    async def handle_EHLO(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.accepted.append(envelope)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(handler: Server, **options: Any) -> Iterator[Server]:
    handler.port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port, **options)
    controller.start()
    handler.connections = 0
    try:
        yield handler
    finally:
        controller.stop()
        # The server forgets transports whose TLS handshake the client broke off.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as server:
        yield server


@pytest.fixture
def make_channel() -> Iterator[Callable[..., SmtpChannel]]:
    channels = []

    def make(port: int, *, tls: ssl.SSLContext | None = None, **changes: Any) -> SmtpChannel:
        mail = MailSettings(channel="smtp", port=port, timeout_seconds=5, **changes)
        channels.append(channel := SmtpChannel(mail, tls=tls))
        return channel

    yield make
    for channel in channels:
        channel.close()


Make = Callable[..., SmtpChannel]


def failure_of(channel: SmtpChannel, message: Outgoing = OUTGOING) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(message)
    assert "@" not in str(caught.value)
    return caught.value


def test_an_accepted_message_arrives_with_its_envelope(server: Server, make_channel: Make) -> None:
    make_channel(server.port).send(OUTGOING)
    (envelope,) = server.accepted
    assert envelope.mail_from == OUTGOING.return_path
    assert envelope.rcpt_tos == [OUTGOING.recipient]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content)
    assert message["Message-ID"] == OUTGOING.message_id
    body = message.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().replace("\r\n", "\n").strip() == OUTGOING.body


def test_one_connection_serves_many_messages(server: Server, make_channel: Make) -> None:
    channel = make_channel(server.port)
    for number in range(5):
        channel.send(replace(OUTGOING, recipient=f"{number}@example.org"))
    assert [envelope.rcpt_tos for envelope in server.accepted] == [
        [f"{number}@example.org"] for number in range(5)
    ]
    assert server.connections == 1


def test_a_dropped_connection_is_opened_again(server: Server, make_channel: Make) -> None:
    channel = make_channel(server.port)
    channel.send(OUTGOING)
    connection = channel._connection
    assert connection is not None
    assert connection.host is not None
    connection.host.sock.shutdown(socket.SHUT_RDWR)
    channel.send(OUTGOING)
    assert (len(server.accepted), server.connections) == (2, 2)


@pytest.mark.parametrize(
    ("stage", "answer", "is_permanent", "stops_channel"),
    [
        ("RCPT", "550 5.1.1 <candidate@example.org> unknown", True, False),
        ("RCPT", "451 4.7.1 greylisted", False, False),
        ("RCPT", "554 5.7.1 Relay access denied", False, True),
        ("MAIL", "553 5.7.1 not your address", False, True),
        ("MAIL", "421 too busy", False, True),
        ("DATA", "554 5.6.0 no thank you", True, False),
        ("DATA", "452 4.3.1 disk full", False, False),
    ],
)
def test_a_refusal_is_judged_by_its_stage_and_code(
    server: Server,
    make_channel: Make,
    stage: str,
    answer: str,
    is_permanent: bool,
    stops_channel: bool,
) -> None:
    channel = make_channel(server.port)
    server.answers[stage] = answer
    failure = failure_of(channel)
    assert failure.code == int(answer[:3])
    assert (failure.is_permanent, failure.stops_channel) == (is_permanent, stops_channel)
    server.answers.clear()
    channel.send(OUTGOING)
    assert len(server.accepted) == 1, "the next message is not touched by the refusal"


@contextmanager
def misbehaving(script: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve connections by a script on the bare socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    script(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def answer_until(connection: socket.socket, end: bytes) -> None:
    """Talk as a server does until a command begins with ``end``."""
    connection.sendall(b"220 hello\r\n")
    with connection.makefile("rb") as lines:
        for line in lines:
            if line.startswith(end):
                return
            connection.sendall(b"354 go on\r\n" if line.startswith(b"data") else b"250 OK\r\n")
            if line.startswith(b"data"):
                lines.readline()
                return


@pytest.mark.parametrize(
    ("end", "stops_channel"), [(b"mail", True), (b"rcpt", False), (b"data-body", False)]
)
def test_a_connection_lost_midway_is_temporary(
    make_channel: Make, end: bytes, stops_channel: bool
) -> None:
    with misbehaving(lambda connection: answer_until(connection, end)) as port:
        failure = failure_of(make_channel(port))
    assert (failure.is_permanent, failure.code) == (False, None)
    assert failure.stops_channel == stops_channel


def test_a_silent_server_is_not_waited_for(make_channel: Make) -> None:
    released = threading.Event()
    with misbehaving(lambda _connection: bool(released.wait(10)) and None) as port:
        channel = SmtpChannel(MailSettings(channel="smtp", port=port, timeout_seconds=0.2))
        failure = failure_of(channel)
        released.set()
    assert "no answer in time" in str(failure)
    assert (failure.is_permanent, failure.stops_channel) == (False, True)


def test_a_server_that_is_down_is_temporary(make_channel: Make) -> None:
    failure = failure_of(make_channel(free_port()))
    assert (failure.is_permanent, failure.stops_channel) == (False, True)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("mode", ["use_starttls", "use_tls"])
def test_tls_takes_only_a_certificate_that_is_vouched_for(
    certificate: Path, make_channel: Make, mode: str
) -> None:
    context = server_context(certificate)
    option = {"use_starttls": "tls_context", "use_tls": "ssl_context"}[mode]
    with serving(Server(), **{option: context}) as server:
        failure = failure_of(make_channel(server.port, **{mode: True}))
        assert "certificate" in str(failure)
        assert (failure.is_permanent, failure.stops_channel) == (False, True)
        assert server.accepted == []
        trusting = ssl.create_default_context(cafile=certificate)
        make_channel(server.port, tls=trusting, **{mode: True}).send(OUTGOING)
        assert len(server.accepted) == 1


def test_starttls_that_is_not_offered_sends_nothing(server: Server, make_channel: Make) -> None:
    failure = failure_of(make_channel(server.port, use_starttls=True))
    assert failure.stops_channel
    assert server.accepted == []


def test_a_wrong_password_is_our_fault_and_temporary(make_channel: Make) -> None:
    refuse = lambda *_: AuthResult(success=False, handled=False)  # noqa: E731
    options = {"authenticator": refuse, "auth_require_tls": False}
    with serving(Server(), **options) as server:
        channel = make_channel(server.port, username="campaign", password="wrong")
        failure = failure_of(channel)
    assert (failure.code, failure.is_permanent, failure.stops_channel) == (535, False, True)


def test_flask_mail_s_record_messages_works() -> None:
    channel = SmtpChannel(MailSettings(channel="smtp", port=1), suppress=True)
    with channel.mail.record_messages() as outbox:
        channel.send(OUTGOING)
    assert [(message.subject, message.recipients) for message in outbox] == [
        ("Safer streets", ["candidate@example.org"])
    ]
    assert b"Message-ID: <0123@campaign.example.org>" in outbox[0].as_bytes()


def test_nothing_is_lost_or_called_sent_while_the_server_is_down(
    database: Database, clock: FrozenClock
) -> None:
    mail = MailSettings(channel="smtp", port=free_port(), timeout_seconds=5)
    with database.transaction() as session:
        for number in range(6):
            service.queue_message(
                session,
                mail=mail,
                lane=Lane.LETTER,
                scope="campaign:1",
                recipient=f"{number}@example.org",
                from_name="Jane",
                subject="Safer streets",
                body="Dear candidate",
                now=clock(),
            )

    def work(mail: MailSettings) -> dict[MessageStatus, int]:
        channel = SmtpChannel(mail)
        worker = Worker(database=database, channel=channel, clock=clock, mail=mail)
        worker.run_once()
        worker.close()
        with database.reader() as session:
            return queries.count_messages_by_status(session)

    for _ in range(3):
        assert work(mail)[MessageStatus.QUEUED] == 6
        clock.advance(minutes=10)
    with serving(Server()) as server:
        assert work(replace(mail, port=server.port))[MessageStatus.SENT] == 6
        assert len(server.accepted) == 6
