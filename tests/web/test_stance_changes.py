"""A candidate answers while somebody writes to them: they are told before anything is sent."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.queries import list_asks
from campaign.candidates.models import Candidacy
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import dispute_entry, record_pledge, review_pledge
from tests.conftest import FrozenClock
from tests.integration.letters import actions_of
from tests.web.client import CheckingClient
from tests.web.letters import Place, arrange, database_of, errors_of, fields_of, fill_in

CHANGED = "Ann Able: the public answers have changed since you opened this page."
WORDS = "My own words, an hour's work."


@pytest.fixture
def place(app: Flask, web_session: Session) -> Place:
    return arrange(app, web_session, emails=["ann@example.org", "bob@example.org"])


def answer(app: Flask, place: Place, clock: FrozenClock, stance: Stance = Stance.NO) -> None:
    """Let the first candidate answer."""
    clock.advance(minutes=1)
    with database_of(app).transaction() as session:
        record_pledge(
            session,
            campaign_id=place.campaign_id,
            candidacy_id=session.scalars(select(Candidacy.id).order_by(Candidacy.id)).all()[0],
            ask_id=list_asks(session, place.campaign_id)[0].id,
            stance=stance,
            statement="Not in this way.",
            channel=Channel.LINK,
            entered_by="candidate",
            now=clock(),
        )


def actions(app: Flask) -> int:
    with database_of(app).reader() as session:
        return len(actions_of(session))


@pytest.mark.parametrize("step", ["preview", "send"])
def test_who_writes_is_told_once_and_loses_nothing(
    app: Flask, client: CheckingClient, place: Place, clock: FrozenClock, step: str
) -> None:
    form = fill_in(client, place, body_0=WORDS)
    answer(app, place, clock)
    told = client.post(place.write, data={**form, "step": step})
    assert told.status_code == 422
    assert CHANGED in errors_of(told)
    assert "Not in this way." in told.text
    again = fields_of(told.text)
    assert again["body_0"] == [WORDS]
    assert again["name"] == ["Jane Smith"]
    assert actions(app) == 0
    preview = client.post(place.write, data={**again, "step": "preview"})
    assert preview.status_code == 200
    assert "badge--no" in preview.text
    sent = client.post(place.write, data={**fields_of(preview.text), "step": "send"})
    assert sent.status_code == 303
    assert actions(app) == 1


def test_a_disputed_answer_is_marked_among_the_changes(
    app: Flask, client: CheckingClient, place: Place, clock: FrozenClock
) -> None:
    form = fill_in(client, place, body_0=WORDS)
    with database_of(app).transaction() as session:
        entry = record_pledge(
            session,
            campaign_id=place.campaign_id,
            candidacy_id=session.scalars(select(Candidacy.id).order_by(Candidacy.id)).all()[0],
            ask_id=list_asks(session, place.campaign_id)[0].id,
            stance=Stance.NO,
            channel=Channel.HUSTINGS,
            quote="Not in this way.",
            entered_by="organiser:1",
            now=clock(),
        )
        about = {"event_id": entry.id, "now": clock()}
        review_pledge(session, **about, is_right=True, reviewer="organiser:2")
        dispute_entry(session, **about, campaign_id=place.campaign_id, entered_by="candidate")
    told = client.post(place.write, data={**form, "step": "preview"}).text
    changed = told[told.index('id="changed-answers"') :].partition("</section>")[0]
    assert "Disputed by the candidate" in changed


def test_an_answer_that_comes_during_the_preview_is_told_too(
    app: Flask, client: CheckingClient, place: Place, clock: FrozenClock
) -> None:
    preview = client.post(place.write, data=fill_in(client, place, body_0=WORDS))
    assert "No answer yet" in preview.text
    answer(app, place, clock)
    told = client.post(place.write, data={**fields_of(preview.text), "step": "send"})
    assert CHANGED in errors_of(told)
    assert fields_of(told.text)["body_0"] == [WORDS]


def test_the_answer_of_somebody_who_gets_no_letter_stops_nobody(
    app: Flask, client: CheckingClient, place: Place, clock: FrozenClock
) -> None:
    form = fill_in(client, place)
    form["recipients"] = form["recipients"][1:]
    answer(app, place, clock)
    assert client.post(place.write, data=form).status_code == 200


def test_a_change_of_an_answer_counts_and_a_second_one_of_the_same_does_not(
    app: Flask, client: CheckingClient, place: Place, clock: FrozenClock
) -> None:
    answer(app, place, clock, Stance.YES)
    form = fill_in(client, place)
    answer(app, place, clock, Stance.PARTLY)
    assert CHANGED in errors_of(client.post(place.write, data=form))
    answer(app, place, clock, Stance.YES)
    assert client.post(place.write, data=form).status_code == 200


@pytest.mark.parametrize("shown", ["", "nonsense", "1;2:;:yes", f"{'9' * 5000}:yes", "²:no"])
def test_what_no_page_of_ours_wrote_stops_nobody(
    client: CheckingClient, place: Place, shown: str
) -> None:
    form = fill_in(client, place, shown_stances=shown)
    assert client.post(place.write, data=form).status_code == 200
