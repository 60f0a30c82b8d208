"""The doctor, the two commands, and the channels that stay on this machine."""

import email
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import update

from campaign.app import build_channel
from campaign.cli.commands import campaign
from campaign.core.config import PROJECT_ROOT, MailSettings, Settings, WebhookSettings
from campaign.core.db import Database
from campaign.delivery import queries, service
from campaign.delivery.channels.console import ConsoleChannel
from campaign.delivery.channels.mailbox import MailboxChannel
from campaign.delivery.channels.smtp import SmtpChannel
from campaign.delivery.incoming.storing import store_event
from campaign.delivery.models import OutboxMessage
from campaign.delivery.returns import EventKind, Provider
from campaign.delivery.rules import ALL_SCOPES, Lane, MessageStatus
from campaign.reports.doctor import Finding, Level, list_findings
from tests.conftest import FrozenClock
from tests.integration.test_smtp import Server, serving
from tests.unit.test_doctor_records import FakeDns


def queue(database: Database, clock: FrozenClock, mail: MailSettings, count: int = 1) -> None:
    with database.transaction() as session:
        for number in range(count):
            service.queue_message(
                session,
                mail=mail,
                lane=Lane.CONFIRMATION,
                scope="campaign:1",
                recipient=f"supporter-{number}@example.org",
                from_name="Safer streets",
                subject="Please confirm",
                body="Open the link: https://example.org/action/x\n",
                now=clock(),
            )


@pytest.fixture
def find_with(
    settings: Settings, sqlite_database: Database, clock: FrozenClock
) -> Callable[..., list[Finding]]:
    def find_with(**changes: object) -> list[Finding]:
        changed = replace(settings, **changes)  # type: ignore[arg-type]
        return list_findings(
            settings=changed,
            database=sqlite_database,
            channel=build_channel(changed),
            now=clock(),
        )

    return find_with


@pytest.fixture
def find(app: Flask, settings: Settings, clock: FrozenClock) -> Callable[..., dict[Level, str]]:
    def find(**mail: object) -> dict[Level, str]:
        changed = replace(settings, mail=replace(settings.mail, **mail))
        findings: list[Finding] = list_findings(
            settings=changed,
            database=app.extensions["campaign"].database,
            channel=build_channel(changed),
            now=clock(),
        )
        return {
            level: "\n".join(finding.text for finding in findings if finding.level is level)
            for level in Level
        }

    return find


def test_a_fresh_installation_has_no_problem(find: Callable[..., dict[Level, str]]) -> None:
    found = find()
    assert found[Level.PROBLEM] == ""
    assert "No delivery worker has run" in found[Level.WARNING]


def test_mail_that_waits_without_a_worker_is_a_problem(
    find: Callable[..., dict[Level, str]],
    app: Flask,
    sqlite_database: Database,
    clock: FrozenClock,
    settings: Settings,
) -> None:
    queue(sqlite_database, clock, settings.mail)
    clock.advance(hours=1)
    found = find()
    assert "No delivery worker has run" in found[Level.PROBLEM]
    assert "1 confirmation mail is due, the oldest since 60 minutes" in found[Level.PROBLEM]
    app.extensions["campaign.make_worker"]().run_once()
    assert "The delivery worker is alive" in find()[Level.OK]
    clock.advance(hours=3)
    assert "last seen 3 hours ago" in find()[Level.WARNING]


def test_pauses_are_named(
    find: Callable[..., dict[Level, str]], sqlite_database: Database, clock: FrozenClock
) -> None:
    with sqlite_database.transaction() as session:
        service.pause(session, scope=ALL_SCOPES, actor="Olive", reason="", now=clock())
        service.pause(session, scope="campaign:3", actor="Olive", reason="", now=clock())
    found = find()
    assert "All mail is paused since 01 May 2031" in found[Level.WARNING]
    assert "Mail of campaign:3 is paused" in found[Level.WARNING]


def test_a_relay_that_refuses_us_is_a_problem_until_it_is_mended(
    find: Callable[..., dict[Level, str]], sqlite_database: Database, clock: FrozenClock
) -> None:
    ends_at = clock() + timedelta(minutes=5)
    with sqlite_database.transaction() as session:
        service.pause_after_refusal(session, reason="Refused (535).", ends_at=ends_at, now=clock())
    problems = find()[Level.PROBLEM]
    assert "All mail is paused since 01 May 2031 10:00 UTC: Refused (535)." in problems
    assert "Tried again at 10:05 UTC" in problems


def test_a_mail_server_that_is_down_is_a_problem(find: Callable[..., dict[Level, str]]) -> None:
    found = find(channel="smtp", port=1, username="campaign", password="secret", use_tls=True)
    assert "Mail cannot leave" in found[Level.PROBLEM]
    assert "MAIL_SENDER is still the example" in found[Level.PROBLEM]


def test_a_password_in_the_clear_is_a_problem_away_from_this_machine(
    settings: Settings, sqlite_database: Database, clock: FrozenClock
) -> None:
    mail = MailSettings(channel="smtp", host="relay.invalid", username="a", password="b")
    changed = replace(settings, mail=mail, base_url="http://campaign.example.org")
    findings = list_findings(
        settings=changed,
        database=sqlite_database,
        channel=ConsoleChannel(mail),
        now=clock(),
    )
    problems = " ".join(finding.text for finding in findings if finding.level is Level.PROBLEM)
    assert "MAIL_PASSWORD is sent unencrypted" in problems
    assert "BASE_URL must begin with https://" in problems


def test_an_unmigrated_database_is_a_problem(
    settings: Settings, tmp_path: Path, clock: FrozenClock
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    findings = list_findings(
        settings=settings, database=database, channel=ConsoleChannel(settings.mail), now=clock()
    )
    database.dispose()
    assert findings[0].text == "The schema is behind; run: campaign db upgrade"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("smtp", SmtpChannel), ("console", ConsoleChannel), ("mailbox", MailboxChannel)],
)
def test_the_setting_names_the_channel(settings: Settings, name: str, kind: type) -> None:
    channel = build_channel(replace(settings, mail=replace(settings.mail, channel=name)))
    assert isinstance(channel, kind)


def run(app: Flask, *arguments: str) -> Result:
    with app.app_context():
        return CliRunner().invoke(campaign, arguments)


def test_deliver_once_fills_the_mailbox_and_says_nothing(
    app: Flask, sqlite_database: Database, settings: Settings, clock: FrozenClock
) -> None:
    queue(sqlite_database, clock, settings.mail, count=3)
    result = run(app, "deliver", "--once")
    assert (result.exit_code, result.stdout) == (0, "")
    files = sorted(settings.mail.mailbox_path.iterdir())
    assert [path.suffix for path in files] == [".eml"] * 3
    messages = [email.message_from_bytes(path.read_bytes(), policy=default) for path in files]
    # Written at the same moment of the still clock, so in no order.
    assert {message["To"] for message in messages} == {
        f"supporter-{number}@example.org" for number in range(3)
    }
    for message in messages:
        assert message["Return-Path"].startswith("<bounce+")
        assert "https://example.org/action/x" in message.get_content()


def test_deliver_once_ends_with_1_when_the_channel_fails(
    make_app: Callable[..., Flask],
    sqlite_database: Database,
    settings: Settings,
    clock: FrozenClock,
) -> None:
    queue(sqlite_database, clock, settings.mail)
    app = make_app(mail=MailSettings(channel="smtp", port=1))
    result = run(app, "deliver", "--once")
    assert result.exit_code == 1
    assert "stays in the outbox" in result.stderr


def test_the_doctor_ends_with_1_when_there_is_a_problem(
    app: Flask, sqlite_database: Database, settings: Settings, clock: FrozenClock
) -> None:
    assert run(app, "doctor").exit_code == 0
    queue(sqlite_database, clock, settings.mail)
    result = run(app, "doctor")
    assert result.exit_code == 1
    assert "problem  worker       No delivery worker has run" in result.stdout


def test_the_console_prints_what_a_developer_needs(
    make_app: Callable[..., Flask],
    sqlite_database: Database,
    settings: Settings,
    clock: FrozenClock,
) -> None:
    queue(sqlite_database, clock, settings.mail)
    result = run(make_app(mail=MailSettings(channel="console")), "deliver", "--once")
    assert "To: supporter-0@example.org" in result.stdout
    assert "https://example.org/action/x" in result.stdout


def test_a_mailbox_that_cannot_be_written_loses_nothing(
    app: Flask, sqlite_database: Database, settings: Settings, clock: FrozenClock
) -> None:
    settings.mail.mailbox_path.write_text("a file where the folder should be")
    queue(sqlite_database, clock, settings.mail)
    assert run(app, "deliver", "--once").exit_code == 1
    with sqlite_database.reader() as session:
        assert queries.count_messages_by_status(session)[MessageStatus.QUEUED] == 1


def test_the_command_ends_cleanly_on_sigterm(
    sqlite_database: Database, settings: Settings, clock: FrozenClock
) -> None:
    clock.time -= timedelta(days=365 * 50)  # due long before the machine's own time
    queue(sqlite_database, clock, settings.mail, count=2)
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "MAIL_CHANNEL": "mailbox",
        "MAILBOX_PATH": str(settings.mail.mailbox_path),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", "from campaign.app import main; main()", "deliver"],
        cwd=PROJECT_ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "worker_started" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "worker_stopped" in rest
    assert "@" not in rest


def test_quiet_prints_problems_only_and_json_prints_all(
    app: Flask, sqlite_database: Database, settings: Settings, clock: FrozenClock
) -> None:
    assert run(app, "doctor", "--quiet").output == ""
    queue(sqlite_database, clock, settings.mail)
    quiet = run(app, "doctor", "--quiet")
    assert quiet.exit_code == 1
    assert [line.split()[:2] for line in quiet.stdout.splitlines()] == [["problem", "worker"]]
    answer = json.loads((result := run(app, "doctor", "--json")).stdout)
    assert result.exit_code == 1
    assert answer["problems"] == 1
    assert {"schema", "worker", "queue", "settings"} <= {
        each["check"] for each in answer["findings"]
    }
    assert all(each["text"] and each["level"] for each in answer["findings"])
    assert run(app, "doctor", "--wait", "5").exit_code == 2


def test_the_login_is_tried_and_named(
    find: Callable[..., dict[Level, str]],
) -> None:
    refuse = lambda *_: AuthResult(success=False, handled=False)  # noqa: E731
    accept = lambda *_: AuthResult(success=True)  # noqa: E731
    for authenticator, level, words in (
        (refuse, Level.PROBLEM, "refused the login (535 5.7.8). Look at MAIL_USERNAME"),
        (accept, Level.OK, "takes our connection and our login"),
    ):
        options = {"authenticator": authenticator, "auth_require_tls": False}
        with serving(Server(), **options) as server:
            found = find(channel="smtp", port=server.port, username="campaign", password="secret")
        assert words in found[level]
    with serving(Server()) as server:
        found = find(channel="smtp", port=server.port, username="campaign")
    assert "takes our connection without a login" in found[Level.OK]
    assert "MAIL_USERNAME and MAIL_PASSWORD belong together" in found[Level.PROBLEM]


def test_the_dns_is_asked_where_mail_leaves(
    make_app: Callable[..., Flask], settings: Settings
) -> None:
    dns = FakeDns()
    dns.silent.add("*")
    with serving(Server()) as server:
        mail = MailSettings(channel="smtp", port=server.port, sender="letters@skerrow.example")
        app = make_app(mail=mail)
        app.extensions["campaign.resolver"] = dns
        result = run(app, "doctor")
    assert result.exit_code == 0, "a DNS that does not answer is no problem"
    assert [line.split()[1] for line in result.stdout.splitlines() if "DNS" in line] == [
        *("spf", "dmarc", "mx")
    ]


def test_services_that_never_report_are_named(
    find_with: Callable[..., list[Finding]], sqlite_database: Database, clock: FrozenClock
) -> None:
    mail = MailSettings(channel="mailbox", provider="ses")
    (unheard,) = [each for each in find_with(mail=mail) if each.check == "webhooks"]
    assert (unheard.level, "nothing lets it report" in unheard.text) == (Level.PROBLEM, True)
    webhooks = WebhookSettings(ses_topic="arn:aws:sns:x")
    (silent,) = [
        each for each in find_with(mail=mail, webhooks=webhooks) if each.check == "webhooks"
    ]
    assert (silent.level, "has never reported" in silent.text) == (Level.OK, True)
    queue(sqlite_database, clock, mail, count=100)
    with sqlite_database.transaction() as session:
        session.execute(update(OutboxMessage).values(status=MessageStatus.SENT))
    (silent,) = [
        each for each in find_with(mail=mail, webhooks=webhooks) if each.check == "webhooks"
    ]
    assert (silent.level, "after 100 messages" in silent.text) == (Level.WARNING, True)
    with sqlite_database.transaction() as session:
        store_event(
            session,
            provider=Provider.SES,
            event_id="1",
            kind=EventKind.UNREADABLE,
            message=None,
            address_key="a@example.org",
            now=clock(),
        )
    clock.advance(hours=5)
    found = {each.check: each for each in find_with(mail=mail, webhooks=webhooks)}
    assert found["webhooks"].text == "Amazon SES last reported something 5 hours ago."
    assert "1 bounce that no program can read" in found["bounces"].text
