"""The doctor: whether an installation can serve and send.

To add a check: a function in the room of its subject, and a line in one of the tables here.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from campaign.core.config import Settings
from campaign.core.db import Database
from campaign.delivery.channels.base import Channel
from campaign.reports.doctor import dmarc, installation, mail_server, queue, records, returned
from campaign.reports.doctor.findings import Case, Finding, Level
from campaign.reports.doctor.resolver import Resolver

__all__ = ["Finding", "Level", "list_findings"]

DatabaseCheck = Callable[[Case], Iterator[Finding]]

OF_THE_DATABASE: tuple[tuple[str, DatabaseCheck], ...] = (
    ("worker", queue.check_worker),
    ("queue", queue.check_queue),
    ("failed", queue.check_failed),
    ("limits", queue.check_limits),
    ("backlog", queue.check_backlog),
    ("pauses", queue.check_pauses),
    ("first letters", queue.check_ramps),
    ("bounces", returned.check_bounces),
    ("webhooks", returned.check_webhooks),
    ("return path", returned.check_return_path),
    ("probe", returned.check_probe),
)
OF_THE_DNS: tuple[tuple[str, records.Check], ...] = (
    ("spf", records.check_spf),
    ("dkim", records.check_dkim),
    ("dmarc", dmarc.check_dmarc),
    ("mx", records.check_mx),
)


def list_findings(
    *,
    settings: Settings,
    database: Database,
    channel: Channel,
    now: datetime,
    resolver: Resolver | None = None,
) -> list[Finding]:
    """Look at everything; no mail is sent and nothing is written to the database.

    Without a resolver the DNS is not asked, nor where mail does not leave this machine.
    """
    findings = [*_named("schema", installation.check_schema(database))]
    if findings[0].level is Level.OK:
        with database.reader() as session:
            case = Case(session, settings, now)
            for name, check in OF_THE_DATABASE:
                findings += _named(name, check(case))
    findings += _named("mail server", mail_server.check_channel(channel, settings.mail))
    if resolver is not None and records.are_asked_for(settings.mail):
        findings += _look_up(resolver, settings)
    return [*findings, *_named("settings", installation.check_settings(settings))]


def _look_up(resolver: Resolver, settings: Settings) -> Iterator[Finding]:
    for name, check in OF_THE_DNS:
        yield from _named(name, records.with_patience(check, resolver, settings.mail))


def _named(check: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    return (replace(finding, check=check) for finding in findings)
