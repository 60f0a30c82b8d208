"""The whole journey of supporter, candidate and organiser by keys alone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from campaign.geography.rules import format_postcode
from tests.browser import walk
from tests.browser.keyboard import Keyboard
from tests.browser.pages import SLUG, Doors
from tests.browser.walk import Supporter

pytestmark = pytest.mark.browser

QUOTE = "At the hustings in the town hall on the third of the month."


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def has_script(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
def page(browser: Browser, demonstration: str, has_script: bool) -> Iterator[Page]:
    """A window of 1280 by 800 pixels: at 200 % zoom with JavaScript, at 100 % without."""
    context = browser.new_context(
        base_url=demonstration,
        viewport={"width": 640, "height": 400} if has_script else {"width": 1280, "height": 800},
        locale="en-GB",
        reduced_motion="reduce",
        java_script_enabled=has_script,
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def keyboard(page: Page) -> Keyboard:
    return Keyboard(page)


def test_supporter_and_candidate(page: Page, keyboard: Keyboard, has_script: bool) -> None:
    heading = page.get_by_role("heading", level=1)
    supporter = Supporter(
        name="Kerensa Rowe",
        email=f"kerensa.{'quick' if has_script else 'plain'}@example.org",
        seat=walk.seat_named("Wrenmouth" if has_script else "Quern Bay"),
    )

    page.goto("/")
    keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the main content")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    keyboard.fill(page.get_by_label("Your postcode"), format_postcode(supporter.seat.postcodes[0]))
    keyboard.follow(page.get_by_role("button", name="Find my candidates"))
    expect(heading).to_have_text(supporter.seat.name)
    keyboard.follow(page.get_by_role("link", name="Write to the candidates"))

    keyboard.follow(page.get_by_role("button", name="Look over my letters"))
    expect(page.locator(".error-summary")).to_be_focused()
    keyboard.go_to(page.locator(".error-summary a[href='#name']"))
    page.keyboard.press("Enter")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type(supporter.name)
    keyboard.fill(page.get_by_label("Your e-mail address"), supporter.email)
    keyboard.go_to(page.locator("#consent"))
    page.keyboard.press("Space")
    keyboard.follow(page.get_by_role("button", name="Look over my letters"))
    expect(heading).to_have_text("Look over your letters")
    keyboard.follow(page.get_by_role("button", name="Send my letter"))
    expect(heading).to_have_text("Check your mail")

    walk.open_newest_mail(page, supporter.email)
    keyboard.follow(page.locator(".letter-text a"))
    expect(heading).to_have_text("Confirm your letters")
    keyboard.follow(page.get_by_role("button", name="Yes, send my letter"))
    expect(heading).to_have_text("Your letters")
    text = page.locator("details").first
    keyboard.go_to(text.locator("summary"))
    page.keyboard.press("Enter")
    expect(text.locator(".letter-text")).to_be_visible()

    candidate = walk.candidate_named(walk.wait_for_sent_letter(page), supporter.seat)
    assert candidate.email is not None
    walk.open_newest_mail(page, candidate.email)
    keyboard.follow(page.locator(".letter-text a"))
    expect(heading).to_have_text(f"Your answers, {candidate.name}")
    keyboard.follow(page.get_by_role("button", name="Look at my answers"))
    expect(page.locator(".error-summary")).to_be_focused()
    ask = page.locator(".ask-form").first
    keyboard.choose(ask.get_by_label("Partly", exact=True))
    statement = ask.locator("textarea")
    if not statement.is_visible():
        keyboard.go_to(ask.locator("summary", has_text="statement"))
        page.keyboard.press("Enter")
    keyboard.fill(statement, "I shall look into it.")
    keyboard.follow(page.get_by_role("button", name="Look at my answers"))
    keyboard.follow(page.get_by_role("button", name=walk.PUBLISH))
    # Who had answered before confirms a change by mail.
    expect(heading).to_have_text(re.compile("^(Your answers are in the record|One more step)"))


def test_organiser_with_a_second_step(page: Page, keyboard: Keyboard, doors: Doors) -> None:
    heading = page.get_by_role("heading", level=1)
    page.goto("/organise/")
    keyboard.follow(page.get_by_role("button", name="Log in"))
    expect(page.locator(".error-summary")).to_be_focused()
    keyboard.fill(page.get_by_label("E-mail address"), doors.colleague.email)
    keyboard.fill(page.get_by_label("Password"), doors.colleague.password)
    keyboard.follow(page.get_by_role("button", name="Log in"))
    expect(heading).to_have_text("Enter your code")
    keyboard.fill(page.get_by_label("Code"), doors.colleague.code())
    keyboard.follow(page.get_by_role("button", name="Log in"))

    campaign = page.locator("main").get_by_role("link", name="Make the internet safer")
    keyboard.follow(campaign)
    keyboard.follow(page.get_by_role("link", name="Candidates", exact=True))
    candidate = walk.seat_named("Thrushgill").name
    keyboard.fill(page.get_by_role("searchbox"), candidate)
    keyboard.follow(page.get_by_role("button", name="Find candidates"))
    keyboard.follow(page.locator("main table").get_by_role("link"))
    keyboard.follow(page.get_by_role("link", name="Record an answer"))
    form = page.locator("main form")
    keyboard.follow(form.locator("button[type=submit]"))
    expect(page.locator(".error-summary")).to_be_focused()
    keyboard.go_to(form.locator("select"))
    page.keyboard.press("ArrowDown")
    keyboard.choose(form.get_by_label("Yes", exact=True))
    keyboard.choose(form.locator("fieldset").last.get_by_role("radio").first)
    keyboard.fill(page.locator("#quote"), QUOTE)
    keyboard.follow(form.locator("button[type=submit]"))
    expect(page.get_by_role("status")).to_be_visible()
    page.goto(f"/organise/{SLUG}/review/")
    expect(page.get_by_text(QUOTE).first).to_be_visible()


@pytest.mark.parametrize("has_script", [True], ids=["with JavaScript"])
def test_every_control_has_its_turn(page: Page, keyboard: Keyboard, doors: Doors) -> None:
    for path in (
        f"/{SLUG}/",
        f"/{SLUG}/find?postcode=ZZ",
        f"/{SLUG}/constituencies/",
        f"/{SLUG}/port-velland-harbour/",
        f"/{SLUG}/port-velland-harbour/write",
        f"/{SLUG}/pledges/",
        doors.confirmed,
        doors.answer,
        "/mailbox/?to=wilma",
        "/organise/login",
    ):
        page.goto(path)
        keyboard.go_through()
    page.context.add_cookies(doors.login["cookies"])
    for path in (f"/organise/{SLUG}/", f"/organise/{SLUG}/candidates/?q=thrushgill"):
        page.goto(path)
        keyboard.go_through()
