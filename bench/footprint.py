"""What a visitor's phone must load, and what the whole stack takes of the machine's memory."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.pages import PAGES
from bench.results import Result
from bench.serving import Request, memory_of, served
from bench.world import CAMPAIGN, SEAT, World, election_world

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE = {"width": 390, "height": 844}
WEIGHTS = {
    "map-page": (f"/{CAMPAIGN}/pledges/", 60),
    "search-page": (f"/{CAMPAIGN}/candidates/", 60),
    "constituency-page": (f"/{CAMPAIGN}/{SEAT}/", 40),
}
"""Other pages that a phone loads cold, and how many kilobytes each may take."""


def measure() -> Iterator[Result]:
    """Yield the weight of the pages, the requests of the first, and the memory of the stack."""
    world = election_world()
    with served("wsgi:app", world.environment) as site:
        if CHROMIUM is not None:
            kilobytes, addresses = _load(f"{site.url}/{CAMPAIGN}/", CHROMIUM)
            yield Result(
                name="footprint/campaign-page-weight",
                ratio=kilobytes,
                aim=40,
                bound="at most",
                unit="kB on the wire, cold, at 390 pixels",
            )
            yield Result(
                name="footprint/campaign-page-requests",
                ratio=len(addresses),
                aim=5,
                bound="at most",
                unit="requests",
                note=", ".join(addresses),
            )
            for name, (path, aim) in WEIGHTS.items():
                kilobytes, addresses = _load(site.url + path, CHROMIUM)
                yield Result(
                    name=f"footprint/{name}-weight",
                    ratio=kilobytes,
                    aim=aim,
                    bound="at most",
                    unit="kB on the wire, cold, at 390 pixels",
                    note=f"{len(addresses)} requests",
                )
        deliverer = _deliverer(world)
        try:
            asked = [Request(path, headers={"Accept-Encoding": "gzip"}) for path in PAGES.values()]
            postcodes = [Request(f"/{CAMPAIGN}/constituencies/"), Request("/static/css/site.css")]
            site.rate([*asked, *postcodes], seconds=4)
            web, delivery = site.memory(), memory_of(deliverer.pid)
        finally:
            deliverer.terminate()
            deliverer.wait()
    yield Result(
        name="footprint/memory",
        ratio=web + delivery,
        aim=120,
        bound="at most",
        unit="MiB (PSS) of the whole stack under load",
        note=f"gunicorn with its workers {web:.0f}, campaign deliver {delivery:.0f}",
    )


def _deliverer(world: World) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", "from campaign.app import main; main()", "deliver"],
        env={**os.environ, **world.environment, "MAIL_CHANNEL": "mailbox"},
        stdin=subprocess.DEVNULL,
    )
    time.sleep(4)
    return process


def _load(address: str, chromium: str) -> tuple[float, list[str]]:
    """Open a page in a fresh browser; return kilobytes received and the paths asked for."""
    from playwright.sync_api import sync_playwright

    received: dict[str, int] = {}
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=PHONE)  # type: ignore[arg-type]
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on(
            "Network.requestWillBeSent",
            lambda event: asked.append(event["request"]["url"].removeprefix(address)),
        )
        wire.on(
            "Network.loadingFinished",
            lambda event: received.update({event["requestId"]: event["encodedDataLength"]}),
        )
        page.goto(address, wait_until="networkidle")
        browser.close()
    return sum(received.values()) / 1000, asked
