import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from campaign.candidates.rules import CandidacyStatus
from campaign.letters.rules import LetterStatus
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import record_pledge, withdraw_pledge
from tests.conftest import FrozenClock
from tests.factories import BallotFactory, CandidacyFactory, ConstituencyFactory, PartyFactory
from tests.factories.pledges import published
from tests.factories.worlds import PledgeWorld, letter_from_somebody, pledge_world
from tests.web.client import CheckingClient

Answer = Callable[..., None]


@pytest.fixture
def world(app: Flask, web_session: Session) -> PledgeWorld:
    """Three ballots: two candidates; one standing and one withdrawn; one cancelled."""
    web_session.expire_on_commit = False
    world = pledge_world()
    world.election.candidates_credit = "Candidates: Democracy Club (https://example.org/dc)"
    blue = world.candidacies[0].party
    west = BallotFactory(
        election=world.election,
        constituency__name="Northmoor West",
        constituency__slug="northmoor-west",
    )
    south = BallotFactory(
        election=world.election, constituency__name="South Isle", is_cancelled=True
    )
    world.candidacies += [
        CandidacyFactory(ballot=west, party=blue, person__name="Cat Cedar", person__email=None),
        CandidacyFactory(ballot=west, person__name="Dan Deal", status=CandidacyStatus.WITHDRAWN),
        CandidacyFactory(ballot=south, person__name="Eve Elm"),
    ]
    web_session.commit()
    return world


@pytest.fixture
def answer(web_session: Session, world: PledgeWorld, clock: FrozenClock) -> Answer:
    def add(candidate: int, ask: int, stance: Stance, statement: str = "") -> None:
        record_pledge(
            web_session,
            campaign_id=world.campaign.id,
            candidacy_id=world.candidacies[candidate].id,
            ask_id=world.asks[ask].id,
            stance=stance,
            statement=statement,
            channel=Channel.LINK,
            entered_by="candidate",
            now=clock(),
        )
        web_session.commit()

    return add


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def table(html: str, caption_id: str) -> dict[str, list[str]]:
    """Return the rows of a table by their heads."""
    body = html.split(f'id="{caption_id}"')[1].split("<tbody>")[1].split("</tbody>")[0]
    rows = {}
    for row in body.split("<tr>")[1:]:
        head, *cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.S)
        rows[words(head).strip()] = [words(cell).strip() for cell in cells]
    return rows


def test_every_count_has_the_right_denominator(
    client: CheckingClient, web_session: Session, world: PledgeWorld, answer: Answer
) -> None:
    answer(0, 0, Stance.YES_WITH_RESERVATIONS)
    answer(0, 1, Stance.NO)
    answer(1, 0, Stance.DECLINED)
    for uncounted in (3, 4):
        answer(uncounted, 0, Stance.YES)
    letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    letter_from_somebody(web_session, world, status=LetterStatus.HELD, candidate=1)
    web_session.commit()
    html = client.get("/safer-streets/pledges/").get_data(as_text=True)
    text = words(html)
    assert "2 of 3 candidates standing can be reached" in text
    assert "1 of 3 have been sent a letter or an invitation" in text
    assert "2 of 3 have answered at least one ask" in text
    assert "1 of 3 said yes" in text
    assert "Figures of 1 May 2031, 11:00." in text
    assert "1 candidate who withdrew is not counted." in text
    assert "1 constituency whose poll is cancelled is not counted." in text
    assert table(html, "by-ask-caption") == {
        "Make it first.": ["0", "1", "0", "0", "1", "2 of 3"],
        "Light the streets.": ["0", "0", "0", "1", "0", "1 of 3"],
    }
    assert table(html, "by-constituency-caption") == {
        "Northmoor East": ["1 of 2", "2 of 2", "1 of 2"],
        "Northmoor West": ["0 of 1", "0 of 1", "0 of 1"],
        "South Isle": ["The poll is cancelled: not counted"],
    }
    assert "Eve Elm" not in text
    assert "Dan Deal" not in text


def test_parties_stand_in_the_order_of_the_alphabet(
    client: CheckingClient, web_session: Session, world: PledgeWorld, answer: Answer
) -> None:
    ballot = world.candidacies[0].ballot
    for name in ("Zebra", "apple", "Mango"):
        CandidacyFactory(ballot=ballot, party=PartyFactory(name=name))
    web_session.commit()
    answer(0, 0, Stance.YES)
    rows = table(client.get("/safer-streets/pledges/").get_data(as_text=True), "by-party-caption")
    assert list(rows) == sorted(rows, key=str.casefold)
    assert rows[world.candidacies[0].party.name] == ["1 of 2", "0 of 2", "1 of 2", "1 of 2"]
    assert rows["Zebra"] == ["1 of 1", "0 of 1", "0 of 1", "0 of 1"]


def test_each_hexagon_is_a_link_with_words_and_a_mark(
    client: CheckingClient, web_session: Session, world: PledgeWorld, answer: Answer
) -> None:
    ConstituencyFactory(
        boundary_set=world.election.boundary_set, name="Nowhere", hex_q=None, hex_r=None
    )
    web_session.commit()
    answer(0, 0, Stance.YES)
    html = client.get("/safer-streets/pledges/").get_data(as_text=True)
    svg = html.split('<svg class="hexmap"')[1].split("</svg>")[0]
    links = re.findall(
        r'<a class="hex hex--(\w+)" href="([^"]+)"[^>]*><title>\s*(.*?)\s*</title>'
        r"<use [^>]*>(?:<text>(.*?)</text>)?</a>",
        svg,
        flags=re.S,
    )
    assert links == [
        ("half", "../northmoor-east/",
         "Northmoor East: 1 of 2 answered, 1 said yes", "1"),
        ("unanswered", "../northmoor-west/",
         "Northmoor West: none of 1 has answered", ""),
        ("no_poll", "../south-isle/", "South Isle: the poll is cancelled", "×"),
    ]  # fmt: skip
    assert table(html, "by-constituency-caption")["Nowhere"] == ["Nobody is known to stand"]


def test_the_latest_answers_of_a_candidate_stand_together(
    client: CheckingClient, world: PledgeWorld, answer: Answer, clock: FrozenClock
) -> None:
    answer(0, 1, Stance.YES)
    clock.advance(minutes=1)
    answer(1, 0, Stance.NO)
    clock.advance(minutes=1)
    answer(0, 0, Stance.PARTLY)
    html = client.get("/safer-streets/pledges/").get_data(as_text=True)
    latest = html.split('<ul class="latest-answers">')[1].split("</ul>")[0]
    first, second = (words(card) for card in latest.split('<li class="card">')[1:])
    names = [each.person.name for each in world.candidacies]
    assert names[0] in first
    # In the order of the asks, not of the answers.
    assert first.index("Make it first. Partly") < first.index("Light the streets. Yes")
    assert names[1] in second
    assert "Make it first. No" in second


def test_a_bar_of_answers_is_as_long_as_all_who_stand(
    client: CheckingClient, world: PledgeWorld, answer: Answer
) -> None:
    answer(0, 0, Stance.YES)
    answer(1, 0, Stance.NO)
    html = client.get("/safer-streets/pledges/").get_data(as_text=True)
    bars = re.findall(r'<svg class="stance-bar" viewBox="0 0 (\d+) 10".*?</svg>', html, flags=re.S)
    assert bars == ["3", "3"]
    parts = re.findall(r'class="stance-bar__(\w+)" x="(\d+)" width="(\d+)"', html)
    assert parts == [("yes", "0", "1"), ("no", "1", "1")]


def test_the_number_of_queries_does_not_grow_with_the_election(
    app: Flask, client: CheckingClient, web_session: Session, world: PledgeWorld, answer: Answer
) -> None:
    paths = ("/safer-streets/pledges/", "/safer-streets/pledges.csv", "/safer-streets/pledges.json")
    answer(0, 0, Stance.YES)

    def count() -> list[int]:
        counts = []
        for path in paths:
            with _queries(app) as statements:
                assert client.get(path).status_code == 200
            counts.append(len(statements))
        return counts

    before = count()
    for _ in range(12):
        ballot = BallotFactory(election=world.election)
        world.candidacies += [CandidacyFactory(ballot=ballot), CandidacyFactory(ballot=ballot)]
    web_session.commit()
    for candidate in range(6, 28):
        answer(candidate, 1, Stance.PARTLY, "Perhaps.")
    assert count() == before
    assert max(before) <= 13


def test_public_pages_carry_no_cookie_and_can_be_kept_for_a_moment(
    client: CheckingClient, world: PledgeWorld
) -> None:
    person = world.candidacies[0].person_id
    for path in ("pledges/", "pledges.csv", "pledges.json", f"candidates/{person}/"):
        response = client.get(f"/safer-streets/{path}")
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "public, max-age=5"
        again = client.get(
            f"/safer-streets/{path}", headers={"If-None-Match": response.headers["ETag"]}
        )
        assert (again.status_code, again.data) == (304, b"")


def test_a_candidates_page_says_where_they_stand_and_every_change(
    client: CheckingClient,
    web_session: Session,
    world: PledgeWorld,
    answer: Answer,
    clock: FrozenClock,
) -> None:
    ann = world.candidacies[0]
    address = f"/safer-streets/candidates/{ann.person_id}/"
    assert words(client.get(address).get_data(as_text=True)).count("No answer yet") == 3
    answer(0, 0, Stance.YES, "<script>alert(1)</script>")
    clock.advance(hours=1)
    answer(0, 0, Stance.NO, "I was wrong.")
    answer(0, 1, Stance.PARTLY)
    withdraw_pledge(
        web_session,
        campaign_id=world.campaign.id,
        candidacy_id=ann.id,
        ask_id=world.asks[1].id,
        entered_by="candidate",
        now=clock(),
    )
    web_session.commit()
    text = words(client.get(address).get_data(as_text=True))
    said_once = "1 May 2031, answered by the candidate through their personal link."
    assert f"Make it first. No I was wrong. {said_once}" in text
    assert "No answer yet An earlier answer was withdrawn on 1 May 2031." in text
    assert "may not have seen the question" in text
    answer(0, 1, Stance.YES)
    answered = words(client.get(address).get_data(as_text=True))
    assert "may not have seen the question" not in answered, "every ask is answered"
    assert "was withdrawn on" not in answered
    history = text.split("Every change")[1]
    assert history.index("answer withdrawn") < history.index("I was wrong.")
    assert history.index("I was wrong.") < history.index("&lt;script&gt;")
    assert "Entry 1 of the record" in history
    assert ann.person.email not in text


def test_pages_of_people_who_are_not_counted_say_why(
    client: CheckingClient, world: PledgeWorld
) -> None:
    for candidate, sentence in ((3, "has withdrawn"), (4, "is cancelled")):
        person_id = world.candidacies[candidate].person_id
        page = client.get(f"/safer-streets/candidates/{person_id}/")
        assert sentence in page.get_data(as_text=True)
        assert "Write to" not in page.get_data(as_text=True)
    assert client.get("/safer-streets/candidates/1/").status_code == 404
    assert client.get("/nothing/pledges/").status_code == 404


def test_the_csv_has_a_row_for_each_candidate_and_ask(
    client: CheckingClient, world: PledgeWorld, answer: Answer
) -> None:
    answer(0, 0, Stance.YES, '=HYPERLINK("https://evil.example","x")\n+1')
    response = client.get("/safer-streets/pledges.csv")
    assert response.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(response.get_data().decode("utf-8-sig"))))
    assert len(rows) == 5 * 2
    row, unanswered = rows[:2]
    ann = world.candidacies[0]
    assert row == {
        "person_id": str(ann.person_id),
        "person_name": "Ann Ash",
        "ballot_id": "parl.northmoor-east.2031-05-22",
        "constituency_gss_code": ann.ballot.constituency.gss_code,
        "constituency_name": "Northmoor East",
        "party_id": ann.party_id,
        "party_name": "Blue",
        "candidacy_status": "standing",
        "is_ballot_cancelled": "no",
        "ask": "priority",
        "ask_version": "1",
        "stance": "yes",
        "statement": '\'=HYPERLINK("https://evil.example","x")\n+1',
        "channel": "link",
        "source_url": "",
        "quote": "",
        "verification_level": "3",
        "recorded_at": "2031-05-01T10:00:00+00:00",
        "valid_from": "",
        "dispute": "",
        "is_hidden": "no",
        "archive_sha256": "",
        "archive_url": "",
        "sequence": "1",
        "licence": "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
        "credit": "Answers: The Streets Trust. Candidates: Democracy Club (https://example.org/dc)",
        "imprint": str(world.campaign.imprint),
        "campaign": "safer-streets",
        "election": "parl.2031-05-22",
        "generated_on": "2031-05-01",
    }
    assert (unanswered["ask"], unanswered["stance"], unanswered["ask_version"]) == (
        "lights",
        "",
        "",
    )
    assert {r["candidacy_status"] for r in rows if r["person_name"] == "Dan Deal"} == {"withdrawn"}
    assert {r["is_ballot_cancelled"] for r in rows if r["person_name"] == "Eve Elm"} == {"yes"}


def test_the_json_says_the_same_with_credit_and_wordings(
    client: CheckingClient, world: PledgeWorld, answer: Answer
) -> None:
    answer(1, 1, Stance.PARTLY, "=1")
    response = client.get("/safer-streets/pledges.json")
    document = json.loads(response.data)
    assert document["imprint"].startswith("Promoted by A. Person")
    assert "Democracy Club" in document["credit"]
    assert document["licence"].startswith("CC BY 4.0")
    assert document["asks"][0]["versions"][0]["wording"] == "Make it first."
    assert len(document["pledges"]) == 10
    (given,) = [row for row in document["pledges"] if row["stance"]]
    assert (given["ask"], given["statement"], given["person_name"]) == ("lights", "=1", "Bob Birch")
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_no_address_is_in_any_public_file(client: CheckingClient, world: PledgeWorld) -> None:
    for path in ("pledges/", "pledges.csv", "pledges.json"):
        text = client.get(f"/safer-streets/{path}").get_data(as_text=True)
        assert world.candidacies[0].person.email not in text


@contextmanager
def _queries(app: Flask) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    engine = app.extensions["campaign"].database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_the_history_shows_how_each_entry_can_be_checked(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    entry = published(
        web_session, world, archive_sha256="ab" * 32, archive_url="https://archive.example/1",
        source_url="https://news.example.org/1",
    )  # fmt: skip
    web_session.commit()
    page = client.get(f"/safer-streets/candidates/{world.candidacies[0].person_id}/").text
    for words in (
        entry.hash, entry.previous_hash, "organiser 1", "organiser 2", "(level 2)", "ab" * 32,
        "https://archive.example/1", "https://news.example.org/1", "version 1",
        "/safer-streets/pledges/record.jsonl",
    ):  # fmt: skip
        assert words in page, words
