"""``campaign import``: constituencies, hexagons, candidates and postcodes from files."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.orm import Session

from campaign.cli.base import RefusalGroup, toolkit
from campaign.cli.campaign_file import import_campaign
from campaign.geography.service import ConstituencyChanges
from campaign.importers.candidate_import import (
    CandidateOptions,
    MissingEmails,
    import_candidates,
    read_candidates,
)
from campaign.importers.candidate_report import describe
from campaign.importers.candidates import CandidateFile
from campaign.importers.constituency_import import (
    ConstituencyReport,
    import_constituencies,
    import_hexmap,
)
from campaign.importers.postcode_import import PostcodeReport, import_postcodes, silent
from campaign.importers.sources import Source, open_source
from campaign.letters.service import withdraw_unreachable

FILE = click.argument("file", metavar="FILE")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
BOUNDARY_SET = click.option(
    "--boundary-set", metavar="SLUG", help="The boundaries of the election, as pcon24."
)
NOTHING_WRITTEN = "This was a dry run: nothing has been written."


@click.group("import", cls=RefusalGroup)
def import_() -> None:
    """Read a FILE, which may be an http(s) address; .gz and .zip are unpacked."""


import_.add_command(import_campaign)


@import_.command("constituencies")
@FILE
@BOUNDARY_SET
@click.option("--name", help="What the boundary set is called.")
@DRY_RUN
def constituencies(file: str, boundary_set: str | None, name: str | None, dry_run: bool) -> None:
    """Add or change constituencies from a CSV or a hexjson."""
    with open_source(file) as source, _transaction(is_dry_run=dry_run) as session:
        report = import_constituencies(session, source, boundary_set=boundary_set, name=name)
    _print_constituencies(source, report, "constituencies")
    _print_end(is_dry_run=dry_run)


@import_.command("hexmap")
@FILE
@BOUNDARY_SET
@DRY_RUN
def hexmap(file: str, boundary_set: str | None, dry_run: bool) -> None:
    """Put the hexagons of a hexjson on constituencies that are known."""
    with open_source(file) as source, _transaction(is_dry_run=dry_run) as session:
        report = import_hexmap(session, source, boundary_set=boundary_set)
    _print_constituencies(source, report, "hexagons")
    _print_end(is_dry_run=dry_run)


@import_.command("candidates")
@FILE
@click.option("--election", metavar="ID", help="Which election of the file, as parl.2024-07-04.")
@BOUNDARY_SET
@click.option(
    "--merge/--no-merge",
    default=None,
    help="Merge those who came back under a new number with the same name on the same ballot.",
)
@click.option(
    "--missing-emails",
    type=click.Choice([each.value for each in MissingEmails]),
    help="What becomes of addresses that the file has no more; on a terminal you are asked.",
)
@click.option(
    "--allow-mass-withdrawal", is_flag=True, help="Even if most candidates would withdraw."
)
@DRY_RUN
def candidates(
    file: str,
    election: str | None,
    boundary_set: str | None,
    merge: bool | None,
    missing_emails: str | None,
    allow_mass_withdrawal: bool,
    dry_run: bool,
) -> None:
    """Add and update candidates from a Democracy Club CSV."""
    options = CandidateOptions(
        boundary_set=boundary_set,
        merges_names=bool(merge),
        missing_emails=MissingEmails(missing_emails or MissingEmails.KEEP),
        allows_mass_withdrawal=allow_mass_withdrawal,
    )
    with open_source(file) as source:
        content = read_candidates(source, election_id=election)
    if sys.stdin.isatty() and sys.stdout.isatty() and not dry_run:
        options = _ask(
            content, options, asks_merge=merge is None, asks_emails=missing_emails is None
        )
    _import_candidates(content, options, is_dry_run=dry_run)
    _print_end(is_dry_run=dry_run)


def _import_candidates(
    content: CandidateFile, options: CandidateOptions, *, is_dry_run: bool
) -> None:
    """Import, then say what was done: whoever reads only the first lines stops nothing."""
    lines: list[str] = []
    try:
        with _transaction(is_dry_run=is_dry_run) as session:
            report = import_candidates(
                session, content, options=options, now=toolkit().clock(), is_dry_run=is_dry_run
            )
            lines += describe(report, lists_names=is_dry_run)
            report.check()
            if taken := _withdraw_letters(session):
                lines.append(f"{taken} letters to candidates who no longer stand will not be sent.")
    finally:
        for line in lines:  # Also of a file that is refused.
            click.echo(line)


def _withdraw_letters(session: Session) -> int:
    """Take back what waits for candidates who are gone, before the worker can send it."""
    taken = 0
    while batch := withdraw_unreachable(session, now=toolkit().clock()):
        taken += batch
    return taken


def _ask(
    content: CandidateFile, options: CandidateOptions, *, asks_merge: bool, asks_emails: bool
) -> CandidateOptions:
    """Look first, ask what only a person can decide, and return the options with the answers."""
    with toolkit().database.reader() as session:
        preview = import_candidates(
            session, content, options=options, now=toolkit().clock(), is_dry_run=True
        )
    if asks_merge and preview.proposed:
        question = (
            f"{len(preview.proposed)} candidates came back under a new number with the same name "
            "on the same ballot. Merge them?"
        )
        options = replace(options, merges_names=click.confirm(question))
    if asks_emails and preview.plan.emails_missing:
        question = (
            f"{preview.plan.emails_missing} candidates have an address here and none in the file. "
            "Drop these addresses?"
        )
        answer = MissingEmails.DROP if click.confirm(question) else MissingEmails.KEEP
        options = replace(options, missing_emails=answer)
    return options


@import_.command("postcodes")
@FILE
@BOUNDARY_SET
@click.option("--release", help="Name of the release for the credit line; else from the file name.")
@click.option(
    "--northern-ireland-licence",
    is_flag=True,
    help="I have a licence for Northern Ireland's postcodes (BT); without it they are left out.",
)
@DRY_RUN
def postcodes(
    file: str,
    boundary_set: str | None,
    release: str | None,
    northern_ireland_licence: bool,
    dry_run: bool,
) -> None:
    """Replace all postcodes by those of an ONSPD or NSPL file, its zip, or a two-column CSV."""
    with open_source(file) as source, _progress("Postcodes", total=source.size) as progress:
        report = import_postcodes(
            toolkit().database,
            source,
            now=toolkit().clock(),
            boundary_set=boundary_set,
            release=release,
            with_northern_ireland=northern_ireland_licence,
            is_dry_run=dry_run,
            progress=progress,
        )
    _print_postcodes(report)
    _print_end(is_dry_run=dry_run)


@contextlib.contextmanager
def _transaction(*, is_dry_run: bool) -> Iterator[Session]:
    """Yield a session that commits at the end, or, for a dry run, always rolls back."""
    if not is_dry_run:
        with toolkit().database.transaction() as session:
            yield session
        return
    with toolkit().database.writer() as session:
        yield session
        session.rollback()


@contextlib.contextmanager
def _progress(title: str, *, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that shows how far we are; silent where nobody watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    columns = (TextColumn(title), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda position: progress.update(task, completed=position)


def _print_constituencies(source: Source, report: ConstituencyReport, what: str) -> None:
    changes: ConstituencyChanges = report.changes
    click.echo(f"{source.name}: {what} of {report.boundary_set}")
    click.echo(
        f"  added {len(changes.added):,} · changed {len(changes.changed):,} · "
        f"as before {len(changes.unchanged):,}"
    )
    if changes.not_in_file:
        click.echo(f"  not in the file, kept as they are: {len(changes.not_in_file):,}")


def _print_postcodes(report: PostcodeReport) -> None:
    changes = report.changes
    click.echo(f"{report.release}: {changes.total:,} postcodes for {report.boundary_set}")
    click.echo(
        f"  added {changes.added:,} · changed {changes.changed:,} · removed {changes.removed:,}"
    )
    click.echo(
        f"  living without a constituency {changes.without_constituency:,} · "
        f"ended {changes.ended:,}"
    )
    if report.northern_ireland_left_out:
        click.echo(
            f"  left out: {report.northern_ireland_left_out:,} of Northern Ireland; with a licence "
            "for them, add --northern-ireland-licence"
        )
    if report.unusual_left_out:
        click.echo(f"  left out: {report.unusual_left_out:,} ended ones of no postcode's shape")
    if changes.removed > changes.total:
        click.echo(
            "  More postcodes were there before than are left. If the file was one part of the "
            "directory, import the whole one."
        )
    if changes.is_empty:
        click.echo("  nothing has changed")


def _print_end(*, is_dry_run: bool) -> None:
    if is_dry_run:
        click.echo(NOTHING_WRITTEN)
    sys.stdout.flush()
