"""Every command, once."""

import click

from campaign.cli.base import RefusalGroup
from campaign.cli.campaign_file import template
from campaign.cli.database import db
from campaign.cli.delivery import deliver, doctor
from campaign.cli.demo import demo
from campaign.cli.exports import export
from campaign.cli.imports import import_
from campaign.cli.letters import letters
from campaign.cli.mail import mail
from campaign.cli.organisers import organiser
from campaign.cli.pledges import pledges

COMMANDS: tuple[click.Command, ...] = (
    db,
    deliver,
    demo,
    doctor,
    export,
    import_,
    letters,
    mail,
    organiser,
    pledges,
    template,
)


@click.group("campaign", cls=RefusalGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="campaign")
def campaign() -> None:
    """Put a campaign's asks before every candidate; docs/operating.md explains each command."""


for command in COMMANDS:
    campaign.add_command(command)
