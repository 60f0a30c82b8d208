"""Candidates: Democracy Club's exports, the current layout and the legacy ones from 37 columns up.

Columns are found by name, since their order varies, and all but the core ones may be missing.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from campaign.importers.errors import ImportRefused
from campaign.importers.sources import OpenSource
from campaign.importers.tables import Table

LARGEST_ID = 2**31 - 1
_PARLIAMENT = "parliament.uk"
_PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*")
_BOOLEANS = {"t": True, "true": True, "f": False, "false": False}
_LEGACY_PARTY = re.compile(r"party:(\d+)")
_CODE = re.compile(r"[A-Z]\d{8}")


class EmailFault(StrEnum):
    """Why an e-mail address of the file is not taken."""

    NOT_AN_ADDRESS = "not an address"
    PARLIAMENT = "of Parliament"
    """It stops being theirs at dissolution, and letters leave only afterwards."""


@dataclass(frozen=True, slots=True)
class CandidateRecord:
    """One row: a person on a ballot."""

    row: int
    person_id: int
    name: str
    last_name: str
    """The surname on the statement of persons nominated; empty where the file has none."""
    ballot_paper_id: str
    """Empty in the layouts that have none."""
    code: str
    """GSS code of the constituency, where the file gives it."""
    party_id: str
    party_name: str
    email: str | None
    is_elected: bool | None
    """None while there is no result."""
    is_cancelled: bool | None
    """None where the file does not say."""
    old_person_ids: tuple[int, ...]


@dataclass(kw_only=True)
class CandidateFile:
    """The candidates of one election, and what was left out of the file."""

    name: str
    election_id: str
    polling_day: date
    records: list[CandidateRecord] = field(default_factory=list)
    has_emails: bool
    """Whether the layout has a column of addresses at all."""
    has_last_names: bool
    left_out: Counter[str] = field(default_factory=Counter)
    """Rows of other elections, by election."""
    email_faults: Counter[EmailFault] = field(default_factory=Counter)

    def where(self, record: CandidateRecord, column: str) -> str:
        """Return the place of a cell as errors name it."""
        return f"{self.name}, row {record.row}, column {column}"


@dataclass(frozen=True)
class _Layout:
    """Where each thing is; None for a column that is not there."""

    person_id: int
    name: int
    election_id: int
    election_date: int
    party_id: int
    party_name: int
    ballot_paper_id: int | None
    codes: tuple[int, ...]
    email: int | None
    elected: int | None
    cancelled: int | None
    last_name: int | None
    party_ec_id: int | None
    old_person_ids: int | None


NAME_LIMIT = 200
"""Characters of a name; the longest in the final list of 2024, a party's, has 54."""
_CURRENT = ("person_id", "person_name", "election_id", "ballot_paper_id", "election_date")
_LEGACY = ("id", "name", "election", "election_date", "post_id", "old_person_ids")


def read(source: OpenSource, *, election_id: str | None = None) -> CandidateFile:
    """Return the candidates of one election; without ``election_id``, of the only one in the file.

    Raises ImportRefused with file, row, column and what was expected.
    """
    table = Table.read(source)
    layout = _recognise(table)
    ids: Counter[str] = Counter()
    wanted = election_id
    parser: _RowParser | None = None
    for row, cells in table.rows():
        current = cells[layout.election_id]
        ids[current] += 1
        if wanted is None:
            wanted = current
        if current == wanted:
            if parser is None:
                parser = _RowParser(table, layout, row, cells, current)
            parser.add(row, cells)
    if not ids:
        raise ImportRefused(f"{table.name} has a header and no candidates.")
    if election_id is None and len(ids) > 1:
        raise ImportRefused(
            f"{table.name} has candidates of {len(ids)} elections; choose one with --election, "
            f"such as {', '.join(sorted(ids)[:10])}."
        )
    if parser is None:
        raise ImportRefused(
            f"{table.name} has no candidates of {wanted}, only of {', '.join(sorted(ids)[:10])}."
        )
    ids.pop(parser.file.election_id)
    parser.file.left_out = ids
    return parser.file


def _recognise(table: Table) -> _Layout:
    names = table.columns.keys()
    is_current = names >= set(_CURRENT)
    if not is_current and "mapit_id" in names and "election" not in names:
        raise ImportRefused(
            f"{table.name}, row 1: this is the layout of May 2015 ({len(names)} columns), which "
            "names neither election nor ballot; get a newer export from Democracy Club."
        )
    wanted = (*(_CURRENT if is_current else _LEGACY), "party_id", "party_name")
    missing = [name for name in wanted if name not in names]
    if missing:
        if names & {"person_id", "person_name", "ballot_paper_id"}:
            missing = [name for name in (*_CURRENT, "party_id", "party_name") if name not in names]
        raise ImportRefused(
            f"{table.name}, row 1: expected the columns of a Democracy Club export, "
            f"missing {', '.join(missing)}."
        )
    place = table.place
    codes = (place("gss_code"), place("gss"), place("post_id"))
    column = table.columns.__getitem__
    return _Layout(
        person_id=column("person_id" if is_current else "id"),
        name=column("person_name" if is_current else "name"),
        election_id=column("election_id" if is_current else "election"),
        election_date=column("election_date"),
        party_id=column("party_id"),
        party_name=column("party_name"),
        ballot_paper_id=place("ballot_paper_id"),
        codes=tuple(each for each in codes if each is not None),
        email=place("email"),
        elected=place("elected"),
        cancelled=place("cancelled_poll"),
        last_name=place("sopn_last_name"),
        party_ec_id=place("party_ec_id"),
        old_person_ids=place("old_person_ids"),
    )


class _RowParser:
    """Turns rows of one election into records."""

    def __init__(
        self, table: Table, layout: _Layout, row: int, cells: Sequence[str], election_id: str
    ) -> None:
        self._table = table
        self._layout = layout
        self._day = cells[layout.election_date]
        self._rows: dict[tuple[int, str], int] = {}
        try:
            polling_day = date.fromisoformat(self._day)
        except ValueError as error:
            raise table.invalid(
                row, layout.election_date, expected="a date such as 2024-07-04", found=self._day
            ) from error
        if not re.fullmatch(r"[a-z]+(\.[a-z0-9.-]+)?\.\d{4}-\d\d-\d\d", election_id):
            raise table.invalid(
                row, layout.election_id, expected="an id such as parl.2024-07-04", found=election_id
            )
        self.file = CandidateFile(
            name=table.name,
            election_id=election_id,
            polling_day=polling_day,
            has_emails=layout.email is not None,
            has_last_names=layout.last_name is not None,
        )

    def add(self, row: int, cells: list[str]) -> None:
        """Read one row; raises CellInvalid."""
        layout = self._layout
        if cells[layout.election_date] != self._day:
            raise self._invalid(row, layout.election_date, cells, f"{self._day} as in other rows")
        person_id = cells[layout.person_id]
        if not (person_id.isdecimal() and 0 < int(person_id) <= LARGEST_ID):
            raise self._invalid(row, layout.person_id, cells, "a number")
        ballot = cells[layout.ballot_paper_id] if layout.ballot_paper_id is not None else ""
        if ballot and not (ballot.endswith(self._day) and ballot.count(".") >= 2):
            assert layout.ballot_paper_id is not None
            raise self._invalid(
                row, layout.ballot_paper_id, cells, f"an id such as parl.aldershot.{self._day}"
            )
        record = CandidateRecord(
            row,
            int(person_id),
            self._text(row, layout.name, cells),
            self._optional_text(row, layout.last_name, cells),
            ballot,
            self._code(cells),
            self._party_id(row, cells),
            self._text(row, layout.party_name, cells),
            self._email(cells[layout.email]) if layout.email is not None else None,
            self._boolean(row, layout.elected, cells),
            self._boolean(row, layout.cancelled, cells),
            self._old_person_ids(row, cells),
        )
        first = self._rows.setdefault((record.person_id, ballot or record.code), row)
        if first != row:
            raise ImportRefused(
                f"{self._table.name}, row {row}: person {person_id} stands on this ballot in row "
                f"{first} already."
            )
        self.file.records.append(record)

    def _text(self, row: int, place: int, cells: Sequence[str]) -> str:
        text = cells[place]
        if not text.isprintable() or text[:1] in ('"', " ", "") or "  " in text or text[-1] == " ":
            text = " ".join(_unwrap(text).split())
            if not text or not text.isprintable():
                raise self._invalid(row, place, cells, "a name")
        if len(text) > NAME_LIMIT:
            raise self._invalid(row, place, cells, f"a name of at most {NAME_LIMIT} characters")
        return text

    def _optional_text(self, row: int, place: int | None, cells: Sequence[str]) -> str:
        return self._text(row, place, cells) if place is not None and cells[place].strip() else ""

    def _boolean(self, row: int, place: int | None, cells: Sequence[str]) -> bool | None:
        if place is None or not cells[place]:
            return None
        value = _BOOLEANS.get(cells[place].lower())
        if value is None:
            raise self._invalid(row, place, cells, "t or f")
        return value

    def _code(self, cells: Sequence[str]) -> str:
        for place in self._layout.codes:
            code = _unwrap(cells[place]).rpartition(":")[2]
            if _CODE.fullmatch(code):
                return code
        return ""

    def _party_id(self, row: int, cells: Sequence[str]) -> str:
        ec_id = self._layout.party_ec_id
        party_id = (cells[ec_id] if ec_id is not None else "") or cells[self._layout.party_id]
        if not party_id:
            raise self._invalid(row, self._layout.party_id, cells, "a party such as PP52")
        return _LEGACY_PARTY.sub(r"PP\1", party_id) if party_id.startswith("party:") else party_id

    def _old_person_ids(self, row: int, cells: Sequence[str]) -> tuple[int, ...]:
        place = self._layout.old_person_ids
        if place is None or not cells[place]:
            return ()
        ids = [int(each) for each in re.findall(r"\d{1,10}", cells[place])]
        if any(each > LARGEST_ID for each in ids):
            raise self._invalid(row, place, cells, "numbers")
        return tuple(ids)

    def _email(self, cell: str) -> str | None:
        text = _unwrap(cell).strip()
        if not text:
            return None
        local_part, _, domain = text.rpartition("@")
        domain = domain.lower()
        if domain == _PARLIAMENT or domain.endswith("." + _PARLIAMENT):
            self.file.email_faults[EmailFault.PARLIAMENT] += 1
            return None
        if len(local_part) <= 64 and _PLAIN_LOCAL_PART.fullmatch(local_part):
            is_valid = _is_domain(domain)
            text = f"{local_part}@{domain}"
        else:
            is_valid = _is_address(text)
        if not is_valid:
            self.file.email_faults[EmailFault.NOT_AN_ADDRESS] += 1
            return None
        return text

    def _invalid(self, row: int, place: int, cells: Sequence[str], expected: str) -> ImportRefused:
        return self._table.invalid(row, place, expected=expected, found=cells[place])


def _unwrap(cell: str) -> str:
    """Return the text of a cell that holds it as a JSON string, with quotes; else the cell."""
    if not cell.startswith('"'):
        return cell
    try:
        value = json.loads(cell)
    except ValueError:
        return cell
    return value if isinstance(value, str) else cell


@lru_cache(maxsize=10_000)
def _is_domain(domain: str) -> bool:
    return _is_address(f"a@{domain}")


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return False
    return True
