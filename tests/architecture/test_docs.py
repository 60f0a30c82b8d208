"""Every setting and every command is named in docs/operating.md."""

import ast
import inspect
import re
from collections.abc import Iterator

import click
import pytest

from campaign.cli.commands import COMMANDS, load_command
from campaign.core import config
from campaign.core.config import PROJECT_ROOT
from campaign.reports import metrics
from campaign.reports.doctor import OF_THE_DATABASE, OF_THE_DNS

OPERATING = (PROJECT_ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def settings_read() -> list[str]:
    """Return the names that settings_from_environment asks ``env`` for."""
    tree = ast.parse(inspect.getsource(config.settings_from_environment))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    return [
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    ]


def command_paths(command: click.Command | None, before: str = "campaign") -> Iterator[str]:
    assert command is not None
    path = f"{before} {command.name}"
    if not isinstance(command, click.Group):
        yield path
        return
    for child in command.commands.values():
        yield from command_paths(child, path)


def test_settings_are_found() -> None:
    assert {"SECRET_KEY", "DATABASE_URL", "MAIL_CHANNEL"} <= set(settings_read())


@pytest.mark.parametrize("name", settings_read())
def test_every_setting_has_a_row_in_the_operating_guide(name: str) -> None:
    assert re.search(rf"^\| `{name}` \|", OPERATING, re.MULTILINE)


@pytest.mark.parametrize(
    "path", [path for name in COMMANDS for path in command_paths(load_command(name))]
)
def test_every_command_is_named_in_the_operating_guide(path: str) -> None:
    assert re.search(rf"`{re.escape(path)}[ `]", OPERATING)


CHECKS = ["schema", "mail server", "settings", *(name for name, _ in OF_THE_DATABASE + OF_THE_DNS)]


@pytest.mark.parametrize("check", CHECKS)
def test_the_operating_guide_says_what_each_alert_means(check: str) -> None:
    rows = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \|", OPERATING, re.MULTILINE)
    assert any(f"`{check}`" in row for row in rows)


def test_every_metric_is_explained() -> None:
    source = inspect.getsource(metrics)
    named = set(re.findall(r'"(campaign_[a-z_]+)"', source))
    assert len(named) > 10
    assert {each for each in named if f"`{each}" not in OPERATING} == set()


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        *(f"docs/{path.name}" for path in (PROJECT_ROOT / "docs").glob("*.md")),
        "docs/images/README.md",
    ],
)
def test_every_picture_of_the_docs_is_there(page: str) -> None:
    path = PROJECT_ROOT / page
    for picture in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / picture).is_file(), f"{picture}; run: make screenshots"
