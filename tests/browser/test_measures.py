"""The measures find what they are for, and leave a sound page alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.measures import Measure, measure

pytestmark = pytest.mark.browser

SOUND = """
<!doctype html><html lang="en"><head><title>Sound</title><style>
  body { font: 16px/1.5 sans-serif } :focus-visible { outline: 3px solid }
  button, input { border: 2px solid; min-height: 2.75rem }
  .region { overflow-x: auto }
</style></head><body>
  <p>A sentence with <a href="/small">a link</a> in it.</p>
  <label for="name">Name</label> <input id="name">
  <button>Send</button> <span class="badge" style="border: 1px solid">Yes</span>
  <div class="region" role="region" aria-label="Figures" tabindex="0">
    <p style="width: 3000px">x</p>
  </div>
  <div style="height: 2rem; overflow-y: auto"><p>One<br>Two<br>Three<br>Four<br>Five</p></div>
  <p>Below what scrolls<br>stands other text.</p>
</body></html>
"""
FAULTS: list[tuple[Measure, str, str]] = [
    ("sideways", '<p style="width: 3000px">Long</p>', "scrolls sideways"),
    ("sideways", '<div class="region"><p style="width: 3000px">x</p></div>', "scrolls by itself"),
    ("unreadable", '<p style="height: 1rem; overflow: hidden">Two<br>lines</p>', "is cut off"),
    ("unreadable", '<p style="margin-left: -30px">Outside</p>', "runs out of the window"),
    ("unreadable", '<p>Under</p><p style="margin-top: -2.5rem">Over</p>', "lies on other text"),
    ("targets", '<p style="line-height: 1"><a href="/1">1</a><br><a href="/2">2</a></p>', "px: <a"),
    ("forced", '<button style="border: 0">Send</button>', "a button without a border"),
    ("forced", '<input aria-label="Name" style="border: 0">', "a field without a border"),
    ("forced", '<span class="badge">Yes</span>', "a badge without a border"),
    ("forced", '<span class="badge" style="border: 1px solid"></span>', "a badge without a word"),
    ("forced", '<a href="/" style="outline: none">Home</a>', "no outline on focus"),
    ("forced", "<svg><a href='/'><circle r=20 fill=none></circle></a></svg>", "a place"),
    ("motion", '<p style="transition: color 1s">Gliding</p>', "moves"),
    ("motion", "<style>html { scroll-behavior: smooth }</style>", "glides"),
    ("focus", '<a href="/" autofocus style="outline: none">Home</a>', "does not show"),
    ("focus", '<a href="/" autofocus style="position: fixed; top: -9rem">Home</a>', "out of sight"),
    (
        "focus",
        '<button autofocus>Send</button><p style="position: fixed; inset: 0">Cover</p>',
        "is covered by",
    ),
    ("unvisited", '<a href="/">Home</a>', "Home"),
]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 640, "height": 400})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("what", ["sideways", "unreadable", "targets", "motion"])
def test_a_sound_page_is_left_alone(page: Page, what: Measure) -> None:
    page.set_content(SOUND)
    assert measure(page, what) == []


def test_a_sound_page_keeps_its_shapes_where_colours_are_forced(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    page.set_content(SOUND)
    page.keyboard.press("Tab")
    assert measure(page, "forced") == []


def test_a_sound_page_shows_where_the_focus_is(page: Page) -> None:
    page.set_content(SOUND)
    measure(page, "remember")
    page.keyboard.press("Tab")
    assert measure(page, "focus") == []


@pytest.mark.parametrize(("what", "fault", "found"), FAULTS)
def test_a_fault_is_found(page: Page, what: Measure, fault: str, found: str) -> None:
    page.emulate_media(forced_colors="active" if what == "forced" else "none")
    page.set_content(SOUND.replace("</body>", f"{fault}</body>"))
    if what == "forced":
        page.keyboard.press("Tab")
    if what == "focus":  # The browser gives it with the first frame, not with the page.
        page.wait_for_function("document.activeElement !== document.body")
    assert any(found in each for each in measure(page, what)), measure(page, what)
