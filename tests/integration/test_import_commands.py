from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, inspect, select

from campaign.candidates.models import Candidacy
from campaign.cli.commands import campaign
from campaign.core.db import Database
from campaign.geography.models import Constituency
from tests.importing import ELECTION, FIXTURES, person, write_table

SEATS, PEOPLE = str(FIXTURES / "seats.csv"), str(FIXTURES / "current.csv")


def run(app: Flask, *words: str) -> Result:
    with app.app_context():
        return app.test_cli_runner().invoke(campaign, ["import", *words])


@pytest.fixture
def seats(app: Flask) -> None:
    assert run(app, "constituencies", SEATS, "--boundary-set", "pcon31").exit_code == 0


def count(database: Database, model: type) -> int:
    with database.reader() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_dry_run_tells_everything_and_writes_nothing(
    app: Flask, sqlite_database: Database
) -> None:
    result = run(app, "constituencies", SEATS, "--boundary-set", "pcon31", "--dry-run")
    assert (result.exit_code, count(sqlite_database, Constituency)) == (0, 0)
    assert "added 3" in result.stdout
    assert "nothing has been written" in result.stdout


@pytest.mark.usefixtures("seats")
def test_candidates_are_reported_and_written(app: Flask, sqlite_database: Database) -> None:
    dry = run(app, "candidates", PEOPLE, "--election", ELECTION, "--dry-run")
    assert "added 5" in dry.stdout
    assert count(sqlite_database, Candidacy) == 0
    result = run(app, "candidates", PEOPLE, "--election", ELECTION)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "rows left out of other elections: 1 local.2031-05-22" in result.stdout
    assert "1 at parliament.uk" in result.stdout
    assert "@" not in result.stdout
    assert count(sqlite_database, Candidacy) == 5
    assert "nothing has changed" in run(app, "candidates", PEOPLE, "--election", ELECTION).stdout


@pytest.mark.usefixtures("seats")
def test_a_refusal_is_one_sentence_and_exit_code_1(
    app: Flask, sqlite_database: Database, tmp_path: Path
) -> None:
    result = run(app, "candidates", PEOPLE)
    assert result.exit_code == 1
    assert "--election" in result.stderr
    rows = [person(number, f"Person {number}") for number in range(1, 6)]
    path = tmp_path / "list.csv"
    run(app, "candidates", str(write_table(path, rows)))
    result = run(app, "candidates", str(write_table(path, rows[:1])), "--dry-run")
    assert result.exit_code == 1
    assert "withdrawn 4" in result.stdout
    assert "--allow-mass-withdrawal" in result.stderr
    assert run(app, "candidates", str(path), "--missing-emails", "perhaps").exit_code == 2


@pytest.mark.usefixtures("seats")
def test_whoever_reads_only_the_first_lines_stops_no_import(
    app: Flask, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_line: str) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("campaign.cli.imports.click.echo", closed)
    run(app, "candidates", PEOPLE, "--election", ELECTION)
    assert count(sqlite_database, Candidacy) == 5


@pytest.mark.usefixtures("seats")
def test_postcodes_are_loaded_quietly(
    app: Flask, sqlite_database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "NSPL_MAY_2031_UK.csv"
    path.write_text("pcds,pcon31cd\nZQ1 1AA,X00000001\n")
    result = run(app, "postcodes", str(path), "--boundary-set", "pcon31")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "NSPL May 2031: 1 postcodes for pcon31" in result.stdout
    path.write_text("pcds,pcon31cd\nZQ1 1AA,S14000002\n")
    assert run(app, "postcodes", str(path), "--dry-run").exit_code == 1
    assert not inspect(sqlite_database.engine).has_table("postcodes_next")
