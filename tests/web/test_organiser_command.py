"""``campaign organiser add``: exit codes, and a link that works."""

import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from campaign.cli.commands import campaign
from campaign.organisers.models import AuditEntry, Organiser
from campaign.organisers.rules import Role

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:

    def run(*arguments: str, typed: str | None = None) -> Result:
        with app.app_context():
            return CliRunner().invoke(campaign, ["organiser", *arguments], input=typed)

    return run


def test_a_link_to_set_a_password_is_printed(app: Flask, run: Run) -> None:
    result = run("add", "Ada@Example.org", "--role", "owner", "--name", "Ada Person")
    assert result.exit_code == 0
    (path,) = re.findall(r"http://localhost(/organise/reset/\S+)", result.output)
    assert app.test_client().get(path).status_code == 200
    with app.extensions["campaign"].database.reader() as session:
        added = session.scalars(select(Organiser)).one()
        assert (added.email, added.role, added.name) == (
            "ada@example.org",
            Role.OWNER,
            "Ada Person",
        )
        assert added.password is None
        assert session.scalars(select(AuditEntry)).one().organiser_id is None


def test_a_password_is_read_from_standard_input(app: Flask, run: Run) -> None:
    arguments = ("add", "ada@example.org", "--role", "viewer", "--password-stdin")
    short = run(*arguments, typed="short\n")
    assert short.exit_code == 1
    result = run(*arguments, typed="correct horse battery staple\n")
    assert result.exit_code == 0
    assert "correct horse" not in result.output
    assert "/organise/reset/" not in result.output
    with app.extensions["campaign"].database.reader() as session:
        assert session.scalars(select(Organiser.password)).one().startswith("$argon2")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("add", "ada@example.org", "--role", "viewer"), 1, "exists already"),
        (("add", "ada at example", "--role", "viewer"), 1, "not a complete e-mail address"),
        (("add", "eve@example.org", "--role", "queen"), 2, "Invalid value"),
        (("add", "eve@example.org"), 2, "Missing option"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    run: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    run("add", "ADA@example.org", "--role", "owner")
    result = run(*arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert result.stdout == ""
