"""Postcodes: ONSPD or NSPL of any release since 2018, or a CSV of postcode and code.

Every row of 2.7 million passes here, so the loop does little and a wrong row is looked at twice:
once to stumble, once to say where and why.
"""

import contextlib
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import chain, islice
from pathlib import PurePosixPath

from campaign.geography.rules import (
    NORMALISED_POSTCODE,
    NORTHERN_IRELAND_AREA,
    PostcodeRow,
    normalise_postcode,
)
from campaign.importers.errors import ImportRefused
from campaign.importers.sources import OpenSource, reading
from campaign.importers.tables import Table

BLOCK_ROWS = 10_000
CREDIT = (
    "Contains OS data © Crown copyright and database right, Royal Mail data © Royal Mail copyright "
    "and database right, National Statistics data © Crown copyright and database right "
    "(Open Government Licence v3)."
)
NO_CONSTITUENCY = "99999999"
"""End of the codes that the ONS gives the Channel Islands and the Isle of Man."""
_POSTCODE_COLUMNS = ("pcds", "pcd", "pcd7", "pcd8", "pcd2", "postcode")
_CODE_COLUMN = re.compile(r"pcon(\d\d)?(cd)?")
_OTHER_CODE_COLUMNS = ("gss_code", "gss", "constituency_code", "constituency", "code")
_MONTH = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])")
_NOT_A_SHAPE = frozenset({"GIR0AA"})
"""A living postcode of no common shape: Girobank's."""
_RELEASE = re.compile(r"(ONSPD|NSPL)[_ -]+([A-Za-z]{3,9}|\d\d)[_ -]+(\d{4})", re.IGNORECASE)
_MONTHS = [f"{date(2000, month, 1):%B}" for month in range(1, 13)]


class PostcodeReader:
    """Reads one file of postcodes block by block and counts what it leaves out."""

    def __init__(
        self,
        source: OpenSource,
        *,
        codes: Mapping[str, int],
        boundary_set_slug: str,
        other_sets: Mapping[str, Collection[str]] | None = None,
        with_northern_ireland: bool = False,
    ) -> None:
        self.northern_ireland_left_out = 0
        self.unusual_left_out = 0
        self.rows_read = 0
        self._name = source.name
        self._slug = boundary_set_slug
        self._other_sets = other_sets or {}
        self._codes = _Codes(codes)
        self._leaves_out_northern_ireland = not with_northern_ireland
        self._table = table = _read_table(source)
        self._postcode_at = _postcode_place(table)
        self._ended_at = table.place("doterm")

    def blocks(self) -> Iterator[list[PostcodeRow]]:
        """Yield rows in blocks; raises ImportRefused."""
        with self._errors():
            first = list(islice(self._table.raw_rows(), BLOCK_ROWS))
        code_at = self._choose_code_column(first)
        rows = chain(first, self._table.raw_rows())
        del first
        while True:
            before = self.rows_read
            with self._errors():
                block = self._convert(islice(rows, BLOCK_ROWS), code_at)
            if self.rows_read == before:
                break
            yield block
        if not self.rows_read:
            raise ImportRefused(f"{self._name} has a header and no postcodes.")

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        with reading(self._name), self._table.csv_errors(self.rows_read + 2):
            yield

    def _convert(self, rows: Iterator[list[str]], code_at: int) -> list[PostcodeRow]:
        postcode_at, ended_at = self._postcode_at, self._ended_at
        codes, is_postcode = self._codes, NORMALISED_POSTCODE.fullmatch
        skips_bt, width = self._leaves_out_northern_ireland, len(self._table.header)
        left_out = 0  # of any kind, so that a row's number is known without counting each
        northern = 0
        result: list[PostcodeRow] = []
        append = result.append
        for cells in rows:
            try:
                postcode = cells[postcode_at].replace(" ", "")
                constituency_id = codes[cells[code_at]]
                is_usual = is_postcode(postcode) and len(cells) == width
                ended = None
                if ended_at is not None and cells[ended_at]:
                    ended = _month(cells[ended_at])
            except (ValueError, LookupError):
                is_usual = False
            if not is_usual:
                number = self.rows_read + len(result) + left_out + 2
                row = self._convert_carefully(number, cells, code_at)
                if row is None:
                    left_out += 1
                    continue
                postcode, constituency_id, ended = row
            if skips_bt and postcode.startswith(NORTHERN_IRELAND_AREA):
                left_out += 1
                northern += 1
                continue
            append((postcode, constituency_id, ended))
        self.northern_ireland_left_out += northern
        self.rows_read += len(result) + left_out
        return result

    def _convert_carefully(self, number: int, cells: list[str], code_at: int) -> PostcodeRow | None:
        """Convert a row that holds something unusual, or name what is wrong with it."""
        if not any(cells):
            return None
        if len(cells) != len(self._table.header):
            raise ImportRefused(
                f"{self._name}, row {number}: expected {len(self._table.header)} cells as in "
                f"the header, found {len(cells)}."
            )
        ended = self._ended(number, cells)
        postcode = self._postcode(number, cells, is_ended=ended is not None)
        constituency_id = self._constituency(number, cells, code_at)
        if postcode is None:
            self.unusual_left_out += 1
            return None
        return postcode, constituency_id, ended

    def _postcode(self, row: int, cells: list[str], *, is_ended: bool) -> str | None:
        text = cells[self._postcode_at]
        postcode = normalise_postcode(text)
        if postcode is None and text.replace(" ", "").upper() in _NOT_A_SHAPE:
            return text.replace(" ", "").upper()
        if postcode is None and not (is_ended and text.strip()):
            raise self._table.invalid(
                row, self._postcode_at, expected="a postcode such as AB10 1AB", found=text
            )
        return postcode

    def _ended(self, row: int, cells: list[str]) -> int | None:
        if self._ended_at is None or not cells[self._ended_at].strip():
            return None
        try:
            return _month(cells[self._ended_at].strip())
        except ValueError as error:
            raise self._table.invalid(
                row,
                self._ended_at,
                expected="year and month such as 199606, or nothing",
                found=cells[self._ended_at],
            ) from error

    def _constituency(self, row: int, cells: list[str], code_at: int) -> int | None:
        code = cells[code_at].strip()
        try:
            return self._codes[code]
        except LookupError:
            pass
        place = f"{self._name}, row {row}, column {self._table.header[code_at]}"
        known = [slug for slug, others in self._other_sets.items() if code in others]
        if known or re.fullmatch(r"[A-Z]\d{8}", code):
            whose = f" but of {known[0]}" if known else ""
            raise ImportRefused(
                f"{place}: {code} is not a constituency of {self._slug}{whose}; the boundaries of "
                "this file are not those of the election. Nothing has been imported."
            )
        raise self._table.invalid(
            row, code_at, expected=f"the code of a constituency of {self._slug}", found=code
        )

    def _choose_code_column(self, block: list[list[str]]) -> int:
        """Choose the column of codes; of several, the one that has most of our codes."""
        table = self._table
        places = [place for name, place in table.columns.items() if _CODE_COLUMN.fullmatch(name)]
        if not places:
            other = table.place(*_OTHER_CODE_COLUMNS)
            if other is None and len(table.header) == 2:
                other = 1 - self._postcode_at
            if other is None:
                raise ImportRefused(
                    f"{self._name}, row 1: expected a column of constituencies named pcon, pcon24 "
                    "or pcon24cd, or a file of two columns, postcode and code."
                )
            return other
        named = table.place(f"{self._slug}cd", self._slug)
        if named is not None:
            return named
        return max(places, key=lambda place: self._count_known(block, place))

    def _count_known(self, block: list[list[str]], place: int) -> int:
        return sum(len(cells) > place and cells[place] in self._codes for cells in block)


class _Codes(dict[str, int | None]):
    """The constituency of each code; none for an empty code and for those of the islands."""

    def __init__(self, codes: Mapping[str, int]) -> None:
        super().__init__(codes)

    def __missing__(self, code: str) -> None:
        if code and not code.endswith(NO_CONSTITUENCY):
            raise LookupError(code)
        self[code] = None


def release_name(file_name: str) -> str:
    """Return the name of a release as its file's name tells it: ``ONSPD August 2024``."""
    match = _RELEASE.search(file_name)
    if match is None:
        return PurePosixPath(file_name).name.split(".")[0]
    kind, month, year = match.groups()
    names = [
        name
        for number, name in enumerate(_MONTHS, start=1)
        if month == f"{number:02}" or name.lower().startswith(month.lower()[:3])
    ]
    return f"{kind.upper()} {names[0] if names else month} {year}"


def _month(text: str) -> int:
    if not _MONTH.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _read_table(source: OpenSource) -> Table:
    """Read the header; a file of two columns may do without one."""
    table = Table.read(source)
    if len(table.header) == 2 and any(normalise_postcode(cell) for cell in table.header):
        return table.without_header(("postcode", "code"))
    return table


def _postcode_place(table: Table) -> int:
    place = table.place(*_POSTCODE_COLUMNS)
    if place is None:
        raise ImportRefused(
            f"{table.name}, row 1: expected a column of postcodes named pcds, pcd7 or postcode, "
            f"found {', '.join(table.header[:8])}."
        )
    return place
