"""One supporter, one candidate and one organiser, all the way round, on a phone."""

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from campaign.cli.demo import OWNER
from tests.browser import walk
from tests.browser.pages import SLUG
from tests.browser.walk import Supporter, follow, press

pytestmark = pytest.mark.browser

WORDS = "My daughter asked me why nobody stops this."
STATEMENT = "I shall raise this in my first week."
THANKS = "Thank you. I read your answer to my neighbours as well."


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
    press(page, walk.PUBLISH)
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
    page.locator("main").get_by_role("link", name="Make the internet safer").first.click()
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
    press(page, walk.PUBLISH)
    expect(heading).to_have_text("One more step: look into your mail")
    walk.confirm_change(page, candidate.email, earlier=earlier)
    page.get_by_role("link", name="See what is public now").click()
    card = page.locator(".answer-card").first
    walk.reload_until(page, card, "Declined to answer")


@pytest.fixture
def neighbours(request: pytest.FixtureRequest) -> list[Supporter]:
    """Three people of one constituency.

    The letter of the first leaves, that of the second is overtaken by the answer, and the third
    still writes when it comes.
    """
    has_script = request.node.callspec.params["visitor"] == "with JavaScript"
    seat = walk.seat_named("Drumlow" if has_script else "Sheepwash")
    ending = "quick" if has_script else "plain"
    return [
        Supporter(name=name, email=f"{name.split()[0].lower()}.{ending}@example.org", seat=seat)
        for name in ("Nest Pryce", "Emrys Vane", "Dilys Mor")
    ]


def test_an_answer_overtakes_a_letter(
    visitor: BrowserContext, neighbours: list[Supporter], organiser_password: str
) -> None:
    page = visitor.new_page()
    heading = page.get_by_role("heading", level=1)
    first, second, third = neighbours

    for supporter in (second, first):
        walk.find_candidates(page, supporter)
        follow(page, "Write to the candidates")
        walk.fill_in_letter(page, supporter)
        press(page, "Look over my letters")
        press(page, "Send my letter")
        expect(heading).to_have_text("Check your mail")
    walk.confirm_letters(page, first)
    name = walk.wait_for_sent_letter(page)
    candidate = walk.candidate_named(name, first.seat)
    assert candidate.email is not None

    writing = visitor.new_page()
    walk.find_candidates(writing, third)
    follow(writing, "Write to the candidates")
    walk.fill_in_letter(writing, third)
    writing.get_by_role("textbox", name="letter").first.fill(WORDS)

    walk.open_newest_mail(page, candidate.email)
    page.locator(".letter-text a").first.click()
    expect(heading).to_have_text(f"Your answers, {name}")
    ask = page.locator(".ask-form").first
    title = ask.get_by_role("heading", level=2).inner_text().partition(". ")[2]
    ask.get_by_label("Partly", exact=True).check()
    if not ask.get_by_role("textbox").is_visible():
        ask.locator("summary").first.click()
    ask.get_by_role("textbox").fill(STATEMENT)
    press(page, "Look at my answers")
    press(page, walk.PUBLISH)
    if "One more step" in heading.inner_text():  # They had answered before.
        walk.confirm_change(page, candidate.email)
    else:
        expect(heading).to_have_text("Your answers are in the record")

    # The second letter was written before the answer, and is confirmed after it: it is held.
    walk.confirm_letters(page, second)
    own = page.url
    card = page.locator("li.card").filter(has=page.get_by_role("heading", name=name, exact=True))
    expect(card).to_contain_text("The candidate has answered before your letter left.")

    walk.open_newest_mail(page, second.email, "your letter waits for you")
    expect(page.locator(".letter-text")).to_contain_text("before your letter left")
    page.locator(".letter-text a").first.click()
    expect(heading).to_have_text("Your letters")
    follow(page, f"Choose what to send to {name}")
    expect(heading).to_have_text(f"{name} has answered")
    expect(page.locator(".answer-card").first).to_contain_text(STATEMENT)
    form = page.get_by_role("region", name="A thank-you")
    form.get_by_label("Subject").fill("Thank you for your answer")
    form.locator("textarea").fill("")
    press(page, "Send this thank-you")
    expect(page.get_by_role("alert")).to_be_visible()
    form.locator("textarea").fill(THANKS)
    press(page, "Send this thank-you")
    expect(heading).to_have_text("Your letters")
    walk.open_newest_mail(page, candidate.email, "Thank you for your answer")
    expect(page.locator(".letter-text")).to_contain_text(THANKS)
    expect(page.locator(".facts")).to_contain_text(second.email)
    page.goto(own)
    expect(card).to_contain_text("Sent on")
    expect(card).not_to_contain_text("Choose what to send")

    # The third is told before anything is sent, reads the answer there and keeps every word.
    press(writing, "Look over my letters")
    expect(writing.get_by_role("alert")).to_contain_text(name)
    expect(writing.get_by_role("region", name="What has changed")).to_contain_text(STATEMENT)
    expect(writing.get_by_role("textbox", name="letter").first).to_have_value(WORDS)
    press(writing, "Look over my letters")
    expect(writing.get_by_role("heading", level=1)).to_have_text("Look over your letters")
    expect(writing.locator("details").filter(has_text=name).first).to_contain_text("Partly")

    page.goto(f"/{SLUG}/pledges/")
    latest = page.locator(".latest-answers > li").first
    expect(latest).to_contain_text(title)
    latest.get_by_role("link", name=name).click()
    expect(heading).to_have_text(name)
    expect(page.locator(".answer-card").first).to_contain_text(STATEMENT)
    for feed in (f"/{SLUG}/pledges/feed.atom", f"/{SLUG}/{first.seat.slug}/feed.atom"):
        newest = visitor.request.get(feed).text().partition("<entry>")[2].partition("</entry>")[0]
        assert name in newest
        assert "Partly" in newest
    number = page.url.rstrip("/").rpartition("/")[2]
    answer = visitor.request.get(f"/api/v1/campaigns/{SLUG}/candidates/{number}").text()
    assert STATEMENT in answer

    walk.log_in(page, OWNER, organiser_password)
    page.goto(f"/organise/{SLUG}/candidates/{number}/")
    expect(page.locator(".history")).to_contain_text(STATEMENT)
    letters = page.locator("main table").first
    expect(letters.get_by_role("row").filter(has_text="Sent")).not_to_have_count(0)
    for supporter in neighbours:
        assert supporter.email not in page.content(), "organisers do not see who wrote"
