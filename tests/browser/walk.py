"""The steps people take through the demonstration, as a browser takes them."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from campaign.demonstration.island import Seat, Standing, invent_island
from campaign.geography.rules import format_postcode

PATIENCE = 150
"""Seconds that the worker may take until a message has left; its chores come once a minute."""


@dataclass(frozen=True, kw_only=True)
class Supporter:
    """Who writes in a test, and where they live."""

    name: str
    email: str
    seat: Seat


def seat_named(name: str) -> Seat:
    return next(seat for seat in invent_island().seats if seat.name == name)


def candidate_named(name: str, seat: Seat) -> Standing:
    standings = invent_island().standings
    return next(each for each in standings if each.seat == seat and each.name == name)


PUBLISH = re.compile("^(Publish my|Ask for th)")
"""The button below a preview; of who has answered before it asks for a change."""


def press(page: Page, text: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=text).first.click()


def follow(page: Page, text: str) -> None:
    page.get_by_role("link", name=text).first.click()


def fill_in_letter(page: Page, supporter: Supporter) -> None:
    """Fill in the form of a supporter; who gets the letter stays as offered."""
    page.get_by_label("Your name").fill(supporter.name)
    page.get_by_label("Your e-mail address").fill(supporter.email)
    page.locator("#consent").check()


def find_candidates(page: Page, supporter: Supporter) -> None:
    """Go from the front page to the candidates of the supporter's postcode."""
    page.goto("/")
    page.get_by_label("Your postcode").fill(format_postcode(supporter.seat.postcodes[0]))
    press(page, "Find my candidates")
    expect(page.get_by_role("heading", level=1)).to_have_text(supporter.seat.name)


def mails_to(page: Page, to: str, subject: str | re.Pattern[str] = "") -> Locator:
    """Open the mailbox and return the e-mails to an address, the newest first."""
    page.goto(f"/mailbox/?to={to}")
    return page.locator(".mail-list__subject").filter(has_text=subject)


def open_newest_mail(
    page: Page, to: str, subject: str | re.Pattern[str] = "", *, earlier: int = 0
) -> None:
    """Open the newest e-mail to an address as soon as the worker has sent it.

    ``earlier`` is how many such e-mails there were before it.
    """

    def newest() -> Locator | None:
        found = mails_to(page, to, subject)
        return found.first if found.count() > earlier else None

    _wait_for(newest, what=f"an e-mail to {to}").click()
    expect(page.locator(".letter-text")).to_be_visible()


def confirm_letters(page: Page, supporter: Supporter) -> None:
    """Follow the link in the supporter's mail and press its one button."""
    open_newest_mail(page, supporter.email)
    page.locator(".letter-text a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your letters")
    page.get_by_role("button", name=re.compile("^Yes, send my letter")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your letters")


def confirm_change(page: Page, email: str, *, earlier: int = 0) -> None:
    """Follow the first link in the mail about a candidate's change and press its button."""
    open_newest_mail(page, email, "Please confirm", earlier=earlier)
    page.locator(".letter-text a").first.click()
    press(page, "Confirm this change")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your change is in the record")


def wait_for_sent_letter(page: Page) -> str:
    """Load the supporter's page again until a letter has left; return whom it went to."""

    def sent() -> Locator | None:
        page.reload()
        cards = page.locator("li.card").filter(has_text="Sent on")
        return cards.first if cards.count() else None

    return _wait_for(sent, what="a letter that was sent").get_by_role("heading").inner_text()


def reload_until(page: Page, part: Locator, text: str) -> None:
    """Load a public page again until a part of it has a text: it is kept for a moment."""

    def shown() -> Locator | None:
        if part.count() and text in part.inner_text():
            return part
        page.reload()
        return None

    _wait_for(shown, what=f"“{text}” on {page.url}")


def enter_password(page: Page, email: str, password: str) -> None:
    page.goto("/organise/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    press(page, "Log in")


def log_in(page: Page, email: str, password: str) -> None:
    enter_password(page, email, password)
    # The button itself stands in a list that opens when one wants it.
    expect(page.locator(".office-menu")).to_be_visible()


def _wait_for(look: Callable[[], Locator | None], *, what: str) -> Locator:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.3)
    raise AssertionError(f"there was not {what} within {PATIENCE} s")
