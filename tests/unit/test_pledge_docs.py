"""What docs/pledges.md and the page about the record tell outsiders to run must be right."""

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from campaign.core.config import PROJECT_ROOT
from campaign.pledges.rules import chain_hash, to_json_line
from tests.unit.test_pledge_rules import ENTRY

GUIDE = (PROJECT_ROOT / "docs" / "pledges.md").read_text(encoding="utf-8")


def test_the_worked_example_has_the_hash_that_it_says() -> None:
    found = re.search(r"printf '%s' '([^']+)' \| sha256sum\n([0-9a-f]{64})", GUIDE)
    assert found is not None
    assert hashlib.sha256(found[1].encode()).hexdigest() == found[2]


@pytest.mark.parametrize(
    ("words", "head", "problem"),
    [
        ("Gwnaf – I will.", chain_hash(ENTRY), ""),
        ("I never will.", chain_hash(ENTRY), "record.jsonl, line 2: changed"),
        ("Gwnaf – I will.", "0" * 64, "heads.txt, line 2: not the head of 2031-05-01"),
        ("", "", "not the head of 2031-05-01"),
    ],
)
def test_the_program_finds_what_was_changed(
    tmp_path: Path, words: str, head: str, problem: str
) -> None:
    changed = replace(ENTRY, statement=words)
    line = to_json_line(changed, chain_hash(ENTRY)) if words else ""
    done = _check(tmp_path, line, head=head)
    assert done.returncode == (1 if problem else 0)
    assert problem in done.stderr
    assert problem or chain_hash(ENTRY) in done.stdout


SEALED = {"sequence": 1, "sealed": True, "previous_hash": ENTRY.previous_hash, "hash": "ab" * 32}
WHOLE = json.loads(to_json_line(ENTRY, chain_hash(ENTRY)))


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        (SEALED, ""),
        (SEALED | {"stance": "no"}, "line 2: changed"),
        (SEALED | {"sealed": "They said no."}, "line 2: changed"),
        (SEALED | {"sequence": "no"}, "line 2: not event 1"),
        (SEALED | {"previous_hash": "no"}, "line 2: not chained"),
        (WHOLE | {"sealed": True, "stance": "no"}, "line 2: changed"),
        (WHOLE | {"licence": "CC BY 4.0"}, "line 2: changed"),
    ],
)
def test_the_program_lets_nothing_invented_stand_on_a_line(
    tmp_path: Path, event: dict[str, object], problem: str
) -> None:
    line = json.dumps(event, sort_keys=True, separators=(",", ":"))
    done = _check(tmp_path, line, head=str(event["hash"]))
    assert problem in done.stderr
    assert done.returncode == (1 if problem else 0)
    if not problem:
        twice = _check(tmp_path, line.replace("{", '{"hash":"They said no.",'), head="ab" * 32)
        assert "line 2: not written as an event is" in twice.stderr


@pytest.mark.parametrize("line", ["<!doctype html>", "[]", "{}", '"no"'])
def test_the_program_says_of_what_is_no_event_that_it_is_none(tmp_path: Path, line: str) -> None:
    done = _check(tmp_path, line, head="")
    assert done.returncode == 1
    assert re.fullmatch(
        r"\S+record.jsonl, line 2: not (written as an event is|event 1)\n", done.stderr
    )


def _check(folder: Path, line: str, *, head: str) -> subprocess.CompletedProcess[str]:
    """Run the program over a record of one event and the head of one day; without asserts."""
    path, heads = folder / "record.jsonl", folder / "heads.txt"
    path.write_text("".join(f"{each}\n" for each in ('{"licence":"CC BY 4.0"}', line) if each))
    heads.write_text(f"# CC BY 4.0\n2031-05-01 1 {head or chain_hash(ENTRY)}\n")
    return subprocess.run(
        [sys.executable, "-O", str(PROJECT_ROOT / "static" / "check.py"), str(path), str(heads)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
