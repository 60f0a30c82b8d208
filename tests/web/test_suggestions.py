"""Anybody can suggest evidence; candidates see and dispute what others recorded for them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.campaigns.rules import CampaignStatus
from campaign.delivery.models import OutboxMessage
from campaign.pledges.models import EvidenceSuggestion, PledgeEvent
from campaign.pledges.service import answer_token, publish_heads
from tests.conftest import FrozenClock
from tests.factories.pledges import NOW, answer, published
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.web.browsing import form_data
from tests.web.client import CheckingClient


@pytest.fixture
def world(web_session: Session) -> PledgeWorld:
    web_session.expire_on_commit = False
    world = pledge_world()
    web_session.commit()
    return world


@pytest.fixture
def page(world: PledgeWorld) -> str:
    return f"/safer-streets/candidates/{world.candidacies[0].person_id}/"


@pytest.fixture
def door(app: Flask, web_session: Session, world: PledgeWorld) -> str:
    token = answer_token(
        web_session,
        app.extensions["campaign"].signer,
        campaign_id=world.campaign.id,
        candidacy_id=world.candidacies[0].id,
    )
    web_session.commit()
    return f"/answer/{token}/"


def suggestions(app: Flask) -> list[EvidenceSuggestion]:
    with app.extensions["campaign"].database.reader() as session:
        return session.query(EvidenceSuggestion).all()


def test_nobody_is_asked_for_evidence_where_the_poll_is_cancelled(
    client: CheckingClient, web_session: Session, world: PledgeWorld, page: str
) -> None:
    world.candidacies[0].ballot.is_cancelled = True
    web_session.commit()
    assert f"{page}suggest" not in client.get(page).text
    assert client.get(f"{page}suggest").status_code == 410


GOOD = {"stance": "no", "source_url": "https://example.org/report", "said_on": "2031-04-30"}


def test_a_suggestion_is_kept_and_nothing_is_public(
    app: Flask, client: CheckingClient, world: PledgeWorld, page: str
) -> None:
    assert f"{page}suggest" in client.get(page).text
    form = form_data(client.get(f"{page}suggest"))
    done = client.post(f"{page}suggest", data={**form, **GOOD, "ask": world.asks[0].id})
    assert (done.status_code, done.location) == (303, f"{page}suggested")
    assert "Nothing is public yet" in client.get(done.location).text
    (kept,) = suggestions(app)
    assert (kept.stance, kept.said_on.isoformat(), kept.email) == ("no", "2031-04-30", None)
    assert "example.org/report" not in client.get(page).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ask": ""}, "Choose one of the asks."),
        ({"stance": ""}, "Choose where you think they stand."),
        ({"source_url": "javascript:alert(1)"}, "begins with https://"),
        ({"source_url": ""}, "Give a web address or the words"),
        ({"email": "sam"}, "like name@example.org"),
        ({"said_on": "2031-06-30"}, "lies in the future"),
        ({"quote": "x" * 2001}, "Shorten it to 2,000 characters."),
    ],
)
def test_what_is_wrong_is_said_and_the_form_comes_back_filled_in(
    app: Flask, client: CheckingClient, world: PledgeWorld, page: str,
    changes: dict[str, str], said: str,
) -> None:  # fmt: skip
    form = form_data(client.get(f"{page}suggest"))
    data = {**form, **GOOD, "ask": str(world.asks[0].id), "quote": "My words"} | changes
    if changes == {"source_url": ""}:
        data["quote"] = ""
    answered = client.post(f"{page}suggest", data=data)
    assert answered.status_code == 422
    assert said in answered.text
    assert suggestions(app) == []
    if "quote" not in changes and data["quote"]:
        assert "My words" in answered.text


def test_what_a_program_fills_in_is_thrown_away(
    app: Flask, client: CheckingClient, world: PledgeWorld, page: str
) -> None:
    form = form_data(client.get(f"{page}suggest"))
    data = {**form, **GOOD, "ask": world.asks[0].id, "website": "https://spam.example"}
    assert client.post(f"{page}suggest", data=data).status_code == 303
    assert suggestions(app) == []


def test_one_address_cannot_send_many(
    make_app: Callable[..., Flask], world: PledgeWorld, page: str, tmp_path: Path
) -> None:
    client = make_app(rate_limits_enabled=True, instance_path=tmp_path).test_client()
    form = form_data(client.get(f"{page}suggest"))
    slip = {**form, **GOOD}
    good = slip | {"ask": world.asks[0].id}

    def codes(*sent: dict[str, object]) -> list[int]:
        return [client.post(f"{page}suggest", data=each).status_code for each in sent]

    assert codes(*[slip] * 6, *[good] * 6, slip) == [422] * 6 + [303] * 5 + [429] * 2


def test_nothing_is_suggested_once_the_campaign_is_over(
    client: CheckingClient, web_session: Session, world: PledgeWorld, page: str
) -> None:
    world.campaign.status = CampaignStatus.CLOSED
    web_session.commit()
    assert client.get(f"{page}suggest").status_code == 410
    assert f"{page}suggest" not in client.get(page).text


def test_a_candidate_objects_and_it_is_public_at_once(
    app: Flask, client: CheckingClient, web_session: Session, world: PledgeWorld, page: str,
    door: str,
) -> None:  # fmt: skip
    assert f"{door}record" not in client.get(door).text
    entry = published(web_session, world)
    own = answer(web_session, world, ask_id=world.asks[1].id)
    web_session.commit()
    assert client.get(door).text.count(f'href="{door}record"') == 2
    shown = client.get(f"{door}record").text
    assert f"{door}object/{entry.sequence}" in shown
    assert f"{door}object/{own.sequence}" not in shown
    path = f"{door}object/{entry.sequence}"
    form = form_data(client.get(path))
    assert client.post(path, data={**form, "words": "x" * 501}).status_code == 422
    done = client.post(path, data={**form, "words": "I was not there."})
    assert done.status_code == 303
    noted = client.get(done.location).text
    assert "Your objection is public now." in noted
    assert "A receipt is on its way to you." in noted
    again = client.post(path, data={**form, "words": "Again."})
    assert again.status_code == 409
    assert "You have objected to this entry already." in again.text
    assert "Again." in again.text.partition("What you typed now was not added:")[2]
    twice = client.post(path, data={**form, "words": "I was not there."}).text
    assert "You have objected to this entry already." in twice
    assert "What you typed now" not in twice
    public = client.get(page).text
    assert "Disputed by the candidate" in public
    assert "I was not there." in public
    for listing in (door, "/safer-streets/pledges/", "/safer-streets/candidates/"):
        assert 'class="disputed"' in client.get(listing).text, listing
    assert "Again." not in public
    with app.extensions["campaign"].database.reader() as session:
        assert session.query(PledgeEvent).filter_by(kind="dispute").count() == 1
        (receipt,) = session.query(OutboxMessage).all()
    # The link may have been passed on: the address on file hears of it, once.
    assert receipt.recipient == world.candidacies[0].person.email
    assert receipt.subject.startswith("Receipt: your objection")
    assert "Your words: I was not there.\n" in receipt.body
    assert "If it was not you who objected, reply" in receipt.body
    # A page that mail scanners open changes nothing; entries of others are not found.
    assert client.get(f"{door}object/999").status_code == 404
    for number, said in (
        (own.sequence, "This came through your personal link"),
        (entry.sequence, "You have objected to this entry already."),
    ):
        shown = client.get(f"{door}object/{number}").text
        assert said in shown
        assert "Object to this entry" not in shown
        assert "is marked as disputed at once" not in shown


def test_the_head_of_each_day_is_on_the_tracker_and_in_files(
    client: CheckingClient, web_session: Session, world: PledgeWorld, clock: FrozenClock
) -> None:
    assert "the hash of every day" not in client.get("/safer-streets/pledges/").text
    comment, *days = heads_lines(client)
    assert comment.startswith("# CC BY 4.0")
    assert not days
    event = answer(web_session, world)
    publish_heads(web_session, NOW)
    web_session.commit()
    tracker = client.get("/safer-streets/pledges/").text
    assert event.hash in tracker
    assert "1 May 2031" in tracker
    assert heads_lines(client)[1:] == [f"2031-05-01 1 {event.hash}"]
    heads = client.get("/safer-streets/pledges/heads.json").get_json()
    assert heads["heads"][0] == {
        "day": "2031-05-01", "count": 1, "hash": event.hash,
        "published_at": "2031-05-01T10:00:00+00:00",
    }  # fmt: skip
    assert heads["imprint"]
    notes, first = client.get("/safer-streets/pledges/record.jsonl").text.splitlines()
    assert json.loads(notes).keys() == {"licence", "credit", "imprint"}
    assert json.loads(first)["hash"] == event.hash


def heads_lines(client: CheckingClient) -> list[str]:
    """Return the heads, with the three lines of comment as one."""
    lines = client.get("/safer-streets/pledges/heads.txt").text.splitlines()
    comments = [line for line in lines if line.startswith("# ")]
    assert len(comments) == 3
    return ["\n".join(comments), *lines[3:]]
