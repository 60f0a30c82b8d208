"""The delivery worker against Postfix: the same letters, until the same sink has them all.

The worker sends what is in its outbox straight to the sink, with all state kept. Postfix gets the
same finished messages by smtplib on one kept connection, keeps them in its queue on the same disk
and relays them. Only root can start a Postfix; nothing is measured without.
"""

import smtplib
import statistics
import sys
import time
from collections.abc import Iterator
from os import geteuid
from pathlib import Path

from sqlalchemy import select, update

from bench.delivery import LETTERS, NO_LIMIT, ROUNDS, made_database, seconds_of, send_all
from bench.letters import write_letters
from bench.results import Result, interleaved, median_ratio
from bench.sink import sinking
from campaign.core.clock import utc_now
from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.core.logs import configure_logging
from campaign.delivery.channels.base import copy_for_sending
from campaign.delivery.channels.mime import build_email
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import MessageStatus
from tests import postfix as instances

Prepared = tuple[str, str, bytes]
"""Envelope sender, recipient and content of a message."""
PATIENCE_SECONDS = 120


def measure() -> Iterator[Result]:
    """Yield the one figure, where a Postfix can be started."""
    reason = instances.why_not() or ("" if geteuid() == 0 else "only root can read Postfix's log")
    if reason:
        print(reason, file=sys.stderr)
        return
    configure_logging("WARNING")
    with (
        sinking() as port,
        instances.started(next_hop=port) as postfix,
        made_database() as database,
    ):
        mail = MailSettings(
            channel="smtp", port=port, letters_per_hour=NO_LIMIT, letters_per_day=NO_LIMIT
        )
        relayed = Relayed(postfix.folder / "log" / "mail.log")

        def ours() -> float:
            write_letters(database, mail, LETTERS, now=utc_now())
            return LETTERS / seconds_of(lambda: send_all(database, mail))

        def theirs() -> float:
            letters = prepare(database, mail)

            def relay() -> None:
                submit(postfix.plain_port, letters)
                relayed.wait_for(LETTERS)

            return LETTERS / seconds_of(relay)

        worker, server = interleaved(ours, theirs, rounds=ROUNDS)
    yield Result(
        name="postfix/relaying",
        ratio=median_ratio(worker, server),
        aim=1.0,
        unit="of Postfix's speed",
        note=f"{statistics.median(worker):.0f} letters/s by one worker against "
        f"{statistics.median(server):.0f}/s accepted and relayed by Postfix",
    )


def prepare(database: Database, mail: MailSettings) -> list[Prepared]:
    """Return finished messages like those that the worker sends, which it leaves alone."""
    write_letters(database, mail, LETTERS, now=utc_now())
    waiting = OutboxMessage.status == MessageStatus.QUEUED
    with database.transaction() as session:
        letters = [
            (row.return_path, row.recipient, build_email(copy_for_sending(row, date=utc_now())))
            for row in session.scalars(select(OutboxMessage).where(waiting))
        ]
        session.execute(update(OutboxMessage).where(waiting).values(status=MessageStatus.CANCELLED))
    assert len(letters) == LETTERS
    return letters


def submit(port: int, letters: list[Prepared]) -> None:
    """Hand messages to Postfix on one connection."""
    with smtplib.SMTP("127.0.0.1", port, "bench.example.org", timeout=30) as host:
        for sender, recipient, content in letters:
            host.sendmail(sender, [recipient], content)


class Relayed:
    """What Postfix's log says of messages that the sink has taken."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = 0
        self._count = 0

    def wait_for(self, count: int) -> None:
        """Wait until so many more have been taken."""
        wanted = self._count + count
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while self._count < wanted:
            assert time.monotonic() < ends_at, "Postfix has not relayed everything"
            with self._log.open("rb") as log:
                log.seek(self._read)
                lines = log.read()
            whole = lines[: lines.rfind(b"\n") + 1]
            self._read += len(whole)
            self._count += whole.count(b"status=sent")
            time.sleep(0.005)
        assert self._count == wanted
