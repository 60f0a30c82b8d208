"""Try the API out with Schemathesis, on a server that runs as in production.

    python -m tests.trial [EXAMPLES]

The demonstration's data, once as it is and once after the poll, on SQLite and, where it answers,
on PostgreSQL; gunicorn with its page cache; every check that Schemathesis has. Each address is
tried with any names, and with names of what is there, which chance would never find. Ends with 1
where anything is not as ``openapi.json`` describes it, and after MINUTES_A_RUN at the latest.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, true, update

from bench.postgresql import made_postgresql
from bench.serving import served
from campaign.app import create_app
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.cli.demo import invent
from campaign.core import schema
from campaign.core.config import MailSettings, Settings
from campaign.core.db import Database
from campaign.core.logs import configure_logging
from campaign.elections.models import Election

EXAMPLES = 500
"""For each address and way of asking."""
MINUTES_A_RUN = 20

Names = dict[str, str | int]
"""What stands in an address, by the parameter's name."""

_SECRET = "a secret of this trial that is long enough"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one run of Schemathesis ended."""

    is_right: bool
    said: str
    """All that it printed."""

    @property
    def result(self) -> str:
        """Return its own count of what it tried."""
        lines = [line.strip() for line in self.said.splitlines()]
        return next((line for line in lines if " generated" in line), "nothing was tried")


def try_out(site: str, *, examples: int, names: Names | None = None, options: str = "") -> Outcome:
    """Let Schemathesis ask a running server; with ``names``, for these in the path alone.

    ``options`` are more of its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "schemathesis.toml"
        config.write_text(_config(names or {}), encoding="utf-8")
        command = [
            str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config), "run",
            f"{site}/api/v1/openapi.json", "--url", site, "--checks", "all", "--mode", "all",
            "--max-examples", str(examples), "--no-color", "--continue-on-failure",
            *options.split(),
        ]  # fmt: skip
        try:
            ended = subprocess.run(
                command,
                cwd=folder,  # It leaves a folder of its own where it runs.
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=MINUTES_A_RUN * 60,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            said = error.stdout.decode() if isinstance(error.stdout, bytes) else ""
            return Outcome(is_right=False, said=f"{said}\nnot done in {MINUTES_A_RUN} minutes")
    return Outcome(is_right=ended.returncode == 0, said=ended.stdout)


def _config(names: Names) -> str:
    # 414 is the server's, which refuses a line that is too long before anybody reads what it asks.
    refusals = ["400", "404", "405", "422", "429", "414"]
    lines = ["[checks.negative_data_rejection]", f"expected-statuses = {json.dumps(refusals)}"]
    lines += ["[parameters]"]
    lines += [f'"path.{name}" = {json.dumps(value)}' for name, value in names.items()]
    if names:
        # An address of which nothing is found shows none of its answers: that is no trial.
        lines += ["[warnings]", 'fail-on = ["missing_test_data", "rate_limited"]']
    return "\n".join(lines)


@contextmanager
def serving(url: str, folder: Path) -> Iterator[str]:
    """Serve a database as an installation does, without a limit on how often one may ask."""
    environment = {
        "DATABASE_URL": url,
        "CAMPAIGN_INSTANCE": str(folder),
        "SECRET_KEY": _SECRET,
        "RATE_LIMITS": "false",
    }
    with served("wsgi:app", environment) as site:
        yield site.url


def prepare(url: str, folder: Path) -> Names:
    """Fill an empty database with the demonstration; return names of what is there."""
    settings = Settings(
        secret_key=_SECRET,
        database_url=url,
        base_url="http://127.0.0.1",
        instance_path=folder,
        mail=MailSettings(channel="mailbox", mailbox_path=folder / "mailbox"),
    )
    app = create_app(settings)
    kit = app.extensions["campaign"]
    schema.upgrade(kit.database)
    with app.app_context(), kit.database.transaction() as session:
        invent(kit, session, "a password of this trial")
    with kit.database.reader() as session:
        candidacy = session.scalars(select(Candidacy).order_by(Candidacy.id)).first()
        assert candidacy is not None
        names: Names = {
            "campaign_slug": "safer-internet",
            "constituency_slug": candidacy.ballot.constituency.slug,
            "person_id": candidacy.person_id,
        }
    kit.database.dispose()
    return names


def let_the_poll_end(url: str) -> None:
    """Move the poll into the past, and say of each ballot who was elected."""
    database = Database(url)
    first = select(func.min(Candidacy.id)).group_by(Candidacy.ballot_id)
    standing = Candidacy.status == CandidacyStatus.STANDING
    with database.transaction() as session:
        for election in session.scalars(select(Election)):
            for moment in ("polling_day", "nominations_close_at", "poll_closes_at"):
                setattr(election, moment, getattr(election, moment) - timedelta(days=60))
        for who, status in (
            (Candidacy.id.in_(first), CandidacyStatus.ELECTED),
            (true(), CandidacyStatus.NOT_ELECTED),
        ):
            session.execute(update(Candidacy).where(standing, who).values(status=status))
    database.dispose()


def main(arguments: list[str]) -> int:
    """Try each database out and print what was found."""
    configure_logging("ERROR")
    examples = int(arguments[0]) if arguments else EXAMPLES
    is_right = True
    with tempfile.TemporaryDirectory() as made, made_postgresql("trial") as server:
        folder = Path(made)
        os.environ["CAMPAIGN_INSTANCE"] = made
        for url in filter(None, (f"sqlite:///{folder / 'trial.sqlite'}", server)):
            names = prepare(url, folder)
            for state in ("before the poll", "after the poll"):
                if state == "after the poll":
                    let_the_poll_end(url)
                for which in ({}, names):
                    with serving(url, folder) as site:
                        outcome = try_out(site, examples=examples, names=which)
                    kind = "known names" if which else "any names"
                    said = "" if outcome.is_right else f"{outcome.said}\n"
                    database = url.partition(":")[0]
                    sys.stdout.write(f"{database}, {state}, {kind}: {outcome.result}\n{said}")
                    sys.stdout.flush()
                    is_right = is_right and outcome.is_right
    return int(not is_right)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
