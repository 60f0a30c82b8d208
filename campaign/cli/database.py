"""``campaign db``: the schema."""

import click

from campaign.cli.base import RefusalGroup, toolkit
from campaign.core import schema


@click.group("db", cls=RefusalGroup, help="The schema of the database.")
def db() -> None:
    """Group the commands about the schema."""


@db.command("upgrade")
def upgrade() -> None:
    """Bring the database to the newest schema; does nothing when it is there."""
    schema.upgrade(toolkit().database)
    click.echo("The database has the newest schema.")


@db.command("check")
def check() -> None:
    """Fail when the schema is behind the migrations."""
    if not schema.is_current(toolkit().database):
        raise click.ClickException("The schema is behind; run: campaign db upgrade")
    click.echo("The database has the newest schema.")


@db.command("revision", hidden=True)
@click.argument("message")
def revision(message: str) -> None:
    """Write a migration for what the models have and the database has not."""
    schema.write_revision(toolkit().database, message)
