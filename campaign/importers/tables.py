"""A CSV file as rows, with errors that say where."""

import contextlib
import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Self

from campaign.importers.errors import CellInvalid, ImportRefused
from campaign.importers.sources import OpenSource, reading

_UNUSUAL = re.compile(r"[^a-z0-9]+")


class Table:
    """The rows of a CSV file, its columns found by name in any order."""

    def __init__(self, name: str, header: list[str], rows: Iterator[list[str]]) -> None:
        self.name = name
        self.header = header
        self.columns = {plain_name(title): place for place, title in enumerate(header)}
        self._rows = rows
        if len(self.columns) != len(header):
            raise ImportRefused(f"{name}, row 1: the header names a column twice.")

    @classmethod
    def read(cls, source: OpenSource) -> Self:
        """Read the header; the rows follow as they are asked for."""
        reader = csv.reader(source.text, strict=True)
        with reading(source.name):
            try:
                header = next(reader, [])
            except csv.Error as error:
                raise ImportRefused(f"{source.name}, row 1: {error}.") from error
        return cls(source.name, [title.strip() for title in header], reader)

    def place(self, *names: str) -> int | None:
        """Return the place of the first of these columns that is there."""
        return next((self.columns[name] for name in names if name in self.columns), None)

    def without_header(self, names: Sequence[str]) -> "Table":
        """Return the same table with these names; what was taken for the header is its first row.

        Row numbers then begin at 2 all the same.
        """
        return Table(self.name, list(names), chain([self.header], self._rows))

    def raw_rows(self) -> Iterator[list[str]]:
        """Return the rows unchecked, for who reads millions."""
        return self._rows

    @contextlib.contextmanager
    def csv_errors(self, row: int) -> Iterator[None]:
        """Turn what the CSV parser refuses into one clear sentence."""
        try:
            yield
        except csv.Error as error:
            raise ImportRefused(f"{self.name}, row {row} or later: {error}.") from error

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (row number, cells); the header is row 1, as in a spreadsheet; empty rows go."""
        width, number = len(self.header), 1
        with reading(self.name):
            try:
                for cells in self._rows:
                    number += 1
                    if len(cells) == width:
                        yield number, cells
                    elif any(cells):
                        raise ImportRefused(
                            f"{self.name}, row {number}: expected {width} cells as in the "
                            f"header, found {len(cells)}."
                        )
            except csv.Error as error:
                raise ImportRefused(f"{self.name}, row {number + 1}: {error}.") from error

    def invalid(self, row: int, place: int, *, expected: str, found: str) -> CellInvalid:
        """Return the error about one cell."""
        return CellInvalid(
            self.name, row=row, column=self.header[place], expected=expected, found=found
        )


def plain_name(title: str) -> str:
    """Return a column's name in small letters with _ for the rest: ``GSS code`` is gss_code."""
    return _UNUSUAL.sub("_", title.strip().lower()).strip("_")
