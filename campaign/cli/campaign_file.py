"""``campaign import campaign`` and ``campaign template``: a campaign as one file."""

import click

from campaign.cli.base import toolkit
from campaign.importers import campaign_file
from campaign.importers.sources import open_source


@click.command("campaign")
@click.argument("file", metavar="FILE")
@click.option("--dry-run", is_flag=True, help="Say what would change and write nothing.")
def import_campaign(file: str, *, dry_run: bool) -> None:
    """Create or update a campaign from a TOML file; docs/adding-a-campaign.md explains it."""
    with open_source(file) as source:
        checked = campaign_file.read_campaign_file(source.path, name=source.name)
    now = toolkit().clock()
    with toolkit().database.writer() as session:
        campaign, changes = campaign_file.load_campaign(session, checked, now=now)
        name, slug, status = campaign.name, campaign.slug, campaign.status
        if not dry_run:
            session.commit()
    for change in changes:
        click.echo(f"  {change}")
    if not changes:
        click.echo(f"{name} (/{slug}/, {status}): nothing to change.")
    elif dry_run:
        click.echo(f"{name} (/{slug}/, {status}): nothing was written; this was a dry run.")
    else:
        click.echo(f"{name} (/{slug}/, {status}): saved.")


@click.command("template")
def template() -> None:
    """Print the built-in campaign as a file to start from: campaign template > mine.toml."""
    click.echo(campaign_file.BUILT_IN.read_text(encoding="utf-8"), nl=False)
