"""From a postcode to the constituency's page, against a bare view with one look-up in SQLite.

Two requests of ours, the look-up and the page that it leads to, are counted as one and compared
with one request of the bare view. All 1.73 million postcodes are loaded, those asked for lie all
over the country, and limits for each address are on, every visitor having another address. Each
constituency's page has been asked for before, as in any minute of a campaign.
"""

import sqlite3
import statistics
from collections.abc import Iterator
from functools import partial

from bench.results import Result, interleaved, median_ratio
from bench.serving import Request, served
from bench.world import CAMPAIGN, World, election_world

VISITORS = 2_000
WARM_SECONDS = 8.0


def measure() -> Iterator[Result]:
    """Yield the ratio of whole look-ups to bare ones."""
    world = election_world()
    bare_visits, pages, visits = _requests(world)
    environment = {**world.environment, "TRUSTED_PROXIES": "1"}
    with (
        served("wsgi:app", environment) as ours,
        served(f'bench.bare:lookup("{world.database_path}")') as bare,
    ):
        ours.rate(pages, seconds=WARM_SECONDS)
        both, limit = interleaved(partial(ours.rate, visits), partial(bare.rate, bare_visits))
    whole = [rate / 2 for rate in both]
    yield Result(
        name="lookup/postcode-to-page",
        ratio=median_ratio(whole, limit),
        aim=0.4,
        note=f"{statistics.median(whole):.0f} look-ups with their page a second, bare look-up "
        f"{statistics.median(limit):.0f}",
    )


def _requests(world: World) -> tuple[list[Request], list[Request], list[Request]]:
    connection = sqlite3.connect(world.database_path)
    found = connection.execute(
        "SELECT p.postcode, c.slug FROM postcodes p JOIN constituencies c"
        " ON c.id = p.constituency_id WHERE p.ended IS NULL AND abs(random()) % 500 = 0"
        " ORDER BY random() LIMIT ?",
        (VISITORS,),
    ).fetchall()
    connection.close()
    bare, pages, visits = [], [], []
    for number, (postcode, slug) in enumerate(found):
        # As nginx passes it on; browsers all take gzip.
        headers = {
            "X-Forwarded-For": f"10.0.{number // 256}.{number % 256}",
            "Accept-Encoding": "gzip",
        }
        page = Request(f"/{CAMPAIGN}/{slug}/", headers=headers)
        pages.append(page)
        visits += [Request(f"/{CAMPAIGN}/find?postcode={postcode}", headers=headers), page]
        bare.append(Request(f"/?postcode={postcode}"))
    return bare, pages, visits
