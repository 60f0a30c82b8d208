"""``campaign letters``: the books of letters."""

import click

from campaign.cli.base import RefusalGroup, toolkit
from campaign.reports.reconciliation import reconcile_letters


@click.group("letters", cls=RefusalGroup, help="Letters and where they stand.")
def letters() -> None:
    """Group the commands about letters."""


@letters.command("reconcile")
def reconcile() -> None:
    """Prove that every accepted letter stands somewhere, and that log and outbox agree."""
    with toolkit().database.reader() as session:
        results = reconcile_letters(session)
    for result in results:
        parts = " + ".join(f"{count} {status}" for status, count in result.by_status.items())
        click.echo(f"{result.slug}: {result.accepted} accepted = {parts}")
    wrong = [result for result in results if not result.is_right]
    for result in wrong:
        for fault in result.faults:
            click.echo(f"{result.slug}: letters {fault}", err=True)
    if wrong:
        raise click.ClickException(
            f"The letters of {len(wrong)} of {len(results)} campaigns do not add up."
        )
    click.echo(f"{len(results)} campaigns, nothing missing." if results else "No campaign yet.")
