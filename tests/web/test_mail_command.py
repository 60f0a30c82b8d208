"""``campaign mail receive``: from standard input, a Maildir and IMAP."""

import imaplib
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from campaign import app as application
from campaign.cli import mail as command
from campaign.cli.commands import campaign
from campaign.core.config import ImapSettings
from campaign.core.errors import SettingsError
from campaign.delivery.incoming import imap
from campaign.delivery.models import DeliveryEvent, OutboxMessage
from campaign.delivery.rules import MessageStatus
from tests.conftest import FrozenClock
from tests.integration.letters import make_scene
from tests.returned import ANN, sample, send_one

TEMPORARY_FAILURE = 75  # sysexits.h; Postfix keeps the mail and tries again


@pytest.fixture
def token(app: Flask, web_session: Session, clock: FrozenClock) -> str:
    toolkit = app.extensions["campaign"]
    _, token = send_one(toolkit, web_session, make_scene(emails=(ANN,)), now=clock())
    web_session.commit()
    return token


@pytest.fixture
def run(app: Flask) -> Callable[..., Result]:
    def run(*args: str, given: bytes = b"") -> Result:
        with app.app_context():
            return CliRunner().invoke(campaign, ["mail", "receive", *args], input=given)

    return run


@pytest.fixture
def kinds(app: Flask) -> Callable[[], list[str]]:
    def kinds() -> list[str]:
        with app.extensions["campaign"].database.reader() as session:
            found = session.scalars(select(DeliveryEvent).order_by(DeliveryEvent.id))
            return [event.kind.value for event in found]

    return kinds


Run = Callable[..., Result]
Kinds = Callable[[], list[str]]


def test_a_mail_from_a_pipe_is_taken_once(run: Run, kinds: Kinds, token: str) -> None:
    for _ in range(2):
        assert run(given=sample("postfix_unknown_user", token)).exit_code == 0
    assert kinds() == ["hard_bounce"]


def test_the_recipient_may_come_from_postfix(run: Run, kinds: Kinds, token: str) -> None:
    raw = sample("qmail_no_mailbox", "hidden")
    address = f"bounce+{token}@campaign.example.org"
    assert run("--recipient", address, given=raw).exit_code == 0
    assert kinds() == ["hard_bounce"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\xff" * 100,
        sample("reply_person", "f" * 32),
        b"To: a@example.org\n\n" + b"x" * 10**7,
    ],
    ids=range(4),
)
def test_what_is_not_for_us_is_accepted_and_forgotten(run: Run, kinds: Kinds, raw: bytes) -> None:
    assert run(given=raw).exit_code == 0
    assert kinds() == []


def test_a_mail_that_must_come_again_is_a_temporary_failure(
    run: Run, kinds: Kinds, token: str, web_session: Session
) -> None:
    web_session.execute(update(OutboxMessage).values(status=MessageStatus.SENDING))
    web_session.commit()
    raw = sample("postfix_unknown_user", token)
    assert run(given=raw).exit_code == TEMPORARY_FAILURE
    web_session.execute(update(OutboxMessage).values(status=MessageStatus.SENT))
    web_session.commit()
    assert run(given=raw).exit_code == 0
    assert kinds() == ["hard_bounce"]


def test_a_database_in_trouble_is_a_temporary_failure(
    run: Run, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("ann@party.example.org")

    monkeypatch.setattr(command, "take_mail", fail)
    result = run(given=sample("postfix_unknown_user", token))
    assert result.exit_code == TEMPORARY_FAILURE
    assert "RuntimeError" in result.output
    assert ANN not in result.output


@pytest.mark.parametrize(
    ("argv", "code"), [(["mail", "receive"], TEMPORARY_FAILURE), (["doctor"], 1)]
)
def test_wrong_settings_lose_no_mail(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], code: int
) -> None:
    def fail() -> None:
        raise SettingsError("A setting is missing.")

    monkeypatch.setattr(application, "create_app", fail)
    monkeypatch.setattr(sys, "argv", ["campaign", *argv])
    with pytest.raises(SystemExit) as ended:
        application.main()
    assert ended.value.code == code


def test_two_sources_at_once_are_misuse(run: Run, tmp_path: Path) -> None:
    assert run("--imap", "--maildir", str(tmp_path)).exit_code == 2


# Maildir


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "Maildir" / name).mkdir(parents=True)
    return tmp_path / "Maildir"


def test_a_maildir_is_emptied_into_cur(run: Run, kinds: Kinds, token: str, maildir: Path) -> None:
    for number, name in enumerate(("postfix_delayed", "reply_person", "mailing_list")):
        path = maildir / "new" / f"{number}.host"
        path.write_bytes(sample(name, token))
        os.utime(path, (number, number))
    (maildir / "new" / ".hidden").write_bytes(b"")
    result = run("--maildir", str(maildir))
    assert result.exit_code == 0
    assert "1 passed on" in result.output
    assert kinds() == ["delayed", "reply"]
    assert [each.name for each in (maildir / "new").iterdir()] == [".hidden"]
    assert len(list((maildir / "cur").glob("*:2,S"))) == 3
    assert "No new mail" in run("--maildir", str(maildir)).output


def test_a_maildir_keeps_what_failed(
    run: Run, kinds: Kinds, token: str, maildir: Path, web_session: Session
) -> None:
    (maildir / "new" / "1").write_bytes(sample("postfix_unknown_user", token))
    (maildir / "new" / "2").write_bytes(sample("reply_person", token))
    web_session.execute(update(OutboxMessage).values(status=MessageStatus.SENDING))
    web_session.commit()
    result = run("--maildir", str(maildir))
    assert result.exit_code == 1
    assert "1 left for the next run" in result.output
    assert [each.name for each in (maildir / "new").iterdir()] == ["1"]
    assert kinds() == ["reply"]


def test_a_folder_that_is_no_maildir_is_refused(run: Run, tmp_path: Path) -> None:
    result = run("--maildir", str(tmp_path))
    assert result.exit_code == 1
    assert "not a Maildir" in result.output


# IMAP


class Server:
    """Stands in for an IMAP server: its mails, and which of them are seen."""

    def __init__(self, *mails: bytes) -> None:
        self.mails = list(mails)
        self.seen: set[int] = set()
        self.log: list[str] = []
        self.fails_at = ""

    def __call__(self, settings: ImapSettings) -> "Server":
        if self.fails_at == "connect":
            raise TimeoutError
        return self

    def login(self, user: str, password: str) -> None:
        if self.fails_at == "login":
            raise imaplib.IMAP4.error(f"{user} is not known")
        self.log.append("login")

    def select(self, mailbox: str) -> tuple[str, list[bytes | None]]:
        return ("OK" if mailbox == '"IN \\"BOX\\""' else "NO", [b"1"])

    def uid(self, name: str, *args: str) -> tuple[str, list[Any]]:
        if self.fails_at == name:
            return "NO", []
        if name == "SEARCH":
            unseen = [n for n in range(len(self.mails)) if n not in self.seen]
            return "OK", [b" ".join(b"%d" % (n + 1) for n in unseen)]
        number = int(args[0]) - 1
        if name == "STORE":
            self.seen.add(number)
            return "OK", [None]
        assert args[1].startswith("(BODY.PEEK[]<0.")
        return "OK", [(b"1 (UID 1 BODY[]<0> {9}", self.mails[number]), b")"]

    def logout(self) -> None:
        self.log.append("logout")


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    settings = ImapSettings(host="imap.example.org", username="u", folder='IN "BOX"')
    return make_app(imap=settings)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], Server]:
    def serve(server: Server) -> Server:
        real = imap.open_folder
        monkeypatch.setattr(imap, "open_folder", lambda settings: real(settings, server))
        return server

    return serve


def test_unseen_mails_are_taken_and_marked_after_the_commit(
    run: Run, kinds: Kinds, token: str, serve: Callable[[Server], Server]
) -> None:
    server = serve(
        Server(sample("postfix_delayed", token), b"other", sample("reply_person", token))
    )
    assert run("--imap").exit_code == 0
    assert kinds() == ["delayed", "reply"]
    assert server.seen == {0, 1, 2}
    assert server.log == ["login", "logout"]


def test_a_mail_that_could_not_be_taken_stays_unseen(
    run: Run, token: str, serve: Callable[[Server], Server], web_session: Session
) -> None:
    server = serve(Server(sample("postfix_unknown_user", token), sample("reply_person", token)))
    web_session.execute(update(OutboxMessage).values(status=MessageStatus.SENDING))
    web_session.commit()
    assert run("--imap").exit_code == 1
    assert server.seen == {1}


@pytest.mark.parametrize("fault", ["connect", "login", "SEARCH", "FETCH", "STORE"])
def test_a_server_in_trouble_is_named_in_one_sentence(
    run: Run, token: str, serve: Callable[[Server], Server], fault: str
) -> None:
    server = serve(Server(sample("postfix_delayed", token)))
    server.fails_at = fault
    result = run("--imap")
    assert result.exit_code == 1
    assert result.output.startswith("Error: The ")
    assert "u is not known" not in result.output
    assert not server.seen


def test_imap_without_settings_says_what_to_set(make_app: Callable[..., Flask]) -> None:
    with make_app(imap=ImapSettings()).app_context():
        result = CliRunner().invoke(campaign, ["mail", "receive", "--imap"], input=io.BytesIO())
    assert result.exit_code == 1
    assert "IMAP_HOST" in result.output
