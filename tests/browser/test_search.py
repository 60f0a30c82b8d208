"""Finding candidates while the page stands still, and with a press of the button as ever."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from campaign.geography.rules import format_postcode
from tests.browser import walk
from tests.browser.measures import bring_axe, run_axe
from tests.browser.pages import SLUG

pytestmark = pytest.mark.browser

ADDRESS = f"/{SLUG}/candidates/"
NOT_YET = re.compile(r"/candidates/\?answer=not_yet$")


@pytest.fixture
def page(browser: Browser, demonstration: str) -> Iterator[Page]:
    context = browser.new_context(base_url=demonstration, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(ADDRESS)
    # The script has begun.
    expect(page.locator("form[data-live]")).to_be_visible()
    yield page
    context.close()


def number_found(page: Page) -> str:
    return page.locator("#found").inner_text()


def test_a_choice_is_applied_at_once_where_one_is(page: Page) -> None:
    everybody = number_found(page)
    page.evaluate("scrollTo(0, 120)")
    page.locator("#answer").focus()
    page.keyboard.press("End")  # The last of the list, without an address.
    status = page.get_by_role("status")
    expect(status).to_have_text(re.compile(r"^\d+ of 202 candidates$"))
    assert status.inner_text() == number_found(page) != everybody
    expect(page).to_have_url(re.compile(r"\?answer=no_address$"))
    expect(page.locator("#answer")).to_be_focused()
    assert page.evaluate("scrollY") == 120
    expect(page.locator(".found .badge").first).to_have_text("No address known")
    bring_axe(page)
    assert run_axe(page) == []
    # Another choice, and the link that ends all of it.
    page.locator("#sort").select_option("name")
    expect(page).to_have_url(re.compile(r"\?answer=no_address&sort=name$"))
    page.get_by_role("link", name="Clear").click()
    expect(page).to_have_url(re.compile(r"/candidates/$"))
    assert number_found(page) == everybody


def test_the_history_has_a_step_for_each_choice(page: Page) -> None:
    everybody = number_found(page)
    page.locator("#answer").select_option("not_yet")
    expect(page).to_have_url(NOT_YET)
    silent = number_found(page)
    page.locator("#q").press_sequentially("harb", delay=40)
    expect(page).to_have_url(re.compile(r"\?q=harb&answer=not_yet$"))
    page.locator("#q").press_sequentially("our", delay=40)
    expect(page).to_have_url(re.compile(r"\?q=harbour&answer=not_yet$"))
    expect(page.locator("#q")).to_be_focused()
    # What was typed is one step, whatever was found on the way.
    page.go_back()
    expect(page.locator("#found")).to_have_text(silent)
    expect(page.locator("#q")).to_have_value("")
    expect(page.locator("#answer")).to_have_value("not_yet")
    page.go_back()
    expect(page.locator("#found")).to_have_text(everybody)
    expect(page.locator("#answer")).to_have_value("")
    page.go_forward()
    expect(page.locator("#found")).to_have_text(silent)
    page.reload()
    assert number_found(page) == silent
    expect(page.locator("#answer")).to_have_value("not_yet")


def test_a_postcode_leads_away_only_when_the_button_is_pressed(page: Page) -> None:
    seat = walk.seat_named("Thrushgill")
    with page.expect_response(re.compile("/thrushgill/$")):
        page.locator("#q").fill(format_postcode(seat.postcodes[0]))
    expect(page.locator("form[aria-busy]")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/candidates/$"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thrushgill")


def test_the_map_of_another_search_can_be_walked_over_and_says_its_places(page: Page) -> None:
    page.locator("#answer").select_option("not_yet")
    expect(page).to_have_url(NOT_YET)
    expect(page.locator("svg.hexmap a[tabindex='0']")).to_have_count(1)
    first = page.locator("svg.hexmap a[tabindex='0']")
    first.focus()
    said = page.locator(".hexmap-said")
    expect(said).to_have_text(first.locator("title").text_content() or "")
    page.keyboard.press("ArrowDown")
    focused = page.locator("svg.hexmap a:focus")
    expect(said).to_have_text(focused.locator("title").text_content() or "")
    place = page.locator("svg.hexmap a.hex").last
    place.hover()
    expect(said).to_have_text(place.locator("title").text_content() or "")


def test_the_last_of_two_choices_wins_on_a_slow_connection(page: Page) -> None:
    waiting: list[Route] = []
    page.route(NOT_YET, lambda route: waiting.append(route))
    page.locator("#answer").select_option("not_yet")
    expect(page.locator("form[aria-busy]")).to_have_count(1)
    page.locator("#answer").select_option("yes")
    expect(page).to_have_url(re.compile(r"\?answer=yes$"))
    found = number_found(page)
    assert len(waiting) == 1
    expect(page.locator("form[aria-busy]")).to_have_count(0)
    assert number_found(page) == found


def test_without_a_connection_the_browser_says_so_itself(page: Page) -> None:
    page.route(NOT_YET, lambda route: route.abort())
    with page.expect_request(lambda each: each.is_navigation_request()):
        page.locator("#answer").select_option("not_yet")


def test_the_button_does_the_same(visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.goto(ADDRESS)
    page.locator("#q").fill("HARBOUR")
    page.locator("#answer").select_option("not_yet")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"\?q=HARBOUR&(ask=&)?answer=not_yet"))
    expect(page.locator("#found")).to_have_text(re.compile(r"^\d+ of 202 candidates$"))
    expect(page.locator(".found li").first).to_be_visible()


@pytest.mark.parametrize("address", [ADDRESS, f"/{SLUG}/pledges/"])
def test_the_link_to_the_table_opens_it(visitor: BrowserContext, address: str) -> None:
    page = visitor.new_page()
    page.goto(address)
    table = page.get_by_role("table", name="Constituencies")
    expect(table).to_be_hidden()
    page.get_by_role("link", name="The same as a table").click()
    expect(table).to_be_visible()
