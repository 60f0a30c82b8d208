from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.cli.base import RefusalGroup
from campaign.cli.campaign_file import import_campaign, template
from tests.factories import ElectionFactory

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    # As a part of a group of the program, so that refusals end as they do there.
    group = RefusalGroup(commands=[import_campaign, template])

    def run(*arguments: str) -> Result:
        with app.app_context():
            return CliRunner().invoke(group, list(arguments))

    return run


@pytest.fixture
def file(run: Run, tmp_path: Path) -> Path:
    printed = run("template")
    assert printed.exit_code == 0
    path = tmp_path / "mine.toml"
    path.write_text(printed.stdout.replace("parl.YYYY-MM-DD", "parl.2031-05-22"), encoding="utf-8")
    return path


def test_the_template_can_be_loaded_once_its_election_is_named(
    run: Run, file: Path, web_session: Session
) -> None:
    ElectionFactory()
    web_session.commit()
    result = run("campaign", str(file), "--dry-run")
    assert result.exit_code == 0
    assert "new campaign safer-internet" in result.stdout
    assert "nothing was written" in result.stdout
    assert web_session.scalar(select(func.count(Campaign.id))) == 0
    web_session.rollback()

    assert run("campaign", str(file)).stdout.endswith(": saved.\n")
    assert web_session.scalar(select(func.count(Campaign.id))) == 1
    web_session.rollback()  # A writing session keeps the command's own away.
    assert "nothing to change" in run("campaign", str(file)).stdout


def test_refusals_end_with_one_and_the_reason(run: Run, file: Path, tmp_path: Path) -> None:
    result = run("campaign", str(file))
    assert result.exit_code == 1
    assert "mine.toml: election: There is no election parl.2031-05-22" in result.stderr

    result = run("campaign", str(tmp_path / "none.toml"))
    assert result.exit_code == 1
    assert "There is no file" in result.stderr

    file.write_text(run("template").stdout, encoding="utf-8")
    result = run("campaign", str(file))
    assert result.exit_code == 1
    assert "as parl.2024-07-04, not parl.YYYY-MM-DD" in result.stderr
