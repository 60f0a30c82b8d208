"""The probe: out through the mail server, in by the return path or a service's report."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select

from campaign.app import build_channel, create_app
from campaign.cli import doctor as command
from campaign.cli.commands import campaign
from campaign.core.config import PROJECT_ROOT, MailSettings, Settings, WebhookSettings
from campaign.core.db import Database
from campaign.core.toolkit import Toolkit
from campaign.delivery.errors import DeliveryFailed, NoProbeAddress, UnsendableAddress
from campaign.delivery.incoming.webhooks.base import ReportedEvent
from campaign.delivery.models import DeliveryEvent, DeliveryProbe, OutboxMessage, Suppression
from campaign.delivery.queries import find_last_probe
from campaign.delivery.returns import EventKind, Provider
from campaign.followups.incoming import Taken, take_mail, take_reported
from campaign.followups.probing import find_return, send_probe
from campaign.reports.doctor import Level, list_findings
from tests.conftest import FrozenClock
from tests.integration.test_smtp import Server, free_port, serving
from tests.returned import toolkit_on


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as server:
        yield server


def smtp(server: Server, **changes: str) -> MailSettings:
    return MailSettings(
        channel="smtp", port=server.port, sender="letters@skerrow.example", **changes
    )


def probe(toolkit: Toolkit, to: str = "") -> int:
    channel = build_channel(toolkit.settings)
    return send_probe(toolkit, channel, to=to, now=toolkit.clock())


def count_all(database: Database) -> list[int]:
    with database.reader() as session:
        return [
            session.scalars(select(func.count()).select_from(model)).one()
            for model in (OutboxMessage, DeliveryEvent, Suppression)
        ]


def test_a_probe_goes_to_its_own_return_path_and_is_known_again(
    database: Database, clock: FrozenClock, server: Server
) -> None:
    toolkit = toolkit_on(database, clock, mail=smtp(server))
    number = probe(toolkit)
    (envelope,) = server.accepted
    assert envelope.rcpt_tos == [envelope.mail_from]
    assert re.fullmatch(r"bounce\+[0-9a-f]{32}@skerrow\.example", str(envelope.mail_from))
    assert find_return(toolkit, number) is None
    clock.advance(seconds=7)
    for _ in range(2):
        with database.transaction() as session:
            taken = take_mail(toolkit, session, bytes(envelope.content or b""), now=clock())
        assert taken is Taken.PROBE
        clock.advance(seconds=100)
    returned_at, by = find_return(toolkit, number) or (None, None)
    assert by is Provider.MAIL
    with database.reader() as session:
        found = find_last_probe(session)
        assert found is not None
        assert returned_at is not None
        assert (returned_at - found.sent_at).total_seconds() == 7, "the first sign counts"
    assert count_all(database) == [0, 0, 0]


@pytest.mark.parametrize(
    ("provider", "recipient"),
    [
        ("ses", "bounce@simulator.amazonses.com"),
        ("postmark", "hardbounce@bounce-testing.postmarkapp.com"),
    ],
)
def test_a_service_reports_a_probe_that_bounced(
    database: Database, clock: FrozenClock, server: Server, provider: str, recipient: str
) -> None:
    toolkit = toolkit_on(database, clock, mail=smtp(server, provider=provider))
    number = probe(toolkit)
    (envelope,) = server.accepted
    assert envelope.rcpt_tos == [recipient]
    with database.reader() as session:
        found = find_last_probe(session)
        assert found is not None
        message_id = found.message_id.strip("<>")
    assert message_id.encode() in bytes(envelope.content or b"").partition(b"Message-ID")[2]
    event = ReportedEvent(
        provider=Provider(provider),
        event_id="1",
        kind=EventKind.HARD_BOUNCE,
        message_id=message_id,
        recipient=recipient,
        status="5.1.1",
    )
    for _ in range(2):
        with database.transaction() as session:
            assert take_reported(toolkit, session, [event], now=clock()) == 0
    assert find_return(toolkit, number) == (clock(), Provider(provider))
    assert count_all(database) == [0, 0, 0], "nobody is suppressed for a probe"


@pytest.mark.parametrize("provider", ["mailgun", "sendgrid"])
def test_a_service_without_such_an_address_is_told_one(
    database: Database, clock: FrozenClock, server: Server, provider: str
) -> None:
    toolkit = toolkit_on(database, clock, mail=smtp(server, provider=provider))
    with pytest.raises(NoProbeAddress, match="--to"):
        probe(toolkit)
    probe(toolkit, to="nobody@skerrow.example")
    assert [each.rcpt_tos for each in server.accepted] == [["nobody@skerrow.example"]]


def test_a_probe_that_does_not_leave_is_not_remembered(
    database: Database, clock: FrozenClock, server: Server
) -> None:
    toolkit = toolkit_on(database, clock, mail=smtp(server))
    server.answers["RCPT"] = "550 5.1.1 unknown"
    with pytest.raises(DeliveryFailed):
        probe(toolkit)
    with pytest.raises(UnsendableAddress):
        probe(toolkit, to="no address")
    with database.reader() as session:
        assert find_last_probe(session) is None


def test_the_doctor_remembers_the_last_probe(database: Database, clock: FrozenClock) -> None:
    settings = Settings(secret_key="x" * 40, mail=MailSettings(channel="smtp", port=free_port()))

    def find() -> dict[str, tuple[Level, str]]:
        findings = list_findings(
            settings=settings, database=database, channel=build_channel(settings), now=clock()
        )
        return {each.check: (each.level, each.text) for each in findings}

    assert find()["probe"][0] is Level.WARNING
    with database.transaction() as session:
        session.add(
            DeliveryProbe(recipient="a", return_token="1", message_id="<1>", sent_at=clock())
        )
    clock.advance(minutes=2)
    assert find()["probe"] == (
        Level.OK,
        "The last probe, sent 2 minutes ago, is still on its way.",
    )
    clock.advance(minutes=30)
    level, text = find()["probe"]
    assert level is Level.PROBLEM
    assert "sent 32 minutes ago, has not come back" in text
    with database.transaction() as session:
        found = find_last_probe(session)
        assert found is not None
        found.returned_at, found.returned_by = clock(), Provider.MAIL
    assert find()["probe"][0] is Level.OK
    assert "The return path works" in find()["return path"][1]
    clock.advance(days=40)
    assert "Try again" in find()["probe"][1]


# The command, with the pieces that an installation has


class Pipe(Server):
    """A mail server that hands what it takes to ``campaign mail receive``, as Postfix does."""

    environment: dict[str, str]

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", "from campaign.app import main; main()", "mail", "receive"),
            *("--recipient", envelope.rcpt_tos[0]),
            cwd=PROJECT_ROOT,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        content = bytes(envelope.content or b"")
        await process.communicate(content.replace(b"bounce+", b"x+"))
        return "250 OK" if process.returncode == 0 else "451 again"


def run(app: Flask, *arguments: str) -> Result:
    with app.app_context():
        return CliRunner().invoke(campaign, ["doctor", "--probe", *arguments])


def test_the_whole_way_round(settings: Settings) -> None:
    pipe = Pipe()
    pipe.environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
    }
    with serving(pipe) as server:
        mail = replace(smtp(server), timeout_seconds=60.0)
        result = run(create_app(replace(settings, mail=mail)))
    assert result.exit_code == 0, result.output
    assert "It came back by mail" in result.output


def test_a_probe_that_stays_away_ends_with_1_and_says_where_to_look(
    make_app: Callable[..., Flask], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_LOOK_EVERY_SECONDS", 0.01)
    result = run(make_app(mail=smtp(server)), "--wait", "0")
    assert result.exit_code == 1
    assert "campaign mail receive" in result.output
    webhooks = WebhookSettings(ses_topic="arn:aws:sns:x")
    app = make_app(mail=smtp(server, provider="ses"), webhooks=webhooks)
    assert "/webhooks/ses" in run(app, "--wait", "0").output


def test_a_probe_that_cannot_leave_ends_with_1(
    app: Flask, make_app: Callable[..., Flask], server: Server
) -> None:
    assert "do not leave this machine" in run(app).output
    server.answers["MAIL"] = "553 5.7.1 not your address"
    result = run(make_app(mail=smtp(server)))
    assert result.exit_code == 1
    assert "The probe did not leave: The mail server refused the sender (553 5.7.1)" in (
        result.output
    )


@pytest.mark.parametrize("arguments", [["--json"], ["--quiet"], ["--wait", "-1"]])
def test_what_does_not_go_together_is_misuse(app: Flask, arguments: list[str]) -> None:
    assert run(app, *arguments).exit_code == 2
