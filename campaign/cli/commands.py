"""Every command, once."""

import click

from campaign.cli.base import RefusalGroup
from campaign.cli.database import db
from campaign.cli.imports import import_

COMMANDS: tuple[click.Command, ...] = (db, import_)


@click.group("campaign", cls=RefusalGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="campaign")
def campaign() -> None:
    """Put a campaign's asks before every candidate; docs/operating.md explains each command."""


for command in COMMANDS:
    campaign.add_command(command)
