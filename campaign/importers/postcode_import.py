"""The import of postcodes: read, load beside the old table, swap."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.core.db import Database
from campaign.elections.queries import find_last_election
from campaign.geography.errors import PostcodeTwice
from campaign.geography.models import BoundarySet, PostcodeRelease
from campaign.geography.queries import (
    find_last_boundary_set,
    find_postcode_release,
    get_boundary_set,
    list_boundary_sets,
    map_codes,
)
from campaign.geography.rules import PostcodeChanges, PostcodeRow
from campaign.geography.service import PostcodeLoad
from campaign.importers.errors import ImportRefused
from campaign.importers.postcodes import CREDIT, PostcodeReader, release_name
from campaign.importers.sources import OpenSource, Source

Progress = Callable[[int], None]
"""Told now and then how many bytes of the file have been read."""


def silent(_position: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, kw_only=True)
class PostcodeReport:
    """What an import of postcodes did, or would do."""

    release: str
    boundary_set: str
    changes: PostcodeChanges
    northern_ireland_left_out: int
    unusual_left_out: int
    is_written: bool
    """False for a dry run, and where the file is what is there already."""


def import_postcodes(
    database: Database,
    source: Source,
    *,
    now: datetime,
    boundary_set: str | None = None,
    release: str | None = None,
    with_northern_ireland: bool = False,
    is_dry_run: bool = False,
    progress: Progress = silent,
) -> PostcodeReport:
    """Replace all postcodes by those of a file; on any error or Ctrl-C the old ones stay.

    Commits block by block, against the habit of the house: 2.7 million rows in one transaction
    would keep every other writer waiting for a minute, and until the swap nobody sees them.
    """
    with source.open_text(".csv") as text, database.reader() as reader_session:
        target = _boundary_set(reader_session, boundary_set)
        reader = PostcodeReader(
            text,
            codes=map_codes(reader_session, target.id),
            boundary_set_slug=target.slug,
            other_sets={
                other.slug: map_codes(reader_session, other.id)
                for other in list_boundary_sets(reader_session)
                if other.id != target.id
            },
            with_northern_ireland=with_northern_ireland,
        )
        name = release or release_name(text.name)
        entry = PostcodeRelease(
            boundary_set_id=target.id,
            name=name,
            credit=CREDIT,
            postcode_count=0,
            imported_at=now,
        )
        slug = target.slug
        reader_session.rollback()
        open_session = database.reader if is_dry_run else database.writer
        with open_session() as session:
            changes, is_written = _load(
                session, reader, text, entry, is_dry_run=is_dry_run, progress=progress
            )
    return PostcodeReport(
        release=name,
        boundary_set=slug,
        changes=changes,
        northern_ireland_left_out=reader.northern_ireland_left_out,
        unusual_left_out=reader.unusual_left_out,
        is_written=is_written,
    )


def _load(
    session: Session,
    reader: PostcodeReader,
    text: OpenSource,
    entry: PostcodeRelease,
    *,
    is_dry_run: bool,
    progress: Progress,
) -> tuple[PostcodeChanges, bool]:
    finish_block = session.flush if is_dry_run else session.commit
    load = PostcodeLoad(session, is_temporary=is_dry_run)
    try:
        load.begin()
        finish_block()
        for block in reader.blocks():
            try:
                load.add(block)
            except PostcodeTwice as error:
                raise ImportRefused(_twice(text.name, block, reader.rows_read)) from error
            finish_block()
            progress(text.position)
        changes = load.compare()
        entry.postcode_count = changes.total
        is_written = not is_dry_run and not (changes.is_empty and _is_current(session, entry))
        if is_written:
            load.put_in_place(entry)
            session.commit()
        else:
            _leave_nothing(session, load, is_dry_run=is_dry_run)
    except BaseException:  # Ctrl-C too
        _leave_nothing(session, load, is_dry_run=is_dry_run)
        raise
    return changes, is_written


def _leave_nothing(session: Session, load: PostcodeLoad, *, is_dry_run: bool) -> None:
    session.rollback()
    if not is_dry_run:
        load.discard()
        session.commit()


def _is_current(session: Session, entry: PostcodeRelease) -> bool:
    current = find_postcode_release(session)
    return (
        current is not None
        and current.name == entry.name
        and current.boundary_set_id == entry.boundary_set_id
    )


def _boundary_set(session: Session, slug: str | None) -> BoundarySet:
    """Return the boundary set asked for, or that of the newest election, or the last imported."""
    if slug is not None:
        return get_boundary_set(session, slug)
    election = find_last_election(session)
    target = election.boundary_set if election else find_last_boundary_set(session)
    if target is None:
        raise ImportRefused("There are no constituencies yet; import them before postcodes.")
    return target


def _twice(file: str, block: list[PostcodeRow], rows_read: int) -> str:
    seen: set[str] = set()
    for postcode, _, _ in block:
        if postcode in seen:
            return f"{file}: the postcode {postcode} comes twice, near row {rows_read}."
        seen.add(postcode)
    return f"{file}: a postcode near row {rows_read} comes twice."
