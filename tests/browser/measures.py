"""What is measured on the page that is open: axe's rules, and ours in ``measures.js``."""

from pathlib import Path
from typing import Literal, cast

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

Measure = Literal[
    "sideways", "unreadable", "targets", "forced", "motion", "remember", "focus", "unvisited"
]
_MEASURES = Path(__file__).with_name("measures.js").read_text(encoding="utf-8")
_RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "resultTypes": ["violations"],
}
_AXE = "options => axe.run(options).then(({ violations }) => violations)"


def measure(page: Page, what: Measure) -> list[str]:
    """Return what one measure finds wrong, a sentence each."""
    return cast(list[str], page.evaluate(f"{_MEASURES}['{what}']()") or [])


def bring_axe(page: Page) -> None:
    """Load axe into the page that is open, once for all runs on it."""
    page.evaluate(AXE_SCRIPT)


def run_axe(page: Page) -> list[str]:
    """Return the rules of WCAG 2.2 AA and of good practice that the page breaks, and where."""
    return [
        f"{found['id']}: " + "; ".join(node["html"][:120] for node in found["nodes"][:3])
        for found in page.evaluate(_AXE, _RULES)
    ]
