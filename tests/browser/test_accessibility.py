"""Every kind of page in Chromium: axe finds nothing, and nothing is wider than a small phone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState

from campaign.cli.demo import OWNER
from tests.browser import walk
from tests.browser.walk import Supporter, follow, press

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCHEMES: dict[Literal["light", "dark"], dict[str, object]] = {
    "light": {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]},
    # Only the colours differ.
    "dark": {
        "runOnly": {"type": "rule", "values": ["color-contrast"]},
        "resultTypes": ["violations"],
    },
}
PHONE, DESK, SMALLEST = 390, 1280, 320
SLUG = "safer-internet"


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Personal pages that only mail leads to, and the organiser's login."""

    waiting: str
    confirmed: str
    answer: str
    candidate: int
    letter: str
    mail: str
    login: StorageState


@pytest.fixture(scope="session")
def doors(browser: Browser, demonstration: str, organiser_password: str) -> Iterator[Doors]:
    """Write two letters, confirm one, and keep the addresses that come by mail."""
    context = browser.new_context(base_url=demonstration, locale="en-GB")
    context.set_default_timeout(15_000)
    page = context.new_page()
    addresses = {}
    for name in ("Waiting", "Confirmed"):
        supporter = Supporter(
            name=f"Wilma {name}",
            email=f"wilma.{name.lower()}@example.org",
            seat=walk.seat_named("Thrushgill"),
        )
        walk.find_candidates(page, supporter)
        follow(page, "Write to the candidates")
        walk.fill_in_letter(page, supporter)
        press(page, "Look over my letters")
        press(page, "Send my letter")
        if name == "Waiting":
            walk.open_newest_mail(page, supporter.email)
            page.locator(".letter-text a").first.click()
        else:
            walk.confirm_letters(page, supporter)
        addresses[name] = page.url
    candidate = walk.candidate_named(walk.wait_for_sent_letter(page), supporter.seat)
    assert candidate.email is not None
    walk.open_newest_mail(page, candidate.email)
    mail = page.url
    page.locator(".letter-text a").first.click()
    answer = page.url
    page.locator(".ask-form").first.get_by_label("Partly", exact=True).check()
    press(page, "Look at my answers")
    press(page, "Publish my answer")
    walk.log_in(page, OWNER, organiser_password)
    page.goto(f"/organise/{SLUG}/candidates/{candidate.person_id}/")
    letter = page.locator("main table a").first.get_attribute("href")
    assert letter is not None
    yield Doors(
        waiting=addresses["Waiting"],
        confirmed=addresses["Confirmed"],
        answer=answer,
        candidate=candidate.person_id,
        letter=letter,
        mail=mail,
        login=context.storage_state(),
    )
    context.close()


def public_pages(page: Page, doors: Doors) -> Iterator[str]:
    """Open one page after another; yields what each is."""
    for path in (
        f"/{SLUG}/",
        f"/{SLUG}/find?postcode=ZZ",
        f"/{SLUG}/constituencies/",
        f"/{SLUG}/privacy/",
        f"/{SLUG}/port-velland-harbour/",
        f"/{SLUG}/isle-of-orrin/",
        f"/{SLUG}/thrushgill/write",
        f"/{SLUG}/thrushgill/check-your-mail",
        f"/{SLUG}/pledges/",
        f"/{SLUG}/candidates/{doors.candidate}/",
        doors.waiting,
        doors.confirmed,
        doors.answer,
        f"{doors.answer}receipt",
        f"{doors.answer}request/nothing_more",
        "/nothing/here",
        "/mailbox/?to=wilma",
        doors.mail,
        "/organise/",
    ):
        page.goto(path)
        yield path
    press(page, "Log in")
    yield "login with errors"
    page.goto(f"/{SLUG}/thrushgill/write")
    press(page, "Look over my letters")
    yield "letter with errors"
    walk.fill_in_letter(
        page,
        Supporter(name="Wilma", email="wilma@example.org", seat=walk.seat_named("Thrushgill")),
    )
    press(page, "Look over my letters")
    yield "preview of letters"
    page.goto(doors.answer)
    press(page, "Look at my answers")
    yield "answers with errors"
    page.locator(".ask-form").first.get_by_label("No", exact=True).check()
    press(page, "Look at my answers")
    yield "preview of answers"
    page.goto(doors.answer)
    follow(page, "Withdraw this answer")
    yield "withdrawal"


def office_pages(page: Page, doors: Doors) -> Iterator[str]:
    """Open the pages of organisers one after another; yields what each is."""
    candidate = f"/organise/{SLUG}/candidates/{doors.candidate}/"
    for path in (
        "/organise/",
        f"/organise/{SLUG}/",
        f"/organise/{SLUG}/candidates/?q=thrushgill",
        candidate,
        doors.letter,
        f"{candidate}address",
        f"/organise/{SLUG}/review/",
        f"/organise/{SLUG}/requests/",
        f"/organise/{SLUG}/delivery",
        f"/organise/{SLUG}/export/",
        "/organise/delivery",
        "/organise/audit-log",
        "/organise/account",
    ):
        page.goto(path)
        yield path
    own = [link.get_attribute("href") or "" for link in page.locator("main ul a").all()]
    for path in own:
        page.goto(path)
        yield path
    page.goto(f"{candidate}pledge")
    page.locator("main form .button").click()
    yield "record of an answer with errors"


@pytest.fixture
def page(browser: Browser, demonstration: str, doors: Doors) -> Iterator[Page]:
    """A page of an organiser's browser."""
    context = browser.new_context(
        base_url=demonstration,
        viewport={"width": DESK, "height": 900},
        locale="en-GB",
        reduced_motion="reduce",
        storage_state=doors.login,
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def faults(page: Page, name: str) -> Iterator[str]:
    """Say what is wrong with the page that is open, at each width, in light and in dark."""
    for scheme, rules in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        for width in (DESK, PHONE):
            page.set_viewport_size({"width": width, "height": 844})
            for found in Axe().run(page, options=rules).response["violations"]:
                nodes = "; ".join(node["html"][:120] for node in found["nodes"][:3])
                yield f"{name}, {scheme}, {width} px: {found['id']}: {nodes}"
    page.set_viewport_size({"width": SMALLEST, "height": 640})
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > SMALLEST:
        yield f"{name}: scrolls sideways on {SMALLEST} px, being {wide} px wide"
    page.set_viewport_size({"width": DESK, "height": 844})
    page.emulate_media(color_scheme="light")


def test_public_pages(page: Page, doors: Doors) -> None:
    page.context.clear_cookies()
    found = [fault for name in public_pages(page, doors) for fault in faults(page, name)]
    assert not found, "\n".join(found)


def test_back_office_pages(page: Page, doors: Doors) -> None:
    found = [fault for name in office_pages(page, doors) for fault in faults(page, name)]
    assert not found, "\n".join(found)
