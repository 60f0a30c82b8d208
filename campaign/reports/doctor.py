"""The doctor: whether an installation can serve and send, one finding for each question."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from campaign.core import schema
from campaign.core.config import MailSettings, Settings
from campaign.core.db import Database
from campaign.delivery import queries
from campaign.delivery.channels.base import Channel
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.rules import ALL_SCOPES, MessageStatus
from campaign.reports.backlog import describe_backlog
from campaign.reports.office_delivery import list_ramp_warnings

LONGEST_SILENCE = timedelta(minutes=3)
"""A worker shows that it lives every ten seconds, and rests for a minute at most."""
LONGEST_WAIT = timedelta(minutes=15)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """The answer to one question, in a sentence without personal data."""

    level: Level
    text: str


def list_findings(
    *, settings: Settings, database: Database, channel: Channel, now: datetime
) -> list[Finding]:
    """Look at everything; no mail is sent and nothing is written to the database."""
    findings = [_schema(database)]
    if findings[0].level is Level.OK:
        with database.reader() as session:
            findings += [
                _worker(session, now),
                _outbox(session, now),
                _failed(session),
                _backlog(session, settings.mail, now),
                *_pauses(session),
                *(Finding(Level.PROBLEM, text) for text in list_ramp_warnings(session)),
            ]
    return [*findings, _channel(channel, settings.mail), *_settings(settings)]


def _schema(database: Database) -> Finding:
    try:
        if schema.is_current(database):
            return Finding(Level.OK, "The database answers and has the newest schema.")
    except SQLAlchemyError:
        return Finding(Level.PROBLEM, "The database does not answer; look at DATABASE_URL.")
    return Finding(Level.PROBLEM, "The schema is behind; run: campaign db upgrade")


def _worker(session: Session, now: datetime) -> Finding:
    seen_at = queries.find_last_heartbeat(session)
    # Without mail to send, a worker that is not there hurts nobody yet.
    level = Level.PROBLEM if queries.count_due(session, now) else Level.WARNING
    if seen_at is None:
        return Finding(level, "No delivery worker has run; start one: campaign deliver")
    silence = now - seen_at
    if silence > LONGEST_SILENCE:
        return Finding(
            level, f"The delivery worker was last seen {_age(silence)} ago; run: campaign deliver"
        )
    return Finding(Level.OK, "The delivery worker is alive.")


def _outbox(session: Session, now: datetime) -> Finding:
    oldest = queries.find_oldest_due_at(session, now)
    if oldest is None:
        return Finding(Level.OK, "No message is waiting to be sent.")
    due, waited = queries.count_due(session, now), now - oldest
    text = f"{due} messages are due, the oldest since {_age(waited)}."
    return Finding(Level.PROBLEM if waited > LONGEST_WAIT else Level.OK, text)


def _failed(session: Session) -> Finding:
    counts = queries.count_messages_by_status(session)
    failed, total = counts[MessageStatus.FAILED], sum(counts.values())
    return Finding(
        Level.WARNING if failed else Level.OK,
        f"{failed} of {total} messages could not be delivered.",
    )


def _backlog(session: Session, mail: MailSettings, now: datetime) -> Finding:
    is_in_time, text = describe_backlog(session, mail=mail, now=now)
    return Finding(Level.OK if is_in_time else Level.WARNING, text)


def _pauses(session: Session) -> Iterator[Finding]:
    for pause in queries.list_pauses(session):
        what = "All mail" if pause.scope == ALL_SCOPES else f"Mail of {pause.scope}"
        since = f"{what} is paused since {pause.paused_at:%d %B %Y %H:%M} UTC"
        if pause.ends_at is None:
            yield Finding(Level.WARNING, f"{since}.")
        else:
            # Nobody chose this one: the relay refuses us until somebody mends something.
            yield Finding(
                Level.PROBLEM,
                f"{since}: {pause.reason} Tried again at {pause.ends_at:%H:%M} UTC, "
                "or as soon as an owner resumes delivery.",
            )


def _channel(channel: Channel, mail: MailSettings) -> Finding:
    try:
        channel.open()
    except DeliveryFailed as failure:
        return Finding(Level.PROBLEM, f"Mail cannot leave: {failure}")
    finally:
        channel.close()
    if mail.channel == "smtp":
        return Finding(Level.OK, f"The mail server at {mail.host}:{mail.port} takes connections.")
    return Finding(
        Level.WARNING, f"MAIL_CHANNEL is {mail.channel}: messages do not leave this machine."
    )


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.is_secure:
        yield Finding(Level.OK, "The site's address begins with https.")
    elif urlsplit(settings.base_url).hostname in _LOOPBACK:
        yield Finding(Level.WARNING, "BASE_URL is on this machine: links in mail work only here.")
    else:
        yield Finding(Level.PROBLEM, "BASE_URL must begin with https:// on a public site.")
    if len(set(settings.secret_key)) < 10:
        yield Finding(Level.PROBLEM, "SECRET_KEY is too regular; make a random one.")
    else:
        yield Finding(Level.OK, "SECRET_KEY is long enough.")
    mail = settings.mail
    if mail.channel == "smtp" and mail.password and not (mail.use_tls or mail.use_starttls):
        yield Finding(
            Level.PROBLEM if mail.host not in _LOOPBACK else Level.WARNING,
            "MAIL_PASSWORD is sent unencrypted; set MAIL_STARTTLS or MAIL_TLS.",
        )
    if mail.use_tls and mail.use_starttls:
        yield Finding(Level.PROBLEM, "MAIL_TLS and MAIL_STARTTLS exclude each other; set one.")
    if mail.channel == "smtp" and mail.sender.endswith(".example.org"):
        yield Finding(Level.PROBLEM, "MAIL_SENDER is still the example; set your own address.")


def _age(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
