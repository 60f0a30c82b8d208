"""``campaign export``: a campaign's record as files for others."""

from collections.abc import Iterable
from pathlib import Path

import click

from campaign.campaigns.queries import get_campaign
from campaign.cli.base import RefusalGroup, toolkit
from campaign.reports import letter_statuses, pledge_records


@click.group("export", cls=RefusalGroup, help="A campaign's record as CSV.")
def export() -> None:
    """Group the commands that write files for others."""


_campaign = click.option("--campaign", "slug", required=True, help="Slug of the campaign.")
_output = click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; without it, standard output.",
)


@export.command("pledges")
@_campaign
@_output
def pledges(slug: str, output: Path | None) -> None:
    """Write every candidate's public answer to every ask."""
    with toolkit().database.reader() as session:
        campaign = get_campaign(session, slug, include_drafts=True)
        made = pledge_records.build_pledge_export(session, campaign, now=toolkit().clock())
        _write(pledge_records.csv_lines(made), output)


@export.command("letters")
@_campaign
@_output
def letters(slug: str, output: Path | None) -> None:
    """Write what became of every letter, without anything about its writer."""
    with toolkit().database.reader() as session:
        campaign = get_campaign(session, slug, include_drafts=True)
        _write(letter_statuses.csv_lines(session, campaign), output)


def _write(lines: Iterable[str], output: Path | None) -> None:
    if output is None:
        for line in lines:
            click.echo(line, nl=False)
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        raise click.ClickException(f"Cannot write {output}: {error.strerror}.") from error
