"""What a supporter sends in place of a letter that an answer has overtaken."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import AskVersion, Campaign
from campaign.campaigns.queries import list_asks
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Candidacy
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane, MessageStatus
from campaign.followups.overtaken import ask_writers, hold_overtaken_letters
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import record_pledge, withdraw_pledge
from tests.conftest import FrozenClock
from tests.integration.letters import letters_of, messages_of
from tests.web.client import CheckingClient
from tests.web.letters import Place, arrange, database_of, errors_of, fields_of, links_in, send


@pytest.fixture
def place(app: Flask, web_session: Session) -> Place:
    return arrange(app, web_session, emails=["ann@example.org", "bob@example.org"])


@pytest.fixture
def address(app: Flask, client: CheckingClient, place: Place, clock: FrozenClock) -> str:
    """The address of the choice about the letter to the first candidate, who has answered."""
    send(client, place)
    with database_of(app).reader() as session:
        (mail,) = messages_of(session, Lane.CONFIRMATION)
        (action,) = links_in(mail.body)
    client.post(f"{action}confirm", data=fields_of(client.get(action).text))
    clock.advance(minutes=1)
    with database_of(app).transaction() as session:
        record_pledge(
            session,
            campaign_id=place.campaign_id,
            candidacy_id=session.scalars(select(Candidacy.id).order_by(Candidacy.id)).first() or 0,
            ask_id=list_asks(session, place.campaign_id)[0].id,
            stance=Stance.YES,
            statement="Because it matters.",
            channel=Channel.LINK,
            entered_by="candidate",
            now=clock(),
        )
    with database_of(app).transaction() as session:
        hold_overtaken_letters(session, clock())
        ask_writers(app.extensions["campaign"], session, clock())
        return f"{action}letter/{letters_of(session)[0].id}/"


def statuses(app: Flask) -> list[str]:
    with database_of(app).reader() as session:
        return [letter.status.value for letter in letters_of(session)]


def waiting_mail(app: Flask) -> list[OutboxMessage]:
    with database_of(app).reader() as session:
        mails = messages_of(session, Lane.LETTER)
        return [each for each in mails if each.status is MessageStatus.QUEUED]


def form_of(html: str, choice: str) -> dict[str, list[str]]:
    """Return the fields of the form that makes one choice."""
    parts = [f'<form method="post"{part}' for part in html.split('<form method="post"')[1:]]
    (part,) = [each for each in parts if f'name="choice" value="{choice}"' in each]
    return fields_of(part.partition("</form>")[0] + "</form>")


def test_the_mail_leads_to_the_answer_and_three_ways_on(
    app: Flask, client: CheckingClient, address: str
) -> None:
    with database_of(app).reader() as session:
        mail = next(m for m in messages_of(session, Lane.NOTICE) if "has answered" in m.subject)
    (action,) = links_in(mail.body)
    own_page = client.get(action).text
    assert f"{action}letter/" in own_page
    html = client.get(address).text
    assert "Because it matters." in html
    assert "Send this thank-you" in html
    assert "Send this follow-up" in html
    assert "Send nothing" in html
    assert client.get(address).headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_get_changes_nothing(app: Flask, client: CheckingClient, address: str) -> None:
    before = statuses(app)
    client.get(address)
    assert statuses(app) == before == ["held", "queued"]


@pytest.mark.parametrize(("choice", "subject"), [("thank_you", "Thank you"), ("follow_up", "")])
def test_what_is_sent_instead_is_what_stands_in_the_form(
    app: Flask, client: CheckingClient, address: str, choice: str, subject: str
) -> None:
    form = form_of(client.get(address).text, choice)
    form["text"] = ["My own words after the answer."]
    answer = client.post(address, data=form)
    assert answer.status_code == 303
    assert statuses(app) == ["queued", "queued"]
    newest = waiting_mail(app)[-1]
    assert "My own words after the answer." in newest.body
    assert subject in newest.subject


def test_nobody_sends_thanks_for_an_answer_that_has_changed_meanwhile(
    app: Flask, client: CheckingClient, place: Place, address: str, clock: FrozenClock
) -> None:
    form = form_of(client.get(address).text, "thank_you") | {"text": ["Thank you for your yes."]}
    clock.advance(minutes=1)
    with database_of(app).transaction() as session:
        withdraw_pledge(
            session,
            campaign_id=place.campaign_id,
            candidacy_id=letters_of(session)[0].candidacy_id,
            ask_id=list_asks(session, place.campaign_id)[0].id,
            entered_by="candidate",
            now=clock(),
        )
    told = client.post(address, data=form)
    assert told.status_code == 422
    assert "The public answers have changed" in errors_of(told)
    assert "No answer of" in told.text
    assert "Thank you for your yes." in told.text
    assert "Send this thank-you" not in client.get(address).text
    assert statuses(app) == ["held", "queued"]
    assert client.post(address, data=form_of(told.text, "follow_up")).status_code == 303
    assert statuses(app) == ["queued", "queued"]


def test_nobody_says_that_they_have_read_words_that_have_changed_meanwhile(
    app: Flask, client: CheckingClient, place: Place, address: str, clock: FrozenClock
) -> None:
    form = form_of(client.get(address).text, "thank_you")
    clock.advance(minutes=1)
    with database_of(app).transaction() as session:
        record_pledge(
            session,
            campaign_id=place.campaign_id,
            candidacy_id=letters_of(session)[0].candidacy_id,
            ask_id=list_asks(session, place.campaign_id)[0].id,
            stance=Stance.YES,
            statement="But only if it costs nothing.",
            channel=Channel.LINK,
            entered_by="candidate",
            now=clock(),
        )
    told = client.post(address, data=form)
    assert told.status_code == 422
    assert "The public answers have changed" in errors_of(told)
    assert "But only if it costs nothing." in told.text
    assert statuses(app) == ["held", "queued"]
    assert client.post(address, data=form_of(told.text, "thank_you")).status_code == 303


def test_nothing_is_a_choice(app: Flask, client: CheckingClient, address: str) -> None:
    assert (
        client.post(address, data=form_of(client.get(address).text, "nothing")).status_code == 303
    )
    assert statuses(app) == ["withdrawn", "queued"]
    again = client.get(address)
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"text": [""]}, "Write your letter."),
        ({"subject": ["  "]}, "Enter a subject."),
        ({"choice": ["shout"]}, "Press one of the three buttons."),
    ],
)
def test_a_form_with_errors_comes_back_filled_in(
    app: Flask,
    client: CheckingClient,
    address: str,
    change: dict[str, list[str]],
    error: str,
) -> None:
    form = form_of(client.get(address).text, "follow_up") | {"subject": ["My own subject"]} | change
    answer = client.post(address, data=form)
    assert answer.status_code == 422
    assert error in errors_of(answer)
    assert statuses(app) == ["held", "queued"]
    if "subject" not in change and "choice" not in change:
        assert "My own subject" in answer.text


def test_nobody_elses_letter_can_be_chosen_about(client: CheckingClient, address: str) -> None:
    assert client.get(address.replace("/letter/1/", "/letter/999/")).status_code == 404


def test_an_answer_to_an_earlier_wording_says_so_beside_the_new_one(
    app: Flask, client: CheckingClient, place: Place, address: str, clock: FrozenClock
) -> None:
    assert "to an earlier wording" not in client.get(address).text
    with database_of(app).transaction() as session:
        ask = list_asks(session, place.campaign_id)[0]
        ask.versions.append(
            AskVersion(number=2, title="First", wording="Before all else.", created_at=clock())
        )
    assert "to an earlier wording of the ask (version 1)" in client.get(address).text


def test_their_page_begins_with_what_waits_for_them(client: CheckingClient, address: str) -> None:
    page = client.get(address.partition("letter/")[0]).text
    first, _, letters = page.partition('class="grid grid--wide letters"')
    assert address in first
    assert "You need do nothing more" not in first
    assert address in letters


def test_a_campaign_that_closes_early_offers_no_choice_that_cannot_be_sent(
    app: Flask, client: CheckingClient, place: Place, address: str
) -> None:
    with database_of(app).transaction() as session:
        session.get_one(Campaign, place.campaign_id).status = CampaignStatus.CLOSED
    answer = client.get(address)
    assert answer.status_code == 409
    assert "This campaign takes no letters now." in answer.text
    page = client.get(address.partition("letter/")[0]).text
    assert address not in page
    assert "This campaign is closed, so no more letters are sent." in page
    assert "You can send a thank-you" not in page
    assert "leaves by itself" not in page
