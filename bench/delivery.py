"""The delivery worker against bare senders, to the same server, with all state kept.

A letter of these is a real one: a row in the outbox and one in the letters, whose step to "sent"
is written with its entry in the log, in a transaction with the outcome of the try. Every try is
committed before the network is touched. The limits of each recipient are counted as ever, but so
high that the rounds need not wait for one another. The other side builds an ``EmailMessage`` for
each letter and sends it with smtplib on one kept connection.
"""

import smtplib
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formataddr, formatdate
from pathlib import Path
from types import SimpleNamespace

from bench.letters import BODY, SUBJECT, make_ground, write_letters
from bench.results import Result, interleaved, median_ratio
from bench.sink import sinking
from campaign.core import schema
from campaign.core.clock import utc_now
from campaign.core.config import PROJECT_ROOT, MailSettings
from campaign.core.db import Database
from campaign.core.emails import EmailRenderer
from campaign.core.logs import configure_logging
from campaign.core.tokens import Signer
from campaign.core.toolkit import Toolkit
from campaign.delivery.channels.smtp import SmtpChannel
from campaign.delivery.worker import Worker
from campaign.followups.correspondence import delivery_handler

LETTERS = 500
"""In each round, to as many candidates as a region has."""
CANDIDATES = 500
ROUNDS = 5
NO_LIMIT = 1_000_000


def measure() -> Iterator[Result]:
    """Yield each figure."""
    configure_logging("WARNING")
    with sinking() as port:
        mail = MailSettings(
            channel="smtp", port=port, letters_per_hour=NO_LIMIT, letters_per_day=NO_LIMIT
        )
        with made_database() as database:
            yield from one_worker(database, mail)


def one_worker(database: Database, mail: MailSettings) -> Iterator[Result]:
    """Compare one worker on SQLite with both bare senders."""

    def ours() -> float:
        write_letters(database, mail, LETTERS, now=utc_now())
        return LETTERS / seconds_of(lambda: send_all(database, mail))

    with tempfile.TemporaryDirectory() as folder:
        outbox = sqlite3.connect(Path(folder) / "outbox.sqlite", isolation_level=None)
        outbox.execute("PRAGMA journal_mode=WAL")
        outbox.execute("PRAGMA synchronous=FULL")
        outbox.execute(
            "CREATE TABLE outbox"
            " (id INTEGER PRIMARY KEY, sender, recipient, content BLOB, is_sent INTEGER DEFAULT 0)"
        )
        worker, building, marking = interleaved(
            ours,
            lambda: LETTERS / seconds_of(lambda: build_and_send(mail.port, LETTERS)),
            lambda: bare_outbox(outbox, mail.port, LETTERS),
            rounds=ROUNDS,
        )
        outbox.close()
    speed = statistics.median(worker)
    yield Result(
        name="delivery/smtplib",
        ratio=median_ratio(worker, building),
        aim=1.0,
        note=f"smtplib and EmailMessage on one connection: "
        f"{speed:.0f} letters/s against {statistics.median(building):.0f}/s",
    )
    yield Result(
        name="delivery/bare-outbox",
        ratio=median_ratio(worker, marking),
        aim=0.5,
        note="prepared messages, each sent by smtplib, marked and committed in SQLite: "
        f"{speed:.0f} letters/s against {statistics.median(marking):.0f}/s",
    )


def build_and_send(port: int, count: int) -> None:
    """Send with smtplib alone."""
    with smtplib.SMTP("127.0.0.1", port, "bench.example.org", timeout=30) as host:
        for number in range(count):
            host.send_message(build(number))


def build(number: int) -> EmailMessage:
    """Return a letter as the standard library builds it."""
    message = EmailMessage()
    name = f"Jane Smith {number // 5} via Safer streets for children"
    message["From"] = formataddr((name, "letters@example.org"))
    message["To"] = f"candidate-{number}@example.org"
    message["Reply-To"] = "jane@example.org"
    message["Subject"] = SUBJECT
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{number}@example.org>"
    message.set_content(BODY)
    return message


def bare_outbox(outbox: sqlite3.Connection, port: int, count: int) -> float:
    """Send what is prepared in a table, marking each message; return messages a second."""
    outbox.execute("BEGIN IMMEDIATE")
    outbox.executemany(
        "INSERT INTO outbox (sender, recipient, content) VALUES (?, ?, ?)",
        [
            ("letters@example.org", f"candidate-{number}@example.org", build(number).as_bytes())
            for number in range(count)
        ],
    )
    outbox.execute("COMMIT")
    begun = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port, "bench.example.org", timeout=30) as host:
        while rows := outbox.execute(
            "SELECT id, sender, recipient, content FROM outbox WHERE is_sent = 0 LIMIT 5"
        ).fetchall():
            for number, sender, recipient, content in rows:
                host.sendmail(sender, [recipient], content)
                outbox.execute("BEGIN IMMEDIATE")
                outbox.execute("UPDATE outbox SET is_sent = 1 WHERE id = ?", (number,))
                outbox.execute("COMMIT")
    return count / (time.perf_counter() - begun)


def make_worker(database: Database, mail: MailSettings) -> Worker:
    """Return a worker that is wired as in an installation, but for the chores of each minute."""
    settings = SimpleNamespace(base_url="https://campaign.example.org", mail=mail)
    toolkit = Toolkit(
        settings=settings,  # type: ignore[arg-type]
        database=database,
        signer=Signer("a secret of the measurement, long enough"),
        clock=utc_now,
        emails=EmailRenderer(PROJECT_ROOT / "templates"),
    )
    return Worker(
        database=database,
        channel=SmtpChannel(mail),
        clock=utc_now,
        mail=mail,
        on_outcome=delivery_handler(toolkit),
    )


def send_all(database: Database, mail: MailSettings) -> None:
    """Let one worker send what is queued."""
    worker = make_worker(database, mail)
    sent = worker.run_once()
    worker.close()
    assert sent == LETTERS, sent


def seconds_of(act: Callable[[], None]) -> float:
    """Return how long something takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


@contextmanager
def made_database() -> Iterator[Database]:
    """Yield an SQLite file with the newest schema and the ground of a campaign."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'campaign.sqlite'}")
        schema.upgrade(database)
        make_ground(database, candidates=CANDIDATES)
        yield database
        database.dispose()
