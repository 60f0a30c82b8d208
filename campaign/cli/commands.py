"""Every command, once; each is imported when it is asked for.

So the delivery worker holds no importer and a web process no command at all: that is a third of
the memory of either.
"""

from importlib import import_module
from typing import cast

import click
from flask.cli import AppGroup

from campaign.cli.base import RefusalGroup

COMMANDS = {
    "db": "database:db",
    "deliver": "delivery:deliver",
    "demo": "demo:demo",
    "doctor": "doctor:doctor",
    "export": "exports:export",
    "import": "imports:import_",
    "letters": "letters:letters",
    "mail": "mail:mail",
    "organiser": "organisers:organiser",
    "pledges": "pledges:pledges",
    "template": "campaign_file:template",
}
"""Name to its module in this folder and its name there."""


def load_command(name: str) -> click.Command | None:
    """Return the command of this name, if there is one."""
    if name not in COMMANDS:
        return None
    module, _, attribute = COMMANDS[name].partition(":")
    return cast(click.Command, getattr(import_module(f"campaign.cli.{module}"), attribute))


class _Commands(click.Group):
    """A group that also has every command of ours."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or load_command(cmd_name)


class FlaskCommands(_Commands, AppGroup):
    """What ``flask --app wsgi`` offers besides its own."""


class _CampaignCommands(_Commands, RefusalGroup):
    """What ``campaign`` offers."""


@click.group(
    "campaign", cls=_CampaignCommands, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="campaign")
def campaign() -> None:
    """Put a campaign's asks before every candidate; docs/operating.md explains each command."""
