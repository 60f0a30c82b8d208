"""What docs/pledges.md and the page about the record tell outsiders to run must be right."""

import hashlib
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
        ("I never will.", chain_hash(ENTRY), "changed: 1"),
        ("Gwnaf – I will.", "0" * 64, "not the head of 2031-05-01"),
        ("", "", "not the head of 2031-05-01"),
    ],
)
def test_the_program_finds_what_was_changed(
    tmp_path: Path, words: str, head: str, problem: str
) -> None:
    path, heads = tmp_path / "record.jsonl", tmp_path / "heads.txt"
    changed = replace(ENTRY, statement=words)
    line = f"{to_json_line(changed, chain_hash(ENTRY))}\n" if words else ""
    path.write_text(f'{{"licence":"CC BY 4.0"}}\n{line}')
    heads.write_text(f"# CC BY 4.0\n2031-05-01 1 {head or chain_hash(ENTRY)}\n")
    done = subprocess.run(
        [sys.executable, PROJECT_ROOT / "static" / "check.py", path, heads],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == (1 if problem else 0)
    assert problem in done.stderr
    assert problem or chain_hash(ENTRY) in done.stdout
