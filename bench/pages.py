"""The three busiest pages against a bare view that returns a string of the same size.

Asked for as a browser does that has nothing yet, but without compression, so that both sides send
the same number of bytes. What visitors get is a page that the process has kept; the notes also say
how fast one is made. Once more with five million letters in the database.
"""

import shutil
import statistics
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.results import Result, interleaved, median_ratio
from bench.serving import Request, Site, served
from bench.world import CAMPAIGN, LETTERS, SEAT, World, add_letters, election_world

PAGES = {
    "campaign": f"/{CAMPAIGN}/",
    "constituency": f"/{CAMPAIGN}/{SEAT}/",
    "tracker": f"/{CAMPAIGN}/pledges/",
}
MANY_LETTERS = 5_000_000
SECONDS = 2.0
WARM_SECONDS = 6.0
"""Each worker makes a page once, and its connections ask a database that has been read."""


def measure() -> Iterator[Result]:
    """Yield each page's ratio to the bare view, and to itself with five million letters."""
    world = election_world()
    with (
        served("wsgi:app", world.environment) as kept,
        served("wsgi:app", {**world.environment, "PAGE_CACHE": "false"}) as made,
    ):
        for name, path in PAGES.items():
            yield _against_bare(name, path, kept, made)
    with tempfile.TemporaryDirectory(prefix="campaign-bench-") as folder:
        crowded = World(Path(folder))
        shutil.copytree(world.folder, crowded.folder, dirs_exist_ok=True)
        add_letters(crowded, MANY_LETTERS - LETTERS)
        yield from _with_more_letters(world, crowded)


def _against_bare(name: str, path: str, kept: Site, made: Site) -> Result:
    status, _headers, body = kept.get(path)
    if status != 200:
        raise RuntimeError(f"{path}: {status}")
    with served(f"bench.bare:page({len(body)})") as bare:
        _warm(path, kept, made)
        rates = interleaved(
            partial(_rate, kept, path),
            partial(_rate, bare, "/"),
            partial(_rate, made, path),
            warm_up=False,
        )
    ours, limit, unkept = rates
    return Result(
        name=f"pages/{name}",
        ratio=median_ratio(ours, limit),
        aim=0.5,
        note=f"{len(body) / 1000:.0f} kB; {statistics.median(ours):.0f} pages a second, bare view "
        f"{statistics.median(limit):.0f}; made anew each time {statistics.median(unkept):.0f}",
    )


def _with_more_letters(few: World, many: World) -> Iterator[Result]:
    with (
        served("wsgi:app", few.environment) as before,
        served("wsgi:app", many.environment) as after,
    ):
        for name, path in PAGES.items():
            _warm(path, before, after)
            then, now = interleaved(
                partial(_rate, before, path), partial(_rate, after, path), warm_up=False
            )
            yield Result(
                name=f"pages/{name}-crowded",
                ratio=median_ratio(now, then),
                aim=0.8,
                unit="of its own speed before",
                note=f"{statistics.median(now):.0f} a second with {MANY_LETTERS:,} letters, "
                f"{statistics.median(then):.0f} with {LETTERS:,}",
            )


def _warm(path: str, *sites: Site) -> None:
    for site in sites:
        site.rate([Request(path)], seconds=WARM_SECONDS)


def _rate(site: Site, path: str) -> float:
    return site.rate([Request(path)], seconds=SECONDS)
