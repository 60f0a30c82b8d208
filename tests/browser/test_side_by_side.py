"""The table of candidates in every width: still a table, and answers beside one another."""

from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.pages import SLUG

pytestmark = pytest.mark.browser

ADDRESS = f"/{SLUG}/copperby/"
"""Five candidates; three have answered, one of them disputes it."""


@pytest.fixture(params=[320, 390, 768, 1280])
def page(request: pytest.FixtureRequest, browser: Browser, demonstration: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=demonstration,
        viewport={"width": request.param, "height": 844},
        java_script_enabled=False,
    )
    page = context.new_page()
    page.goto(ADDRESS)
    yield page
    context.close()


def test_screen_readers_find_a_table_whatever_it_looks_like(page: Page) -> None:
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    roles = Counter(node["role"]["value"] for node in tree["nodes"] if not node["ignored"])
    assert (roles["table"], roles["caption"]) == (1, 1)
    assert (roles["row"], roles["rowheader"], roles["columnheader"]) == (6, 5, 5)
    # Four answers each, or one cell that says that there is none.
    assert roles["cell"] == 3 * 4 + 2


def test_answers_stand_beside_one_another_where_there_is_room(page: Page) -> None:
    row = page.locator(".compare tbody tr").filter(has=page.locator("td:nth-child(5)")).first
    boxes = [each.bounding_box() for each in row.locator("td").all()]
    assert len(boxes) == 4
    tops = {box and round(box["y"]) for box in boxes}
    is_narrow = page.viewport_size is not None and page.viewport_size["width"] < 352
    assert len(tops) == (4 if is_narrow else 1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
