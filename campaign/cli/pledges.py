"""``campaign pledges``: the record of answers."""

import click

from campaign.campaigns.queries import get_campaign, list_campaigns
from campaign.cli.base import RefusalGroup, toolkit
from campaign.pledges.queries import ChainReport, check_chain


@click.group("pledges", cls=RefusalGroup, help="The record of candidates' answers.")
def pledges() -> None:
    """Group the commands about pledges."""


@pledges.command("verify")
@click.option("--campaign", "slug", help="Only this campaign; without it, each one.")
def verify(slug: str | None) -> None:
    """Compute every hash again; fails when a record was changed after the fact.

    Note the count and the last hash of each campaign somewhere else: with them, a cut at the end
    of the record shows as well.
    """
    with toolkit().database.reader() as session:
        campaigns = (
            [get_campaign(session, slug, include_drafts=True)] if slug else list_campaigns(session)
        )
        reports = [check_chain(session, campaign) for campaign in campaigns]
    for report in reports:
        _print(report)
    broken = [report.campaign_slug for report in reports if report.faults]
    if broken:
        raise click.ClickException(f"The record is broken: {', '.join(broken)}.")


def _print(report: ChainReport) -> None:
    for fault in report.faults:
        click.echo(f"{report.campaign_slug}: entry {fault.sequence}: {fault.problem}")
    entries = "1 entry" if report.count == 1 else f"{report.count} entries"
    state = "BROKEN" if report.faults else "unbroken"
    click.echo(f"{report.campaign_slug}: {entries}, {state}; last hash {report.head_hash}")
