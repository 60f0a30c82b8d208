"""SMTP: Flask-Mail, with what it lacks.

Stock Flask-Mail 0.10 waits for ever on a silent server, takes any certificate, sends overlong
lines, lets header injection through, and hides refused recipients. Here every socket has a
timeout, TLS verifies, ``mime`` builds the e-mail, each message has one recipient, and the
connection is kept between messages. ``record_messages`` works as its readers expect.
"""

import contextlib
import smtplib
import socket
import ssl
from types import TracebackType

import flask_mail

from campaign.core.config import MailSettings
from campaign.delivery.channels.base import Outgoing
from campaign.delivery.channels.mime import build_email, envelope_address
from campaign.delivery.channels.signing import DkimSigner, load_signer
from campaign.delivery.channels.smtp_failures import failure_at
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.rules import Stage

_GO_ON = 354
_ACCEPTED = (250, 251)
_CLOSING = 421


class SafeMessage(flask_mail.Message):
    """One outgoing message, as Flask-Mail's signal and ``record_messages`` know messages."""

    def __init__(self, outgoing: Outgoing, signer: DkimSigner | None = None) -> None:
        # The parent would look up this machine's name in the DNS to make a Message-ID.
        self.subject, self.body = outgoing.subject, outgoing.body
        self.sender, self.recipients = outgoing.from_address, [outgoing.recipient]
        self.reply_to, self.msgId = outgoing.reply_to or None, outgoing.message_id
        self.date, self.charset = outgoing.date.timestamp(), "utf-8"
        self.extra_headers = dict(outgoing.headers)
        self.cc, self.bcc, self.attachments, self.alts = [], [], [], {}
        self.mail_options, self.rcpt_options = [], []
        self.envelope_from = envelope_address(outgoing.return_path)
        self.envelope_to = envelope_address(outgoing.recipient)
        self._bytes = build_email(outgoing)
        if signer is not None:
            self._bytes = signer.sign(self._bytes, now=outgoing.date)

    def as_bytes(self) -> bytes:
        return self._bytes

    def as_string(self) -> str:
        return self._bytes.decode("ascii")


class SafeConnection(flask_mail.Connection):
    """A connection with a timeout and verified TLS, which knows at which stage a try ended."""

    mail: "SafeMail"
    stage = Stage.CONNECTION

    def configure_host(self) -> smtplib.SMTP:
        settings, tls = self.mail.settings, self.mail.tls
        # Our own domain: smtplib would ask the DNS for this machine's name.
        name = settings.sender.rpartition("@")[2]
        host: smtplib.SMTP
        if settings.use_tls:
            host = smtplib.SMTP_SSL(
                settings.host, settings.port, name, timeout=settings.timeout_seconds, context=tls
            )
        else:
            host = smtplib.SMTP(
                settings.host, settings.port, name, timeout=settings.timeout_seconds
            )
        try:
            # Or the end of a letter may wait for the server to acknowledge its beginning.
            assert host.sock is not None
            host.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            host.ehlo_or_helo_if_needed()
            if settings.use_starttls:
                host.starttls(context=tls)
                host.ehlo_or_helo_if_needed()
            if settings.username and settings.password:
                host.login(settings.username, settings.password)
        except BaseException:
            host.close()
            raise
        return host

    def send(
        self, message: flask_mail.Message, envelope_from: str | tuple[str, str] | None = None
    ) -> None:
        """Hand over one message with one recipient; only a 250 after its last line is success."""
        if not isinstance(message, SafeMessage):
            raise TypeError("only messages of the outbox are sent")
        if self.host is not None:
            self._hand_over(self.host, message)
        flask_mail.email_dispatched.send(self.mail, message=message)
        self.num_emails += 1

    def _hand_over(self, host: smtplib.SMTP, message: SafeMessage) -> None:
        """Talk through one message, in one go up to its content where the server allows it.

        The replies are read in their order, so that the stage of a refusal is known.
        """
        commands = (
            (Stage.SENDER, f"mail FROM:<{message.envelope_from}>\r\n"),
            (Stage.RECIPIENT, f"rcpt TO:<{message.envelope_to}>\r\n"),
            (Stage.CONTENT, "data\r\n"),
        )
        is_pipelined = host.has_extn("pipelining")  # RFC 2920
        self.stage = Stage.SENDER
        if is_pipelined:
            host.send("".join(command for _, command in commands))
        for number, (stage, command) in enumerate(commands, 1):
            self.stage = stage
            if not is_pipelined:
                host.send(command)
            code, text = host.getreply()
            if code not in (_ACCEPTED if stage is not Stage.CONTENT else (_GO_ON,)):
                if is_pipelined:
                    _read_rest(host, len(commands) - number)
                raise smtplib.SMTPResponseException(code, text)
        # A dot at the beginning of a line would end the message.
        content = message.as_bytes().replace(b"\r\n.", b"\r\n..")
        host.send(content + b".\r\n")
        code, text = host.getreply()
        if code not in _ACCEPTED:
            raise smtplib.SMTPResponseException(code, text)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self.host is not None:
            with contextlib.suppress(OSError):
                self.host.quit()
            self.host.close()
            self.host = None


class SafeMail(flask_mail.Mail):
    """Flask-Mail's state from our settings, without an application."""

    def __init__(
        self, settings: MailSettings, *, tls: ssl.SSLContext | None = None, suppress: bool = False
    ) -> None:
        super().__init__()
        self.settings = settings
        self.tls = tls or ssl.create_default_context()
        self.state = self.init_mail(
            {
                "MAIL_SERVER": settings.host,
                "MAIL_PORT": settings.port,
                "MAIL_DEFAULT_SENDER": settings.sender,
                "MAIL_SUPPRESS_SEND": suppress,
            }
        )

    def connect(self) -> SafeConnection:
        return SafeConnection(self)


class SmtpChannel:
    """Send by SMTP over one connection that is kept, and opened again when it was dropped."""

    def __init__(
        self, mail: MailSettings, *, tls: ssl.SSLContext | None = None, suppress: bool = False
    ) -> None:
        self.mail = SafeMail(mail, tls=tls, suppress=suppress)
        self._signer = load_signer(mail)
        self._connection: SafeConnection | None = None

    def open(self) -> None:
        """Connect, greet, start TLS and log in as the settings say."""
        if self._connection is not None:
            return
        connection = self.mail.connect()
        try:
            self._connection = connection.__enter__()
        except OSError as error:
            raise failure_at(Stage.CONNECTION, error) from error

    def send(self, message: Outgoing) -> None:
        """Send one message; raises DeliveryFailed for any answer but acceptance."""
        prepared = SafeMessage(message, self._signer)
        is_reused = self._connection is not None
        try:
            self._send(prepared)
        except DeliveryFailed as failure:
            # Servers drop idle connections and close long ones with 421. Where that came before
            # the message was handed over, a new connection is worth one more go; so is a 421 that
            # may be about the connection or about the recipient's domain.
            is_general = failure.stops_channel or failure.code == _CLOSING
            if not (is_reused and is_general and self._connection is None):
                raise
            self._send(prepared)

    def close(self) -> None:
        """Say goodbye to the server where there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.__exit__(None, None, None)

    def _send(self, prepared: SafeMessage) -> None:
        self.open()
        connection = self._connection
        assert connection is not None
        try:
            connection.send(prepared)
        except OSError as error:  # smtplib's exceptions are OSErrors too
            failure = failure_at(connection.stage, error)
            self._recover(connection, failure)
            raise failure from error

    def _recover(self, connection: SafeConnection, failure: DeliveryFailed) -> None:
        """Keep the connection after a plain refusal; drop it after anything else."""
        if failure.code is not None and failure.code != _CLOSING and connection.host is not None:
            with contextlib.suppress(OSError):
                if connection.host.rset()[0] == 250:
                    return
        self.close()


def _read_rest(host: smtplib.SMTP, replies: int) -> None:
    """Read what a server still answers after a refusal, which stands whatever comes now."""
    with contextlib.suppress(OSError):
        code = 0
        for _ in range(replies):
            code, _text = host.getreply()
        if code == _GO_ON:
            # It wants content all the same, for nobody: it gets none (RFC 2920, 3.1).
            host.send(b".\r\n")
            host.getreply()
