"""Read a TOML file key by key and collect everything that is wrong with it, to be told at once."""

import tomllib
from collections.abc import Iterator
from typing import Any

from campaign.core.errors import InvalidInput

TEXT_LIMIT = 20_000


class FileInvalid(InvalidInput):
    """A file breaks its rules; a line for each problem names file, key and what is expected."""


class TomlTable:
    """One table of the file; what is never asked for is unknown and becomes a problem."""

    def __init__(self, data: dict[str, Any], *, path: str, problems: list[str]) -> None:
        self._data = data
        self._path = path
        self._problems = problems
        self._known: set[str] = set()

    def problem(self, key: str, expected: str) -> None:
        """Note a problem with a key of this table."""
        self._problems.append(f"{self._path}{key}: {expected}")

    def text(self, key: str, *, limit: int = TEXT_LIMIT, is_required: bool = True) -> str:
        """Return a text without white space around it; empty where it is missing or wrong."""
        value = self._take(key)
        if value is None:
            if is_required:
                self.problem(key, "is missing; a text is expected")
            return ""
        if not isinstance(value, str):
            self.problem(key, f"a text in quotes is expected, not {_kind(value)}")
            return ""
        text = str(value).strip()
        if is_required and not text:
            self.problem(key, "is empty; a text is expected")
        if len(text) > limit:
            self.problem(key, f"has {len(text)} characters; at most {limit} are expected")
        return text

    def line(self, key: str, *, limit: int = 200, is_required: bool = True) -> str:
        """Return a text of one line."""
        value = self.text(key, limit=limit, is_required=is_required)
        if any(not sign.isprintable() for sign in value):
            self.problem(key, "one line without control characters is expected")
        return value

    def texts(self, key: str) -> dict[str, str]:
        """Return a table of texts, as ``{ stance = "yes" }``; empty where it is missing."""
        value = self._take(key)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            self.problem(key, 'a table of texts is expected, as { stance = "yes" }')
            return {}
        return dict(value)

    def number(self, key: str, *, default: int, lowest: int, highest: int) -> int:
        """Return a whole number between two others; the default where it is missing or wrong."""
        value = self._take(key)
        if value is None:
            return default
        if type(value) is not int or not lowest <= value <= highest:  # True is an int too.
            self.problem(key, f"a whole number from {lowest} to {highest} is expected")
            return default
        return value

    def table(self, key: str, *, is_required: bool = True) -> "TomlTable":
        """Return a table of this table; an empty one where it is missing or wrong."""
        value = self._take(key)
        if value is None and not is_required:
            return TomlTable({}, path=f"{self._path}{key}.", problems=self._problems)
        if not isinstance(value, dict):
            self.problem(key, f"a table is expected: [{key}]")
            return TomlTable({}, path=f"{self._path}{key}.", problems=[])
        return TomlTable(value, path=f"{self._path}{key}.", problems=self._problems)

    def tables(self, key: str) -> Iterator["TomlTable"]:
        """Yield the tables of a list; at least one is expected."""
        value = self._take(key)
        if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
            self.problem(key, f"at least one table is expected: [[{key}]]")
            return
        for number, each in enumerate(value, start=1):
            yield TomlTable(each, path=f"{self._path}{key} {number}, ", problems=self._problems)

    def end(self) -> None:
        """Note every key that nobody asked for."""
        for key in sorted(set(self._data) - self._known):
            self.problem(key, f"is not known here; known are: {', '.join(sorted(self._known))}")

    def _take(self, key: str) -> Any:
        self._known.add(key)
        return self._data.get(key)


def read_toml(content: bytes, *, name: str) -> tuple[TomlTable, list[str]]:
    """Return the file's outermost table and its list of problems, still empty.

    Raises FileInvalid for what is not TOML in UTF-8.
    """
    try:
        data = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FileInvalid(f"{name}: the file is not UTF-8 at byte {error.start}.") from error
    except tomllib.TOMLDecodeError as error:
        raise FileInvalid(f"{name}: the file is not TOML: {error}.") from error
    problems: list[str] = []
    return TomlTable(data, path="", problems=problems), problems


def _kind(value: object) -> str:
    return {bool: "true or false", int: "a number", float: "a number", list: "a list"}.get(
        type(value), "something else"
    )
