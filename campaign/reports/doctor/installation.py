"""Whether the database is there and the settings make sense together."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from campaign.core import schema
from campaign.core.config import Settings
from campaign.core.db import Database
from campaign.reports.doctor.findings import Finding, Level
from campaign.reports.doctor.mail_server import LOOPBACK


def check_schema(database: Database) -> Iterator[Finding]:
    """Say whether the database answers and knows every table."""
    try:
        is_current = schema.is_current(database)
    except SQLAlchemyError:
        yield Finding(Level.PROBLEM, "The database does not answer; look at DATABASE_URL.")
        return
    if is_current:
        yield Finding(Level.OK, "The database answers and has the newest schema.")
    else:
        yield Finding(Level.PROBLEM, "The schema is behind; run: campaign db upgrade")


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Say which settings endanger people or contradict one another."""
    if settings.is_secure:
        yield Finding(Level.OK, "The site's address begins with https.")
    elif urlsplit(settings.base_url).hostname in LOOPBACK:
        yield Finding(Level.WARNING, "BASE_URL is on this machine: links in mail work only here.")
    else:
        yield Finding(Level.PROBLEM, "BASE_URL must begin with https:// on a public site.")
    if len(set(settings.secret_key)) < 10:
        yield Finding(Level.PROBLEM, "SECRET_KEY is too regular; make a random one.")
    else:
        yield Finding(Level.OK, "SECRET_KEY is long enough.")
    mail = settings.mail
    if mail.channel != "smtp":
        return
    if mail.password and not (mail.use_tls or mail.use_starttls):
        yield Finding(
            Level.PROBLEM if mail.host not in LOOPBACK else Level.WARNING,
            "MAIL_PASSWORD is sent unencrypted; set MAIL_STARTTLS or MAIL_TLS.",
        )
    if bool(mail.username) != bool(mail.password):
        yield Finding(
            Level.PROBLEM, "MAIL_USERNAME and MAIL_PASSWORD belong together; set both, or neither."
        )
    if mail.use_tls and mail.use_starttls:
        yield Finding(Level.PROBLEM, "MAIL_TLS and MAIL_STARTTLS exclude each other; set one.")
    if mail.sender.endswith(".example.org"):
        yield Finding(Level.PROBLEM, "MAIL_SENDER is still the example; set your own address.")
