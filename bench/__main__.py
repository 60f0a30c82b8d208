"""Measure what is claimed about speed and size: ``python -m bench [NAME …]``.

Each module of this folder that has a ``measure`` is a benchmark. Prints a table, writes
``bench/results.json`` and ends with 1 where an aim is missed.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.results import Result, show, write


def main(wanted: list[str]) -> int:
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    if unknown := set(wanted) - set(names):
        sys.exit(f"No benchmark of this name: {', '.join(sorted(unknown))}.")
    results: list[Result] = []
    for name in names:
        if name == "__main__" or (wanted and name not in wanted):
            continue
        measure = getattr(importlib.import_module(f"bench.{name}"), "measure", None)
        if measure is None:
            continue
        found: Iterable[Result] = measure()
        for result in found:
            print(show([result]), flush=True)
            results.append(result)
    write(results)
    return int(not all(result.ok for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
