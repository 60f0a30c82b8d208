"""Events as lines of a file: JSON Lines and CSV, from which each comes back as it was.

A line of JSON is the canonical JSON of the event with its hash added. In the CSV every event has
every column. A cell that a spreadsheet program could take for a formula gets an apostrophe in
front; so does one that begins with an apostrophe, and reading takes exactly one away again.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from campaign.pledges.errors import ImportRefused, PledgeInvalid
from campaign.pledges.rules.chain import (
    NEWEST_FORM,
    ChainEntry,
    canonical_fields,
    canonical_json,
    chain_hash,
)
from campaign.pledges.rules.kinds import Channel, EventKind, Stance, VerificationLevel
from campaign.pledges.rules.texts import (
    QUOTE_LIMIT,
    REASON_LIMIT,
    STATEMENT_LIMIT,
    clean_sha256,
    clean_source_url,
    clean_text,
)

COLUMNS = (
    "campaign", "sequence", "form", "kind", "person_id", "ballot_id", "ask", "ask_version",
    "refers_to", "stance", "statement", "channel", "source_url", "quote", "archive_sha256",
    "archive_url", "valid_from", "reason", "verification_level", "entered_by", "recorded_at",
    "previous_hash", "hash",
)  # fmt: skip
_NUMBERS = frozenset(
    {"sequence", "form", "person_id", "ask_version", "refers_to", "verification_level"}
)
_NONE_WHERE_EMPTY = frozenset({"refers_to", "stance", "valid_from"})
_ONLY_IN_FORM_2 = frozenset({"form", "archive_sha256", "archive_url", "valid_from", "reason"})
# What a spreadsheet program may take for the beginning of a formula, also behind spaces.
_NEEDS_APOSTROPHE = re.compile(r"\s*[=+\-@＝＋－＠']|[\t\r\n]")


def to_json_line(entry: ChainEntry, stored_hash: str) -> str:
    """Return an event as one line of JSON, without its end."""
    fields = canonical_fields(entry) | {"hash": stored_hash}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def to_cells(entry: ChainEntry, stored_hash: str) -> list[str]:
    """Return an event as the cells of a row under ``COLUMNS``."""
    fields = {"form": entry.form} | canonical_fields(entry) | {"hash": stored_hash}
    return [_to_cell(fields.get(name)) for name in COLUMNS]


def from_json_line(line: str) -> tuple[ChainEntry, str]:
    """Return the event of a line and its hash; raises ImportRefused with what is wrong."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ImportRefused("this is not a line of JSON") from error
    if not isinstance(fields, dict):
        raise ImportRefused("this is not an event")
    if "licence" in fields or "sealed" in fields:
        raise ImportRefused(
            "this is the public record, without what is not public; import the file that "
            "“campaign pledges export --campaign SLUG --format jsonl FILE” writes"
        )
    form = fields.get("form", 1)
    wanted = set(COLUMNS) - (_ONLY_IN_FORM_2 if form == 1 else set())
    if form == NEWEST_FORM or form == 1:
        _check_names(set(fields), wanted)
    return _from_fields({"form": form} | fields)


def check_columns(names: Sequence[str]) -> None:
    """Raise ImportRefused unless these are the columns of a record, in any order."""
    _check_names(set(names), set(COLUMNS))
    if len(names) != len(COLUMNS):
        raise ImportRefused("a column stands there twice")


def from_cells(cells: Mapping[str, str]) -> tuple[ChainEntry, str]:
    """Return the event of a row and its hash; raises ImportRefused with what is wrong."""
    return _from_fields({name: _from_cell(name, cells[name]) for name in COLUMNS})


def _to_cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if _NEEDS_APOSTROPHE.match(text) else text


def _from_cell(name: str, cell: str) -> object:
    text = cell[1:] if cell.startswith("'") else cell
    if text == "" and name in _NONE_WHERE_EMPTY:
        return None
    if name not in _NUMBERS:
        return text
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ImportRefused(f"{name} is not a number")
    return int(text)


def _check_names(found: set[str], wanted: set[str]) -> None:
    if missing := sorted(wanted - found):
        raise ImportRefused(f"it has no {', '.join(missing)}")
    if unknown := sorted(found - wanted):
        raise ImportRefused(f"nothing is known here as {', '.join(unknown)}")


def _from_fields(fields: Mapping[str, object]) -> tuple[ChainEntry, str]:
    if fields["form"] not in (1, NEWEST_FORM):
        raise ImportRefused("its form is unknown here: a newer version has written it")
    for name, value in fields.items():
        is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
        if name in _NUMBERS and not (is_number or (value is None and name == "refers_to")):
            raise ImportRefused(f"{name} is not a number")
        may_be_none = name in _NONE_WHERE_EMPTY and value is None
        if name not in _NUMBERS and not (isinstance(value, str) or may_be_none):
            raise ImportRefused(f"{name} is not a text")
    try:
        entry = _read(fields)
    except (ValueError, TypeError) as error:
        raise ImportRefused(f"a value is not known here: {error}") from error
    _check_texts(entry)
    stored_hash = str(fields["hash"])
    if not entry.is_whole or chain_hash(entry) != stored_hash:
        raise ImportRefused("its content is not what its hash was made of")
    return entry, stored_hash


def _read(fields: Mapping[str, object]) -> ChainEntry:
    # Values have their types by now; a wrong enum or time raises ValueError.
    values: dict[str, object] = {name: fields[name] for name in fields if name != "hash"}
    values["kind"] = EventKind(str(fields["kind"]))
    values["channel"] = Channel(str(fields["channel"]))
    values["stance"] = None if fields["stance"] is None else Stance(str(fields["stance"]))
    values["verification_level"] = VerificationLevel(int(str(fields["verification_level"])))
    values["recorded_at"] = datetime.fromisoformat(str(fields["recorded_at"]))
    valid_from = fields.get("valid_from")
    values["valid_from"] = None if valid_from is None else date.fromisoformat(str(valid_from))
    entry = ChainEntry(**values)  # type: ignore[arg-type]  # checked by name above
    if entry.recorded_at.tzinfo is None:
        raise ValueError("recorded_at has no time zone")
    canonical_json(entry).encode("ascii")
    return entry


def _check_texts(entry: ChainEntry) -> None:
    """Refuse what could not have been recorded here: it would be shown as if it had been."""
    try:
        is_clean = (
            clean_text(entry.statement, limit=STATEMENT_LIMIT) == entry.statement
            and clean_text(entry.quote, limit=QUOTE_LIMIT) == entry.quote
            and clean_text(entry.reason, limit=REASON_LIMIT) == entry.reason
            and clean_source_url(entry.source_url) == entry.source_url
            and clean_source_url(entry.archive_url) == entry.archive_url
            and clean_sha256(entry.archive_sha256) == entry.archive_sha256
        )
    except PledgeInvalid as error:
        raise ImportRefused(f"it holds what a record cannot: {error}") from error
    if not is_clean:
        raise ImportRefused("it holds a text that no record has in this way")
