"""A database that cannot be used as it is ends a command with one sentence, not with a trace."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from campaign.cli.commands import campaign
from campaign.core.db import Database
from campaign.core.errors import SettingsError


def run(app: Flask, *words: str) -> Result:
    with app.app_context():
        return app.test_cli_runner().invoke(campaign, words)


@pytest.mark.parametrize(
    "words", [("letters", "reconcile"), ("pledges", "verify"), ("import", "hexmap", "x.hexjson")]
)
def test_without_a_schema_a_command_says_how_to_make_one(
    make_app: Callable[..., Flask], tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "x.hexjson").write_text('{"layout": "odd-r", "hexes": {"X1": {"q": 0, "r": 0}}}')
    app = make_app(database_url=f"sqlite:///{tmp_path / 'empty.sqlite'}")
    result = run(app, *(str(tmp_path / word) if "." in word else word for word in words))
    assert result.exit_code == 1
    assert "campaign db upgrade" in result.output


def test_without_a_server_a_command_says_that_none_answers(make_app: Callable[..., Flask]) -> None:
    app = make_app(database_url="postgresql://postgres@127.0.0.1:1/none")
    result = run(app, "db", "upgrade")
    assert result.exit_code == 1
    assert "does not answer" in result.output


@pytest.mark.parametrize("url", ["nonsense", "mysql://user@host/name"])
def test_an_address_of_no_database_is_a_settings_error(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        Database(url)
