"""Supporters who send five letters at once, against a bare view that commits one row.

What is measured is the last press of the button alone: the form, the look before sending and the
confirmation are requests of their own. All write in one constituency, so its desk is kept, as in
every constituency where many write at once. Everything is on as in production: the token of the
form, the limits for each address of the network (every supporter has another, passed on as by
nginx), WAL and full durability; each submission is a new supporter with an action, five letters,
their log and one mail in the outbox. The bare view gets the same requests on the same server.
"""

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.results import Result, interleaved, median_ratio
from bench.serving import CONNECTIONS, Site, free_port, served
from bench.supporters import RECIPIENTS, Crowd, open_form, send_each
from campaign.campaigns.rules import CampaignStatus
from campaign.core import schema
from campaign.core.clock import utc_now
from campaign.core.config import PROJECT_ROOT
from campaign.core.db import Database
from campaign.demonstration.calendar import election_days
from campaign.demonstration.ground import write_island
from campaign.demonstration.island import invent_island
from campaign.importers.campaign_file import BUILT_IN, load_campaign, read_campaign_file

ROUNDS = 5
MAIL_ROUNDS = 9
SENDERS = 400
"""Submissions in a round."""
QUIET_SENDERS = 60
"""Submissions in a row, one at a time, of which the median is compared while mail is slow."""
SEAT = "Port Velland Harbour"
MAIL_SECONDS = 1.0


def measure() -> Iterator[Result]:
    """Yield the ratio to the bare view, and what a slow mail server changes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = prepare(folder / "campaign.sqlite")
        port = free_port()
        environment = {
            "CAMPAIGN_INSTANCE": str(folder),
            "TRUSTED_PROXIES": "1",
            "LOG_LEVEL": "WARNING",
            "MAIL_CHANNEL": "smtp",
            "MAIL_PORT": str(port),
        }
        bare_file = folder / "bare.sqlite"
        with (
            served("wsgi:app", environment) as ours,
            served(f'bench.bare:insert("{bare_file}")') as bare,
        ):
            crowd = Crowd(open_form(ours, path))
            yield speed(ours, bare, crowd)
            check_all_accepted(folder / "campaign.sqlite")
            yield slow_mail(ours, crowd, port, environment)


def speed(ours: Site, bare: Site, crowd: Crowd) -> Result:
    """Compare submissions a second."""
    times: list[float] = []

    def send_to(site: Site) -> float:
        requests = crowd.requests(SENDERS)
        begun = time.perf_counter()
        took = send_each(site.port, requests, connections=CONNECTIONS)
        if site is ours:
            times.extend(took)
        return SENDERS / (time.perf_counter() - begun)

    our_rates, bare_rates = interleaved(lambda: send_to(ours), lambda: send_to(bare), rounds=ROUNDS)
    late = statistics.quantiles(times, n=20)[-1]
    return Result(
        name="submission/five-letters",
        ratio=median_ratio(our_rates, bare_rates),
        aim=0.25,
        note=(
            f"{statistics.median(our_rates):.0f} submissions a second, "
            f"bare insert and commit {statistics.median(bare_rates):.0f}; {CONNECTIONS} at once: "
            f"half within {statistics.median(times) * 1000:.0f} ms, "
            f"95 % within {late * 1000:.0f} ms"
        ),
    )


def slow_mail(ours: Site, crowd: Crowd, port: int, environment: dict[str, str]) -> Result:
    """Compare the median of a submission with nobody sending mail, and beside slow sending."""

    def times() -> list[float]:
        return send_each(ours.port, crowd.requests(QUIET_SENDERS), connections=1)

    # All of them together: a round alone is over too soon to be told from a busy moment.
    alone: list[float] = []
    beside: list[float] = []
    times()
    for _ in range(MAIL_ROUNDS):
        alone += times()
        with sending(port, environment):
            beside += times()
    return Result(
        name="submission/slow-mail",
        ratio=statistics.median(beside) / statistics.median(alone),
        aim=1.05,
        bound="at most",
        unit="times as long",
        note=(
            f"{statistics.median(beside) * 1000:.1f} ms while a worker sends to a server that "
            f"takes {MAIL_SECONDS:g} s for each message, {statistics.median(alone) * 1000:.1f} ms "
            "while nobody sends"
        ),
    )


@contextmanager
def sending(port: int, environment: dict[str, str]) -> Iterator[None]:
    """Run a delivery worker and its slow mail server, and wait until a message is on its way."""
    start = "from campaign.app import main; main()"
    commands = (
        [sys.executable, "-m", "bench.slow_mail", str(port), str(MAIL_SECONDS)],
        [sys.executable, "-c", start, "deliver"],
    )
    processes = [
        subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        database = Path(environment["CAMPAIGN_INSTANCE"]) / "campaign.sqlite"
        wait_until_sending(database)
        yield
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def wait_until_sending(database: Path) -> None:
    """Return once the worker has handed a first message over."""
    query = "SELECT count(*) FROM outbox_messages WHERE status = 'sent'"
    with sqlite3.connect(database) as connection:
        before = connection.execute(query).fetchone()
        for _ in range(300):
            if connection.execute(query).fetchone() != before:
                return
            time.sleep(0.1)
    raise RuntimeError("the worker sends nothing")


def check_all_accepted(database: Path) -> None:
    """Raise unless every submission is there with its letters, their log and its mail."""
    sent = SENDERS * (ROUNDS + 1)
    with sqlite3.connect(database) as connection:
        for table, expected in (
            ("supporters", sent),
            ("actions", sent),
            ("letters", sent * RECIPIENTS),
            ("letter_transitions", sent * RECIPIENTS),
            ("outbox_messages", sent),
        ):
            (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            if found != expected:
                raise RuntimeError(f"{table}: {found} rows instead of {expected}")


def prepare(file: Path) -> str:
    """Make a database with the invented island and its campaign; return where one writes."""
    now = utc_now()
    days = election_days(now.date())
    database = Database(f"sqlite:///{file}")
    schema.upgrade(database)
    with database.transaction() as session:
        write_island(session, invent_island(), days=days, now=now - timedelta(days=1))
        source = read_campaign_file(BUILT_IN, election_id=days.election_id)
        live = replace(source, content=replace(source.content, status=CampaignStatus.LIVE))
        campaign, _changes = load_campaign(session, live, now=now - timedelta(days=1))
        address = f"/{campaign.slug}/{SEAT.lower().replace(' ', '-')}/write"
    database.dispose()
    return address
