"""Every page in every state that a visitor can bring about, one after another.

Each function walks and yields the name of what is open now. A page that is missing here fails
``test_the_walk_leaves_no_page_out``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Page, StorageState

from campaign.demonstration.island import invent_island
from tests.browser import walk
from tests.browser.accounts import Account, open_password_link
from tests.browser.returned import Returned
from tests.browser.walk import Supporter, follow, press

SLUG = "safer-internet"
SEAT = "Thrushgill"
TWINS = "great-yarrick"
CANCELLED = "isle-of-orrin"


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Personal pages that only mail leads to, and the organisers' logins."""

    waiting: str
    confirmed: str
    choice: str
    """About a letter that its candidate's answer has overtaken."""
    answer: str
    change: str
    """Where a change of the candidate's answer is confirmed."""
    dispute: str
    candidate: int
    letter: str
    pending: str
    """Where an organiser decides about a change that waits: the demonstration's own."""
    mail: str
    login: StorageState
    colleague: Account
    returned: Returned


def _open(page: Page, *paths: str) -> Iterator[str]:
    for path in paths:
        page.goto(path)
        yield path


def public_pages(page: Page, doors: Doors) -> Iterator[str]:
    """Open what everybody can open, and what comes back when it is filled in wrongly."""
    island = invent_island()
    yield from _open(
        page,
        f"/{SLUG}/",
        f"/{SLUG}/find?postcode=ZZ",
        f"/{SLUG}/find?postcode=ZZ1+1ZZ",
        f"/{SLUG}/find?postcode={island.ended_postcode}",
        f"/{SLUG}/find?postcode={island.homeless_postcode}",
        f"/{SLUG}/constituencies/",
        f"/{SLUG}/privacy/",
        f"/{SLUG}/port-velland-harbour/",
        f"/{SLUG}/{TWINS}/",
        f"/{SLUG}/{CANCELLED}/",
        f"/{SLUG}/thrushgill/write",
        f"/{SLUG}/{CANCELLED}/write",
        f"/{SLUG}/thrushgill/check-your-mail",
        f"/{SLUG}/pledges/",
        f"/{SLUG}/pledges/check/",
        f"/{SLUG}/candidates/",
        f"/{SLUG}/candidates/?q=harbour&answer=not_yet",
        f"/{SLUG}/candidates/?party=nobody",
        f"/{SLUG}/candidates/?q=nobody+at+all",
        f"/{SLUG}/candidates/?q={'harbour ' * 20}",
        f"/{SLUG}/candidates/{doors.candidate}/",
        f"/{SLUG}/candidates/{doors.candidate}/suggest",
        f"/{SLUG}/candidates/{doors.candidate}/suggested",
        f"/{SLUG}/candidates/{doors.candidate}/share/",
        f"/{SLUG}/share/",
        f"/{SLUG}/share/?column=640",
        f"/{SLUG}/thrushgill/share/",
        f"/{SLUG}/thrushgill/press/",
        f"/{SLUG}/{CANCELLED}/press/",
        f"/embed/{SLUG}/",
        f"/embed/{SLUG}/thrushgill/",
        f"/embed/{SLUG}/{CANCELLED}/",
        f"/embed/{SLUG}/candidate/{doors.candidate}/",
        "/api/v1/",
        "/nothing/here",
        f"/{SLUG}/nothing-here/",
        f"{doors.waiting}confirm",
        "/styles/",
        "/mailbox/",
        "/mailbox/?to=nobody",
        "/mailbox/?to=wilma",
        doors.mail,
    )
    page.goto(f"/{SLUG}/candidates/{doors.candidate}/suggest")
    press(page, "Send this to the organisers")
    yield "a suggestion with errors"
    page.get_by_label("Partly", exact=True).check()
    page.locator("#source_url").fill("ftp://paper.example/")
    page.locator("#email").fill("nobody")
    press(page, "Send this to the organisers")
    yield "a suggestion with other errors"
    page.goto(f"/{SLUG}/thrushgill/write")
    press(page, "Look over my letters")
    yield "a letter with errors"
    walk.fill_in_letter(
        page, Supporter(name="Wilma", email="wilma@example.org", seat=walk.seat_named(SEAT))
    )
    # As if somebody had answered since the page was opened.
    page.locator("[name=shown_stances]").evaluate(
        "field => { field.value = field.value.replace(/:[^;]*/g, ':other') }"
    )
    press(page, "Look over my letters")
    yield "a letter to candidates who have answered meanwhile"
    press(page, "Look over my letters")
    yield "the preview of letters"
    page.context.clear_cookies()
    press(page, "Send my letter")
    yield "a form that timed out"


def _own_entry(page: Page, doors: Doors) -> str:
    """Return the number of the candidate's newest entry."""
    page.goto(f"/{SLUG}/candidates/{doors.candidate}/")
    number = page.locator("#entries > li").first.get_attribute("id")
    assert number is not None
    return number.removeprefix("entry-")


def personal_pages(page: Page, doors: Doors) -> Iterator[str]:
    """Open the pages of one supporter and of one candidate."""
    yield from _open(
        page,
        doors.waiting,
        doors.confirmed,
        doors.choice,
        doors.answer,
        f"{doors.answer}receipt",
        f"{doors.answer}record",
        f"{doors.answer}object/{_own_entry(page, doors)}",
        doors.change,
        doors.dispute,
        doors.returned.unsubscribe,
        *(f"{doors.answer}request/{kind}" for kind in ("not_me", "wrong_address")),
        f"{doors.answer}mail",
        f"{doors.answer}record?noted=1",
    )
    page.goto(doors.choice)
    page.locator("main form textarea").first.fill("")
    press(page, "Send this thank-you")
    yield "a choice with errors"
    page.goto(doors.answer)
    press(page, "Look at my answers")
    yield "answers with errors"
    page.locator(".ask-form").first.get_by_label("No", exact=True).check()
    press(page, "Look at my answers")
    yield "the preview of answers"
    page.goto(doors.answer)
    follow(page, "Withdraw this answer")
    yield "the withdrawal of an answer"
    page.goto(f"{doors.answer}request/nothing_more")
    page.get_by_label("One digest a day").check()
    page.locator("main form .button").first.click()
    yield "a choice of how letters come"
    page.goto(doors.change)
    press(page, "Confirm this change")
    yield "a change that was confirmed"
    yield from _open(page, doors.change)
    # This ends the candidate's link, as an objection to a change does.
    page.goto(f"{doors.answer}request/wrong_address")
    page.locator("main form .button").first.click()
    yield "a request that was noted"
    page.goto(doors.dispute)
    press(page, "This was not me")
    yield "a change that was disputed"
    yield from _open(page, doors.answer)
    page.goto(doors.waiting)
    page.get_by_role("button", name="Withdraw my letter").first.click()
    yield "a letter withdrawn"


def login_pages(page: Page, doors: Doors) -> Iterator[str]:
    """Open what stands before the back office, up to the second step."""
    page.context.clear_cookies()
    yield from _open(page, "/organise/login", "/organise/reset", "/organise/mf-recovery")
    page.goto("/organise/login")
    press(page, "Log in")
    yield "a login with errors"
    open_password_link(page, doors.colleague.email)
    yield "a password to set"
    press(page, "Set this password")
    yield "a password with errors"
    walk.enter_password(page, doors.colleague.email, doors.colleague.password)
    yield "the second step"
    page.get_by_label("Code").fill("000000")
    press(page, "Log in")
    yield "the second step with errors"
    follow(page, "I do not have my phone")
    press(page, "Log in")
    yield "a recovery code with errors"
    walk.enter_password(page, doors.colleague.email, doors.colleague.password)
    page.get_by_label("Code").fill(doors.colleague.code())
    press(page, "Log in")
    yield from _open(
        page,
        "/organise/audit-log",
        "/organise/change",
        "/organise/tf-setup",
        "/organise/mf-recovery-codes",
    )
    press(page, "Make new codes and show them")
    yield "recovery codes"
    page.goto("/organise/change")
    page.locator("main form .button").first.click()
    yield "a change of password with errors"
    page.goto("/organise/tf-setup")
    press(page, "Set up an authenticator app")
    yield "a key for the authenticator app"
    page.goto("/organise/verify")
    yield "a password asked for again"


def office_pages(page: Page, doors: Doors) -> Iterator[str]:
    """Open the pages of organisers, logged in as the owner."""
    candidate = f"/organise/{SLUG}/candidates/{doors.candidate}/"
    yield from _open(
        page,
        "/organise/",
        f"/organise/{SLUG}/",
        f"/organise/{SLUG}/candidates/",
        f"/organise/{SLUG}/candidates/?q=thrushgill",
        f"/organise/{SLUG}/candidates/?q=nobody+at+all",
        candidate,
        doors.letter,
        f"{candidate}address",
        f"{candidate}mail",
        f"{candidate}pledge",
        f"{candidate}link",
        doors.pending,
        f"/organise/{SLUG}/invitations/",
        f"/organise/{SLUG}/review/",
        f"/organise/{SLUG}/record/",
        f"/organise/{SLUG}/record/?q=nobody+at+all",
        f"/organise/{SLUG}/suggestions/",
        f"/organise/{SLUG}/requests/",
        f"/organise/{SLUG}/delivery",
        f"/organise/{SLUG}/export/",
        "/organise/delivery",
        "/organise/audit-log",
        "/organise/account",
        "/organise/returned/",
        "/organise/returned/repairs/",
        doors.returned.repair,
        "/organise/returned/suppressions/",
        doors.returned.suppression,
    )
    for state in ("review", "hidden", "disputed"):
        page.goto(f"/organise/{SLUG}/record/?state={state}")
        page.locator("main table a").first.click()
        yield f"an entry of the record: {state}"
    page.locator("main details summary").first.click()
    page.locator("main details .button").first.click()
    yield "an entry of the record with errors"
    page.goto(f"/organise/{SLUG}/review/")
    page.locator("main details summary").first.click()
    page.locator("main details .button").first.click()
    yield "an entry rejected without a reason"
    page.goto(f"/organise/{SLUG}/suggestions/")
    page.locator("main details summary").first.click()
    page.locator("main details .button").first.click()
    yield "a suggestion decided without a reason"
    for path in (
        doors.returned.repair,
        doors.returned.suppression,
        doors.letter,
        f"{candidate}address",
        f"{candidate}mail",
        f"{candidate}pledge",
        f"{candidate}link",
        doors.pending,
        f"/organise/{SLUG}/invitations/",
        f"/organise/{SLUG}/delivery",
        "/organise/delivery",
    ):
        page.goto(path)
        page.locator("main form .button").last.click()
        yield f"{path} with errors"
    page.goto(f"/organise/{SLUG}/delivery")
    page.locator("table a[href*='/delivery/failed/']").first.click()
    yield "letters that could not be sent"
    page.locator("main form .button").first.click()
    yield "letters that could not be sent, with errors"
    page.goto("/organise/delivery")
    page.locator("table a[href*='/delivery/failed/']").first.click()
    yield "e-mails that could not be sent"
    page.locator("main form .button").first.click()
    yield "e-mails that could not be sent, with errors"
    page.goto("/organise/delivery")
    page.locator("table a[href*='/delivery/domains/']").first.click()
    yield "a domain that wants less mail"
    page.locator("main form .button").last.click()
    yield "a domain that wants less mail, with errors"
    page.goto(doors.letter)
    page.locator("main form").get_by_role("textbox").fill("The candidate's office asked about it.")
    page.locator("main form .button").last.click()
    yield "the text of a letter"
    page.goto(f"/organise/{SLUG}/invitations/")
    page.locator("main form").get_by_role("textbox").fill("We want other words for the reminder.")
    page.locator("main form .button").last.click()
    yield "a timetable that was stopped"
    press(page, "Look at the e-mails")
    yield "a timetable with errors"
    page.get_by_label("Now", exact=True).check()
    press(page, "Look at the e-mails")
    yield "the preview of invitations"
    page.goto(f"{candidate}pledge")
    page.locator("main form").get_by_label("Partly", exact=True).check()
    page.locator("main form fieldset").last.get_by_role("radio").first.check()
    page.locator("#quote").fill("At the hustings in Thrushgill on the first of the month.")
    page.locator("main form .button").last.click()
    yield "an answer that was recorded"
    yield from _open(page, f"/organise/{SLUG}/review/", candidate)
