"""A list of the API against a bare view that returns a string of the same size.

The first page of the candidates and a later one, as a program asks that reads them all; both are
kept by the process. The notes also say how fast one is made, and that of a size of its own, which
is made each time.
"""

import statistics
from collections.abc import Iterator
from functools import partial

from bench.results import Result, interleaved, median_ratio
from bench.serving import Request, Site, served
from bench.world import CAMPAIGN, election_world

_LIST = f"/api/v1/campaigns/{CAMPAIGN}/candidates"
PAGES = {
    "candidates": _LIST,
    "candidates-page-7": f"{_LIST}?page=7",
    "events": f"/api/v1/campaigns/{CAMPAIGN}/events",
}
SECONDS = 2.0


def measure() -> Iterator[Result]:
    """Yield the ratio of each list to the bare view, taken in one run."""
    # Nobody asks a limit's worth from one address; the measurement does.
    settings = {**election_world(with_postcodes=False).environment, "RATE_LIMITS": "false"}
    with (
        served("wsgi:app", settings) as kept,
        served("wsgi:app", {**settings, "PAGE_CACHE": "false"}) as made,
    ):
        for name, path in PAGES.items():
            yield _against_bare(name, path, kept, made)


def _against_bare(name: str, path: str, kept: Site, made: Site) -> Result:
    status, _headers, body = kept.get(path)
    if status != 200:
        raise RuntimeError(f"{path}: {status}")
    with served(f"bench.bare:page({len(body)})") as bare:
        for site in (kept, made):
            site.rate([Request(path)], seconds=SECONDS)
        ours, limit, unkept = interleaved(
            partial(_rate, kept, path),
            partial(_rate, bare, "/"),
            partial(_rate, made, path),
            warm_up=False,
        )
    return Result(
        name=f"api/{name}",
        ratio=median_ratio(ours, limit),
        aim=0.3,
        note=f"{len(body) / 1000:.0f} kB; {statistics.median(ours):.0f} lists a second, bare view "
        f"{statistics.median(limit):.0f}; made anew each time {statistics.median(unkept):.0f}",
    )


def _rate(site: Site, path: str) -> float:
    return site.rate([Request(path)], seconds=SECONDS)
