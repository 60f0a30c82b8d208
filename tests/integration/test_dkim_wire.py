"""DKIM on the wire: what a mail server takes from us verifies, and the command that makes a key."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from campaign.cli.commands import campaign
from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.core.errors import SettingsError
from campaign.delivery import service
from campaign.delivery.channels.keys import dns_record, load_key, make_key
from campaign.delivery.channels.smtp import SmtpChannel
from campaign.delivery.rules import Lane
from campaign.delivery.worker import Worker
from tests.conftest import FrozenClock
from tests.integration.test_smtp import Server, serving


@pytest.mark.parametrize("lane", [Lane.LETTER, Lane.NOTICE])
def test_what_leaves_over_the_wire_verifies(
    database: Database, clock: FrozenClock, tmp_path: Path, lane: Lane
) -> None:
    clock.time = datetime(2021, 5, 1, 10, 0, tzinfo=UTC)
    key = make_key(tmp_path / "key.pem")
    with serving(Server()) as server:
        mail = MailSettings(
            channel="smtp",
            port=server.port,
            dkim_selector="spring",
            dkim_key_file=tmp_path / "key.pem",
        )
        with database.transaction() as session:
            service.queue_message(
                session,
                mail=mail,
                lane=lane,
                scope="",
                recipient="sian@bücher.example.org",
                from_name="Siân via Safer streets",
                reply_to="sian@example.org",
                subject="Strydoedd mwy diogel: " + "ŵ" * 80,
                body=".dot\n..dots\n" + "ŷ " * 700 + "\n\n",
                now=clock(),
                make_unsubscribe_link=(lambda _id: "https://example.org/unsubscribe/" + "x" * 150)
                if lane is Lane.NOTICE
                else None,
            )
        worker = Worker(database=database, channel=SmtpChannel(mail), clock=clock, mail=mail)
        worker.run_once()
        worker.close()
        (envelope,) = server.accepted
    assert isinstance(envelope.content, bytes)
    assert (b"list-unsubscribe-post" in envelope.content) == (lane is Lane.NOTICE)
    assert dkim.verify(envelope.content, dnsfunc=lambda name, timeout=5: dns_record(key).encode())


def run(app: Flask, *arguments: str) -> Result:
    with app.app_context():
        return CliRunner().invoke(campaign, ["mail", "dkim-key", *arguments])


def test_the_command_makes_a_key_once_and_prints_what_to_publish(
    app: Flask, tmp_path: Path
) -> None:
    path = tmp_path / "dkim.pem"
    first = run(app, str(path), "--selector", "spring", "--domain", "campaign.example.org")
    assert first.exit_code == 0
    assert "spring._domainkey.campaign.example.org" in first.output
    assert f"Text:  {dns_record(load_key(path))}" in first.output
    assert f"DKIM_KEY_FILE={path}" in first.output
    assert path.stat().st_mode & 0o777 == 0o600
    made = path.read_bytes()
    again = run(app, str(path), "--selector", "spring", "--domain", "campaign.example.org")
    assert again.output == first.output.replace("Made", "Read")
    assert path.read_bytes() == made


def test_the_command_reads_no_other_file(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    result = run(app, str(tmp_path / "notes.txt"))
    assert result.exit_code == 1
    assert "does not hold a private key" in result.output
    assert (tmp_path / "notes.txt").read_text() == "notes"
    assert run(app, str(tmp_path / "nowhere" / "dkim.pem")).exit_code == 1


def test_an_installation_whose_key_is_gone_does_not_start(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    mail = MailSettings(dkim_selector="spring", dkim_key_file=tmp_path / "gone.pem")
    with pytest.raises(SettingsError, match="DKIM_KEY_FILE cannot be read"):
        make_app(mail=mail)
