"""What is disputed is marked wherever a stance stands, and what is hidden is read nowhere."""

import html

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.campaigns.models import AskVersion
from campaign.pledges.models import PledgeEvent
from campaign.pledges.service import dispute_entry, hide_texts, settle_dispute
from tests.factories.pledges import NOW, published
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.web.client import CheckingClient

PLACE = "/safer-streets/northmoor-east"
STATEMENT, QUOTE, WORDS = "Zealous «statement»", "Quirky & quoted words", "Jarring objection"
SOURCE, COPY = "https://news.example.org/yonder", "https://archive.example/xebec"


@pytest.fixture
def world(web_session: Session) -> PledgeWorld:
    web_session.expire_on_commit = False
    return pledge_world()


@pytest.fixture
def entry(web_session: Session, world: PledgeWorld) -> PledgeEvent:
    """A public entry with every text that one can have."""
    entry = published(
        web_session, world, statement=STATEMENT, quote=QUOTE, source_url=SOURCE, archive_url=COPY
    )
    web_session.commit()
    return entry


def with_a_stance(world: PledgeWorld) -> list[str]:
    """List every public page and file in which the stance of the first candidate stands."""
    person_id = world.candidacies[0].person_id
    return [
        f"{PLACE}/", f"{PLACE}/write", f"{PLACE}/press/", f"{PLACE}/press/note.txt",
        f"{PLACE}/press/candidates.csv", f"{PLACE}/feed.atom",
        f"/safer-streets/candidates/{person_id}/", "/safer-streets/candidates/",
        "/safer-streets/pledges/", "/safer-streets/pledges.csv", "/safer-streets/pledges.json",
        "/safer-streets/pledges/feed.atom",
        "/embed/safer-streets/northmoor-east/", f"/embed/safer-streets/candidate/{person_id}/",
        f"/api/v1/campaigns/safer-streets/candidates/{person_id}",
        "/api/v1/campaigns/safer-streets/candidates",
        "/api/v1/campaigns/safer-streets/constituencies/northmoor-east",
    ]  # fmt: skip


def elsewhere() -> list[str]:
    """List what else the public can open of the campaign."""
    return [
        "/safer-streets/", f"{PLACE}/share/", "/embed/safer-streets/",
        "/safer-streets/pledges/record.jsonl", "/api/v1/campaigns/safer-streets/events",
        "/safer-streets/share/",
    ]  # fmt: skip


def test_a_disputed_answer_is_marked_wherever_it_stands(
    client: CheckingClient, web_session: Session, world: PledgeWorld, entry: PledgeEvent
) -> None:
    where = {"campaign_id": world.campaign.id, "event_id": entry.id, "now": NOW}
    unmarked = {path: client.get(path).text for path in with_a_stance(world)}
    dispute_entry(web_session, entered_by="candidate", words=WORDS, **where)
    web_session.commit()
    for path in with_a_stance(world):
        text = client.get(path).text
        marks = ("isputed by the candidate", '"dispute":"open"', ",open,", 'term="disputed"')
        assert any(mark in text for mark in marks), path
        assert not any(mark in unmarked[path] for mark in marks), path


def test_what_is_hidden_is_read_nowhere(
    app: Flask, client: CheckingClient, web_session: Session, world: PledgeWorld, entry: PledgeEvent
) -> None:
    where = {"campaign_id": world.campaign.id, "event_id": entry.id, "now": NOW}
    dispute_entry(web_session, entered_by="candidate", words=WORDS, **where)
    web_session.commit()
    paths = [*with_a_stance(world), *elsewhere()]
    texts = (STATEMENT, QUOTE, WORDS, SOURCE, COPY)
    shown = {text for path in paths for text in texts if _holds(client, path, text)}
    assert shown == set(texts), "else their absence says nothing"
    hide_texts(web_session, hidden_by="organiser:2", reason="It names a neighbour.", **where)
    web_session.commit()
    for path in paths:
        assert not [text for text in texts if _holds(client, path, text)], path


def test_what_was_said_to_an_earlier_wording_says_so_beside_the_new_one(
    client: CheckingClient, web_session: Session, world: PledgeWorld, entry: PledgeEvent
) -> None:
    person_id = world.candidacies[0].person_id
    beside_a_wording = [
        f"{PLACE}/", f"{PLACE}/press/", f"{PLACE}/press/note.txt",
        f"/safer-streets/candidates/{person_id}/",
        "/embed/safer-streets/northmoor-east/", f"/embed/safer-streets/candidate/{person_id}/",
    ]  # fmt: skip
    for path in beside_a_wording:
        assert "to an earlier wording" not in client.get(path).text, path
    world.asks[0].versions.append(
        AskVersion(number=2, title="Make it first.", wording="Before all else.", created_at=NOW)
    )
    web_session.commit()
    for path in beside_a_wording:
        places = 2 if path.endswith("/press/") else 1  # In its table, and where it comes from.
        assert client.get(path).text.count("to an earlier wording") == places, path


def test_a_press_note_says_how_an_objection_was_settled_and_that_texts_are_hidden(
    client: CheckingClient, web_session: Session, world: PledgeWorld, entry: PledgeEvent
) -> None:
    where = {"campaign_id": world.campaign.id, "event_id": entry.id, "now": NOW}
    dispute_entry(web_session, entered_by="candidate", words="", **where)
    settle_dispute(
        web_session, is_right=True, reason="It is in the film.", settler="organiser:2", **where
    )
    hide_texts(web_session, hidden_by="organiser:2", reason="It names a neighbour.", **where)
    web_session.commit()
    note = client.get(f"{PLACE}/press/note.txt").text
    assert "(Disputed by the candidate; the entry stands)" in note
    assert "The organisers have hidden the texts of this entry." in note


def _holds(client: CheckingClient, path: str, text: str) -> bool:
    answer = client.get(path)
    assert answer.status_code == 200, path
    page = answer.text
    return any(text in each for each in (page, html.unescape(page), _decoded(page)))


def _decoded(page: str) -> str:
    return page.replace("\\u00ab", "«").replace("\\u00bb", "»")
