"""The pages on which it is chosen how letters come to a candidate."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.rules import MailForm
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane
from campaign.letters.models import MailChoice
from campaign.pledges.models import CandidateRequest
from tests.conftest import FrozenClock
from tests.web.client import CheckingClient
from tests.web.letters import Place, arrange, database_of, fields_of, send
from tests.web.test_letters_journey import confirmed, links_in, mails


@pytest.fixture
def place(app: Flask, web_session: Session) -> Place:
    return arrange(app, web_session)


@pytest.fixture
def door(app: Flask, client: CheckingClient, place: Place) -> str:
    """The first candidate's page, from the letter that they got."""
    confirmed(app, client, place)
    (answer,) = links_in(mails(app, Lane.LETTER)[0].body)
    return answer


def path_of(address: str) -> str:
    return address.removeprefix("http://localhost")


def choose(client: CheckingClient, page: str, **typed: str) -> Any:
    return client.post(page, data={**fields_of(client.get(page).text), **typed})


def read(app: Flask, model: type) -> list[Any]:
    with database_of(app).reader() as session:
        return list(session.scalars(select(model)))


def receipts(app: Flask) -> list[OutboxMessage]:
    return [each for each in mails(app, Lane.NOTICE) if "choose again" in each.body]


def test_the_page_shows_what_is_so_and_opening_it_changes_nothing(
    app: Flask, client: CheckingClient, door: str
) -> None:
    assert f'href="{path_of(door)}mail"' in client.get(door).text
    page = client.get(f"{door}mail")
    assert "Every letter as it comes" in page.text
    assert "When more than 20 come on one day" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert read(app, MailChoice) == []


def test_a_digest_is_chosen_by_a_button_and_has_a_receipt(
    app: Flask, client: CheckingClient, door: str
) -> None:
    chosen = choose(client, f"{door}mail", wish="one_digest_a_day")
    assert chosen.status_code == 303
    assert "From now on:" in client.get(chosen.location).text
    (choice,) = read(app, MailChoice)
    assert (choice.form, choice.chosen_by) == (MailForm.ONE_DIGEST, "candidate")
    (receipt,) = receipts(app)
    # Each link is signed at its own second, so it is another one to the same page.
    assert re.search(r"^http://localhost/answer/\S+/mail$", receipt.body, re.MULTILINE)
    assert "at about 18:00" in receipt.body


def test_there_is_a_way_back_from_nothing_more(
    app: Flask, client: CheckingClient, place: Place, door: str
) -> None:
    choose(client, f"{door}mail", wish="nothing_more")
    assert "have asked this campaign for no more letters" in client.get(place.write).text
    choose(client, f"{door}mail", wish="every_letter")
    assert "have asked this campaign for no more letters" not in client.get(place.write).text
    (request,) = read(app, CandidateRequest)
    assert request.settled_at is not None
    assert len(receipts(app)) == 2


@pytest.mark.parametrize("wish", ["", "everything"])
def test_nothing_or_nonsense_is_asked_for_again(
    client: CheckingClient, app: Flask, door: str, wish: str
) -> None:
    refused = choose(client, f"{door}mail", wish=wish)
    assert refused.status_code == 422
    assert "Choose one of the three." in refused.text
    assert read(app, MailChoice) == []


@pytest.mark.parametrize("kind", ["one_digest_a_day", "nothing_more"])
def test_the_former_addresses_lead_here(
    app: Flask, client: CheckingClient, door: str, kind: str
) -> None:
    moved = client.get(f"{door}request/{kind}")
    assert (moved.status_code, moved.location) == (301, f"{path_of(door)}mail")
    data = fields_of(client.get(f"{door}mail").text)
    assert client.post(f"{door}request/{kind}", data=data).status_code == 303
    assert read(app, CandidateRequest) == []


def test_a_writer_is_told_when_a_letter_reaches_the_candidate(
    app: Flask, client: CheckingClient, place: Place, door: str, clock: FrozenClock
) -> None:
    choose(client, f"{door}mail", wish="one_digest_a_day")
    sent = send(client, place, email="joan@example.org", name="Joan Brown")
    assert sent.status_code == 303
    confirmation = mails(app, Lane.CONFIRMATION)[-1]
    (link,) = links_in(confirmation.body)
    client.post(f"{link}confirm", data=fields_of(client.get(link).text))
    page = client.get(link).text
    assert "with that day’s digest" in page
    assert "counted there with your first name" in page
    assert page.count("It leaves within minutes.") == 1
