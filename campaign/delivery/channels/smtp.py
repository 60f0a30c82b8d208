"""SMTP: Flask-Mail, with what it lacks.

Stock Flask-Mail 0.10 waits for ever on a silent server, takes any certificate, sends overlong
lines, lets header injection through, and hides refused recipients. Here every socket has a
timeout, TLS verifies, ``mime`` builds the e-mail, each message has one recipient, and the
connection is kept between messages. ``record_messages`` works as its readers expect.
"""

import contextlib
import re
import smtplib
import ssl
from types import TracebackType

import flask_mail

from campaign.core.config import MailSettings
from campaign.delivery.channels.base import Outgoing
from campaign.delivery.channels.mime import build_email, envelope_address
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.rules import Stage, Verdict, judge_reply, judge_silence

_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_WORDS = {
    Stage.CONNECTION: "the connection",
    Stage.SENDER: "the sender",
    Stage.RECIPIENT: "the recipient",
    Stage.CONTENT: "the message",
}


class SafeMessage(flask_mail.Message):
    """One outgoing message, as Flask-Mail's signal and ``record_messages`` know messages."""

    def __init__(self, outgoing: Outgoing) -> None:
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
            self.stage = Stage.SENDER
            _expect(self.host.mail(message.envelope_from))
            self.stage = Stage.RECIPIENT
            _expect(self.host.rcpt(message.envelope_to))
            self.stage = Stage.CONTENT
            _expect(self.host.data(message.as_bytes()))
        flask_mail.email_dispatched.send(self.mail, message=message)
        self.num_emails += 1

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
        self._connection: SafeConnection | None = None

    def open(self) -> None:
        """Connect, greet, start TLS and log in as the settings say."""
        if self._connection is not None:
            return
        connection = self.mail.connect()
        try:
            self._connection = connection.__enter__()
        except OSError as error:
            raise _failure(Stage.CONNECTION, error) from error

    def send(self, message: Outgoing) -> None:
        """Send one message; raises DeliveryFailed for any answer but acceptance."""
        prepared = SafeMessage(message)
        is_reused = self._connection is not None
        try:
            self._send(prepared)
        except DeliveryFailed as failure:
            # Servers drop idle connections and close long ones with 421. Where that came before
            # the message was handed over, a new connection is worth one more go.
            if not (is_reused and failure.stops_channel and self._connection is None):
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
            failure = _failure(connection.stage, error)
            self._recover(connection, failure)
            raise failure from error

    def _recover(self, connection: SafeConnection, failure: DeliveryFailed) -> None:
        """Keep the connection after a plain refusal; drop it after anything else."""
        if failure.code is not None and failure.code != 421 and connection.host is not None:
            with contextlib.suppress(OSError):
                if connection.host.rset()[0] == 250:
                    return
        self.close()


def _expect(reply: tuple[int, bytes]) -> None:
    code, text = reply
    if code not in (250, 251):
        raise smtplib.SMTPResponseException(code, text)


def _failure(stage: Stage, error: OSError) -> DeliveryFailed:
    """Return what a failure means, in words that hold nothing of the server's own text."""
    code: int | None = None
    if isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
        raw = error.smtp_error
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        enhanced = _ENHANCED_CODE.search(text)
        answer = f"{code} {enhanced.group()}" if enhanced else str(code)
        detail = f"The mail server refused {_WORDS[stage]} ({answer})."
        verdict = judge_reply(stage, code, text)
    else:
        detail = f"The talk with the mail server ended at {_WORDS[stage]} ({_kind(error)})."
        verdict = judge_silence(stage)
    return _with(verdict, detail, code)


def _with(verdict: Verdict, detail: str, code: int | None) -> DeliveryFailed:
    return DeliveryFailed(
        detail, is_permanent=verdict.is_permanent, code=code, stops_channel=verdict.stops_channel
    )


def _kind(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate cannot be verified"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "it does not offer what the settings ask for"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the connection was lost"
    return type(error).__name__
