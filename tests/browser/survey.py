"""One walk over every page, with every measure taken on each; every page is loaded once."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Page, Response

from tests.browser.measures import bring_axe, measure, run_axe

PHONE, DESK = 390, 1280
HEIGHT = 844
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
REFLOW = {
    "200 % zoom of 1280 px": (640, 100),
    "400 % zoom of 1280 px": (320, 100),
    "text alone at 200 %, 1280 px": (DESK, 200),
    "text alone at 200 %, 640 px": (640, 200),
}
"""Name of a zoom: the width in CSS pixels that it leaves, and the size of text in per cent."""


@dataclass
class Survey:
    """What was found, by the name of the check; and the pages themselves."""

    folder: Path
    """One file of HTML for each page, as the server sent it."""
    names: list[str] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    faults: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def take(self, page: Page, pages: Iterator[str]) -> None:
        """Measure every page of a walk."""
        documents: list[Response] = []

        def keep(response: Response) -> None:
            is_page = response.request.is_navigation_request() and response.frame == page.main_frame
            if is_page and not 300 <= response.status < 400:
                documents[:] = [response]

        page.on("response", keep)
        _settle(page)
        for name in pages:
            self.names.append(name)
            self.paths.add(urlsplit(page.url).path)
            file = self.folder / f"{len(self.names):03}.html"
            file.write_bytes(documents[0].body())
            for check, fault in _faults(page):
                self.faults[check].append(f"{name}: {fault}")
            _settle(page)


def _settle(page: Page) -> None:
    """Set the window as it is while walking."""
    page.set_viewport_size({"width": DESK, "height": HEIGHT})
    page.emulate_media(color_scheme="light", forced_colors="none", reduced_motion="reduce")


def _faults(page: Page) -> Iterator[tuple[str, str]]:
    """Yield check and fault for the page that is open."""
    for fault in measure(page, "motion"):
        yield "motion", fault
    bring_axe(page)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width in (DESK, PHONE):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            for fault in run_axe(page):
                yield f"axe, {scheme}, {width} px", fault
    for fault in measure(page, "targets"):
        yield "targets", fault
    for name, (width, size) in REFLOW.items():
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.evaluate("size => document.documentElement.style.fontSize = size", f"{size}%")
        for fault in (*measure(page, "sideways"), *measure(page, "unreadable")):
            yield name, fault
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size({"width": PHONE, "height": HEIGHT})
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, forced_colors="active")
        page.keyboard.press("Tab")
        for fault in measure(page, "forced"):
            yield "forced colours", f"{scheme}, {fault}"
