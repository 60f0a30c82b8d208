"""One supporter, one candidate and one organiser, all the way round, on a phone."""

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from campaign.cli.demo import OWNER
from tests.browser import walk
from tests.browser.walk import Supporter, follow, press

pytestmark = pytest.mark.browser

WORDS = "My daughter asked me why nobody stops this."
STATEMENT = "I shall raise this in my first week."


@pytest.fixture
def supporter(request: pytest.FixtureRequest) -> Supporter:
    """Somebody else for each kind of browser, so that neither meets what the other left."""
    if request.node.callspec.params["visitor"] == "with JavaScript":
        return Supporter(
            name="Gwen Pryce",
            email="gwen.pryce@example.org",
            seat=walk.seat_named("Port Velland Harbour"),
        )
    return Supporter(
        name="Idris Vane", email="idris.vane@example.org", seat=walk.seat_named("Marlow Tor")
    )


def test_from_the_postcode_to_the_public_answer(
    visitor: BrowserContext, supporter: Supporter, organiser_password: str
) -> None:
    page = visitor.new_page()
    heading = page.get_by_role("heading", level=1)

    walk.find_candidates(page, supporter)
    follow(page, "Write to the candidates")
    walk.fill_in_letter(page, supporter)
    page.get_by_label("Your name").fill("")
    press(page, "Look over my letters")
    expect(page.get_by_role("alert")).to_contain_text("name")
    page.get_by_label("Your name").fill(supporter.name)
    for body in page.get_by_role("textbox", name="letter").all():
        body.fill(WORDS)
    press(page, "Look over my letters")
    expect(heading).to_have_text("Look over your letters")
    expect(page.locator(".letter-text").first).to_contain_text(WORDS)
    press(page, "Send my letter")
    expect(heading).to_have_text("Check your mail")
    expect(page.get_by_text("to the address that you gave")).to_be_visible()

    walk.confirm_letters(page, supporter)
    name = walk.wait_for_sent_letter(page)
    candidate = walk.candidate_named(name, supporter.seat)
    assert candidate.email is not None

    walk.open_newest_mail(page, candidate.email)
    expect(page.locator(".letter-text")).to_contain_text(WORDS)
    expect(page.locator(".facts")).to_contain_text(supporter.email)
    page.locator(".letter-text a").first.click()
    expect(heading).to_have_text(f"Your answers, {name}")
    answers = page.url
    ask = page.locator(".ask-form").first
    title = ask.get_by_role("heading", level=2).inner_text().partition(". ")[2]
    ask.get_by_label("Yes, with reservations", exact=True).check()
    # It is open already where the candidate has a statement in the record.
    if not ask.get_by_role("textbox").is_visible():
        ask.locator("summary").first.click()
    ask.get_by_role("textbox").fill(STATEMENT)
    press(page, "Look at my answers")
    expect(heading).to_have_text("Check your answers before they are published")
    expect(page.get_by_text(STATEMENT)).to_be_visible()
    press(page, "Publish my answer")
    if "One more step" in heading.inner_text():  # They had answered before.
        walk.confirm_change(page, candidate.email)
    else:
        expect(heading).to_have_text("Your answers are in the record")

    walk.open_newest_mail(page, candidate.email, re.compile("^Receipt"))
    expect(page.locator(".letter-text")).to_contain_text(STATEMENT)

    page.goto("/")
    follow(page, "Who has answered")
    latest = page.locator(".latest-answers > li").first
    expect(latest).to_contain_text(title)
    latest.get_by_role("link", name=name).click()
    expect(heading).to_have_text(name)
    card = page.locator(".answer-card").first
    expect(card).to_contain_text("Yes, with reservations")
    expect(card).to_contain_text(STATEMENT)

    walk.log_in(page, OWNER, organiser_password)
    page.locator("main").get_by_role("link").first.click()
    follow(page, "Candidates")
    page.get_by_role("searchbox").fill(f"{name} {supporter.seat.name}")
    press(page, "Find candidates")
    page.locator("main table").get_by_role("link", name=name).last.click()
    expect(heading).to_have_text(name)
    expect(page.locator(".history")).to_contain_text(STATEMENT)
    expect(page.locator("main table").first).to_contain_text("Sent")
    assert supporter.email not in page.content(), "organisers do not see who wrote"

    earlier = walk.mails_to(page, candidate.email, "Please confirm").count()
    page.goto(answers)
    page.locator(".ask-form").first.get_by_label("Declined to answer", exact=True).check()
    press(page, "Look at my answers")
    expect(page.get_by_text("we ask you by e-mail to confirm it")).to_be_visible()
    press(page, "Publish my answer")
    expect(heading).to_have_text("One more step: look into your mail")
    walk.confirm_change(page, candidate.email, earlier=earlier)
    page.get_by_role("link", name="See what is public now").click()
    expect(page.locator(".answer-card").first).to_contain_text("Declined to answer")
