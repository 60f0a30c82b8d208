"""Node packages that check pages from outside: where they are, or why a test cannot run."""

import os
import shutil
from pathlib import Path

from tests.conftest import missing

FOLDER = Path(
    os.environ.get("TEST_NODE_MODULES") or Path(__file__).parents[1] / "tools/node_modules"
)
_HOW = "run: npm ci --prefix tests/tools"


def find_package(path: str) -> Path:
    """Return a file of the installed packages; skips the test where it is not there."""
    found = FOLDER / path
    if not found.exists():
        missing(f"no {path} in {FOLDER}; {_HOW}")
    return found


def find_program(name: str) -> str:
    """Return a program of this machine; skips the test where it is not installed."""
    found = shutil.which(name)
    if found is None:
        missing(f"no {name} on this machine")
        raise AssertionError
    return found
