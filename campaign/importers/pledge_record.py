"""A campaign's record from a file that ``campaign pledges export`` wrote, CSV or JSON Lines."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from sqlalchemy.orm import Session

from campaign.campaigns.queries import get_campaign
from campaign.pledges.errors import ImportRefused
from campaign.pledges.rules import ChainEntry, check_columns, from_cells, from_json_line
from campaign.pledges.service import Intake

_LONGEST_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class RecordImport:
    """What came of a file."""

    campaign_slug: str
    read: int
    added: int
    left_out: int
    """Events that are here and not in the file: it is older than the record."""
    head_hash: str


def import_record(
    session: Session,
    path: Path,
    *,
    now: datetime,
    tell: Callable[[int], None] = lambda _read: None,
) -> RecordImport:
    """Add what a file has and the record has not, in the caller's transaction.

    Each event of the file is computed and chained again before anything is believed. ``tell`` is
    called now and then with the number of events read. Raises ImportRefused with the number of the
    line; the caller then rolls back, so that nothing changes.
    """
    intake: Intake | None = None
    slug = head_hash = ""
    with _opened(path) as file:
        for line, entry, stored_hash in _read(file):
            with _line_named(line):
                if intake is None:
                    slug = entry.campaign
                    campaign = get_campaign(session, slug, include_drafts=True)
                    intake = Intake(session, campaign, now=now)
                intake.take(entry, stored_hash)
            head_hash = stored_hash
            if intake.read % 1000 == 0:
                tell(intake.read)
    if intake is None:
        raise ImportRefused("The file has no events.")
    return RecordImport(slug, intake.read, intake.added, intake.left_out, head_hash)


def _read(file: TextIO) -> Iterator[tuple[int, ChainEntry, str]]:
    """Yield each event with the number of the line on which it ends."""
    first = file.read(1)
    file.seek(0)
    if first == "{":
        yield from _read_json_lines(file)
    elif first:
        yield from _read_csv(file)


def _read_json_lines(file: TextIO) -> Iterator[tuple[int, ChainEntry, str]]:
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        with _line_named(number):
            event = from_json_line(line)
        yield number, *event


def _read_csv(file: TextIO) -> Iterator[tuple[int, ChainEntry, str]]:
    reader = csv.reader(file, strict=True)
    with _line_named(1):
        columns = next(reader)
        check_columns(columns)
    while True:
        with _line_named(reader.line_num + 1):
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise ImportRefused(f"this is not a row of CSV ({error})") from error
            if len(row) != len(columns):
                raise ImportRefused(f"the row has {len(row)} cells in place of {len(columns)}")
            event = from_cells(dict(zip(columns, row, strict=True)))
        yield reader.line_num, *event


@contextmanager
def _line_named(number: int) -> Iterator[None]:
    try:
        yield
    except ImportRefused as error:
        raise ImportRefused(f"Line {number}: {error}. Nothing was changed.") from error
    except UnicodeDecodeError as error:
        raise ImportRefused(f"Line {number}: it is not UTF-8. Nothing was changed.") from error


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except OSError as error:
        raise ImportRefused(f"Cannot read {path}: {error.strerror}.") from error
