"""``campaign pledges``: the record of answers."""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import click
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import get_campaign, list_campaigns
from campaign.cli.base import RefusalGroup, toolkit
from campaign.importers.pledge_record import RecordImport, import_record
from campaign.pledges.queries import ChainReport, NotedHead, check_chain
from campaign.reports import pledge_chain

_FORMATS: dict[str, Callable[[Session, Campaign], Iterable[str]]] = {
    "csv": pledge_chain.csv_lines,
    "jsonl": pledge_chain.json_lines,
}


@click.group("pledges", cls=RefusalGroup, help="The record of candidates' answers.")
def pledges() -> None:
    """Group the commands about pledges."""


class _Head(click.ParamType[NotedHead]):
    """The end of a chain as somebody noted it: the number of entries and the last hash."""

    name = "COUNT:HASH"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> NotedHead:
        found = re.fullmatch(r"([1-9][0-9]{0,17}):([0-9a-fA-F]{64})", value.strip())
        if found is None:
            self.fail("Write the number of entries, a colon and the 64 signs of the hash.")
        return NotedHead(int(found[1]), found[2].lower(), "given with --head")


@pledges.command("verify")
@click.option("--campaign", "slug", help="Only this campaign; without it, each one.")
@click.option(
    "--head",
    "heads",
    type=_Head(),
    multiple=True,
    help="A number of entries and a hash noted elsewhere, COUNT:HASH; needs --campaign.",
)
def verify(slug: str | None, heads: tuple[NotedHead, ...]) -> None:
    """Compute every hash again; fails when a record was changed after the fact.

    Compares the record with every head that was published, too. Published heads lie in the same
    database: with --head, one that was noted elsewhere is compared as well.
    """
    if heads and slug is None:
        raise click.UsageError("With --head, say which campaign it is from: --campaign SLUG.")
    with toolkit().database.reader() as session:
        campaigns = (
            [get_campaign(session, slug, include_drafts=True)] if slug else list_campaigns(session)
        )
        now = toolkit().clock()
        reports = [check_chain(session, each, now=now, noted=heads) for each in campaigns]
    for report in reports:
        _print(report)
    broken = [report.campaign_slug for report in reports if report.faults]
    if broken:
        raise click.ClickException(f"The record is broken: {', '.join(broken)}.")


@pledges.command("export")
@click.option("--campaign", "slug", required=True, help="Slug of the campaign.")
@click.option("--format", "kind", type=click.Choice(sorted(_FORMATS)), required=True)
@click.argument("file", type=click.Path(allow_dash=True, dir_okay=False))
def export(slug: str, kind: str, file: str) -> None:
    """Write every event of a campaign, public or not, so that import gives it back as it is.

    FILE is a name, or - for standard output.
    """
    with toolkit().database.reader() as session:
        campaign = get_campaign(session, slug, include_drafts=True)
        try:
            # Under another name until it is whole; line ends as they are.
            with click.open_file(file, "wb", atomic=file != "-") as output:
                for line in _FORMATS[kind](session, campaign):
                    output.write(line.encode())
        except OSError as error:
            raise click.ClickException(f"Cannot write {file}: {error.strerror}.") from error


@pledges.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be added, and change nothing.")
def import_(file: Path, dry_run: bool) -> None:
    """Add the events of an exported file that the record does not have yet.

    The file's own chain is checked first. Nothing is changed or deleted; a second time adds
    nothing; a file that has parted from the record is refused whole.
    """
    with toolkit().database.writer() as session:
        result = import_record(session, file, now=toolkit().clock(), tell=_tell)
        if dry_run:
            session.rollback()
        else:
            session.commit()
    _print_import(result, dry_run=dry_run)


def _tell(read: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{read} events read", err=True, nl=False)


def _print_import(result: RecordImport, *, dry_run: bool) -> None:
    verb = "would be added" if dry_run else "added"
    click.echo(f"{result.campaign_slug}: {_entries(result.read)} read, {result.added} {verb}")
    if result.left_out:
        click.echo(f"{result.campaign_slug}: the record here goes on for {result.left_out} more")


def _print(report: ChainReport) -> None:
    for fault in report.faults:
        click.echo(f"{report.campaign_slug}: entry {fault.sequence}: {fault.problem}")
    state = "BROKEN" if report.faults else "unbroken"
    heads = f"; {report.heads_checked} published heads compared" if report.heads_checked else ""
    click.echo(
        f"{report.campaign_slug}: {_entries(report.count)}, {state}; last hash "
        f"{report.head_hash}{heads}"
    )


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
