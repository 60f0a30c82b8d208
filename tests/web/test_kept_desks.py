"""Desks that are kept for a few seconds, as on a live site."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.letters.errors import LettersClosed
from campaign.reports import kept_desks
from campaign.reports.kept_desks import DeskKeeper
from campaign.reports.writing_desk import WritingDesk
from tests.conftest import FrozenClock
from tests.web.client import CheckingClient
from tests.web.letters import Place, arrange, database_of, errors_of, fields_of, fill_in, send


@pytest.fixture
def kept_app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(page_cache=True)


@pytest.fixture
def place(kept_app: Flask, web_session: Session) -> Place:
    return arrange(kept_app, web_session, emails=["ann@example.org", "bob@example.org", None])


class Desks:
    """A keeper whose clock stands still until it is moved."""

    def __init__(self, app: Flask, place: Place, clock: FrozenClock) -> None:
        self.seconds = 0.0
        self.keeper = DeskKeeper(database_of(app), is_kept=True, clock=lambda: self.seconds)
        _, self.campaign, self.constituency, _ = place.write.split("/")
        self.clock = clock

    def open(self) -> WritingDesk:
        return self.keeper.open(
            campaign_slug=self.campaign, constituency_slug=self.constituency, now=self.clock()
        )


@pytest.fixture
def desks(kept_app: Flask, place: Place, clock: FrozenClock) -> Desks:
    return Desks(kept_app, place, clock)


def change(app: Flask, model: type[Campaign | Candidacy], **values: object) -> None:
    with database_of(app).transaction() as session:
        session.execute(update(model).values(**values))


def test_a_desk_is_read_once(desks: Desks) -> None:
    assert desks.open() is desks.open()


def test_a_desk_is_read_anew_when_what_the_public_sees_has_changed(
    kept_app: Flask, desks: Desks
) -> None:
    desks.open()
    change(kept_app, Campaign, status=CampaignStatus.CLOSED)
    desks.seconds += kept_desks.VERSION_SECONDS
    with pytest.raises(LettersClosed):
        desks.open()


def test_a_desk_is_read_anew_now_and_then_whatever_the_version_says(
    kept_app: Flask, desks: Desks
) -> None:
    before = desks.open()
    change(kept_app, Campaign, consent_text="I agree to all of it.")
    desks.seconds += kept_desks.VERSION_SECONDS
    assert desks.open() is before
    desks.seconds += kept_desks.LONGEST_SECONDS
    assert desks.open().campaign.consent_text == "I agree to all of it."


def test_a_kept_desk_is_closed_with_the_poll(desks: Desks, clock: FrozenClock) -> None:
    desks.open()
    clock.advance(days=365)
    with pytest.raises(LettersClosed):
        desks.open()


def test_the_longest_unused_desk_goes_first(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_desks, "MAX_DESKS", 0)
    assert desks.open() is not desks.open()


def test_every_page_of_writing_can_be_made_from_a_kept_desk(kept_app: Flask, place: Place) -> None:
    client: CheckingClient = kept_app.test_client()
    refused = client.post(place.write, data=fill_in(client, place, name=""))
    assert (refused.status_code, "Enter your name." in errors_of(refused)) == (422, True)
    changed = client.post(place.write, data=fill_in(client, place, step="change"))
    assert changed.status_code == 200
    assert send(client, place).status_code == 303


def test_who_has_just_withdrawn_gets_no_letter_from_a_kept_desk(
    kept_app: Flask, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_desks, "VERSION_SECONDS", 3600.0)
    client: CheckingClient = kept_app.test_client()
    preview = client.post(place.write, data=fill_in(client, place))
    change(kept_app, Candidacy, status=CandidacyStatus.WITHDRAWN)
    answer = client.post(place.write, data={**fields_of(preview.text), "step": "send"})
    assert answer.status_code == 422
    assert "no longer standing" in errors_of(answer)
