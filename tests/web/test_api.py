"""The open data interface: what it says, to whom, and how it refuses."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.campaigns.models import AskVersion
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import PersonAlias
from campaign.candidates.rules import CandidacyStatus
from campaign.letters.rules import LetterStatus
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import review_pledge
from tests.factories import EARLY, BallotFactory, CampaignFactory, CandidacyFactory, PersonFactory
from tests.factories.recording import record_answer
from tests.factories.worlds import PledgeWorld, letter_from_somebody, pledge_world
from tests.web.client import CheckingClient

BASE = "/api/v1/campaigns/safer-streets"
LISTS = ("/asks", "/constituencies", "/candidates", "/events")
ALL = ("", "/totals", "/constituencies/northmoor-east", "/candidates/70000", *LISTS)


@pytest.fixture
def world(app: Flask, web_session: Session) -> PledgeWorld:
    """One ballot of two who stand and one who withdrew; the first has answered one ask."""
    web_session.expire_on_commit = False
    world = pledge_world()
    ballot = world.candidacies[0].ballot
    world.candidacies[0].person.id  # noqa: B018 - loaded before the session ends
    world.candidacies.append(
        CandidacyFactory(ballot=ballot, person__name="Cy Cedar", status=CandidacyStatus.WITHDRAWN)
    )
    record_answer(web_session, world, stance=Stance.YES, statement="=I will.")
    web_session.commit()
    return world


def read(client: CheckingClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def path_of(world: PledgeWorld, path: str) -> str:
    return f"{BASE}{path}".replace("70000", str(world.candidacies[0].person_id))


@pytest.mark.parametrize("path", ALL)
def test_each_answer_says_its_licence_and_can_be_read_by_every_site(
    client: CheckingClient, world: PledgeWorld, path: str
) -> None:
    answer = client.get(path_of(world, path), headers={"Origin": "https://example.org"})
    assert answer.status_code == 200
    body = answer.get_json()
    assert body["licence"].startswith("CC BY 4.0")
    assert "The Streets Trust" in body["credit"]
    assert body["imprint"].startswith("Promoted by A. Person")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


@pytest.mark.parametrize("path", ALL)
def test_what_is_known_already_is_not_sent_again(
    client: CheckingClient, world: PledgeWorld, path: str
) -> None:
    first = client.get(path_of(world, path))
    known = {"If-None-Match": first.headers["ETag"]}
    again = client.get(path_of(world, path), headers=known)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Access-Control-Allow-Origin"] == "*"


def test_an_etag_changes_with_a_new_answer(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    before = client.get(f"{BASE}/candidates").headers["ETag"]
    record_answer(web_session, world, stance=Stance.NO, candidate=1)
    web_session.commit()
    assert client.get(f"{BASE}/candidates").headers["ETag"] != before


def test_candidates_carry_stable_ids_and_their_stances(
    client: CheckingClient, world: PledgeWorld
) -> None:
    ann, bob, cy = read(client, f"{BASE}/candidates")["items"]
    assert ann["person_id"] == world.candidacies[0].person_id
    assert ann["ballot_id"] == "parl.northmoor-east.2031-05-22"
    assert ann["party"]["name"] == "Blue"
    assert [each["stance"] for each in ann["stances"]] == ["yes", None]
    assert ann["stances"][0]["statement"] == "=I will."
    assert [each["stance"] for each in bob["stances"]] == [None, None]
    assert (ann["is_counted"], cy["is_counted"], cy["status"]) == (True, False, "withdrawn")
    assert read(client, f"{BASE}/candidates/{ann['person_id']}")["candidate"] == ann
    assert ann["url"].endswith(f"/safer-streets/candidates/{ann['person_id']}/")


def test_no_address_of_a_candidate_and_nothing_of_a_supporter_gets_out(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    web_session.commit()
    for path in ALL:
        text = client.get(path_of(world, path)).text
        assert f"candidate-{world.candidacies[0].person_id}@" not in text
        assert "Secret" not in text
        assert "Sam Supporter" not in text


def test_few_supporters_are_not_shown(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    for _ in range(4):
        letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    web_session.commit()
    few = read(client, f"{BASE}/totals")
    assert (few["supporters"], few["letters"]) == (None, None)
    assert few["candidates"] == {
        "standing": 2, "reachable": 2, "asked": 1, "answered": 1, "agreed": 1,
    }  # fmt: skip
    assert few["asks"][0]["stances"]["yes"] == 1
    assert few["asks"][0]["standing"] == 2
    assert few["withdrawn"] == 1
    assert few["as_of"] == "2031-05-01T10:00:00+00:00"
    letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    web_session.commit()
    many = read(client, f"{BASE}/totals")
    assert (many["supporters"], many["letters"]) == (5, 5)
    # One more must not show as a difference: whoever looked before would know of one person.
    letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    web_session.commit()
    assert read(client, f"{BASE}/totals") == many


def test_no_public_page_tells_how_many_few_supporters_are(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    person = world.candidacies[0].person_id
    place = "/safer-streets/northmoor-east/"
    pages = (
        "/safer-streets/", "/safer-streets/pledges/", "/safer-streets/pledges.csv", place,
        f"/safer-streets/candidates/{person}/", f"{place}press/", f"{place}press/note.txt",
        f"{place}press/candidates.csv", f"{place}feed.atom", "/embed/safer-streets/",
        "/embed/safer-streets/northmoor-east/", f"/embed/safer-streets/candidate/{person}/",
        f"{BASE}/totals", f"{BASE}/constituencies", f"{BASE}/candidates",
    )  # fmt: skip

    def seen() -> dict[str, str]:
        return {page: client.get(page).text for page in pages}

    letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    web_session.commit()
    one = seen()
    for _ in range(3):
        letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    web_session.commit()
    assert seen() == one
    letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    web_session.commit()
    five = seen()
    told = {page for page in pages if five[page] != one[page]}
    assert told == {
        "/safer-streets/", f"/safer-streets/candidates/{person}/", f"{place}press/",
        f"{place}press/note.txt", f"{BASE}/totals",
    }  # fmt: skip
    for _ in range(4):
        letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    web_session.commit()
    assert seen() == five


def test_pages_lead_from_one_to_the_next(client: CheckingClient, world: PledgeWorld) -> None:
    first = client.get(f"{BASE}/candidates?page_size=2")
    assert json.loads(first.headers["X-Pagination"]) == {
        "total": 3, "total_pages": 2, "first_page": 1, "last_page": 2, "page": 1, "next_page": 2,
    }  # fmt: skip
    links = dict(reversed(part.split("; rel=")) for part in first.headers["Link"].split(", "))
    following = links['"next"'].strip("<>")
    assert following == f"http://localhost{BASE}/candidates?page=2&page_size=2"
    second = read(client, following.removeprefix("http://localhost"))
    names = [each["name"] for each in (*first.get_json()["items"], *second["items"])]
    assert names == ["Ann Ash", "Bob Birch", "Cy Cedar"]
    # The usual size is not in the address, so that the page cache keeps it.
    assert "page_size" not in client.get(f"{BASE}/candidates").headers["Link"]


def test_candidates_of_one_constituency(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    west = BallotFactory(
        election=world.election, constituency__name="West", constituency__slug="west"
    )
    CandidacyFactory(ballot=west, person__name="Dee Dale")
    web_session.commit()
    items = read(client, f"{BASE}/candidates?constituency=west")["items"]
    assert [each["name"] for each in items] == ["Dee Dale"]
    both = read(client, f"{BASE}/constituencies")["items"]
    assert [(each["name"], each["candidates"]["standing"]) for each in both] == [
        ("Northmoor East", 2),
        ("West", 1),
    ]
    one = read(client, f"{BASE}/constituencies/northmoor-east")
    assert one["constituency"] == both[0]
    assert len(one["candidates"]) == 3


def test_asks_keep_their_earlier_wordings(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    version = AskVersion(number=2, title="New", wording="New words.", created_at=EARLY)
    world.asks[0].versions.append(version)
    web_session.commit()
    ask = read(client, f"{BASE}/asks")["items"][0]
    assert (ask["version"], ask["title"]) == (2, "New")
    assert [each["wording"] for each in ask["versions"]] == ["Make it first.", "New words."]


def test_everybody_can_compute_the_hash_of_a_public_event(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    entry = record_answer(
        web_session, world, stance=Stance.PARTLY, candidate=1, channel=Channel.LETTER, quote="Maybe"
    )
    web_session.commit()
    first, waiting = read(client, f"{BASE}/events")["items"]
    assert not waiting["is_public"]
    assert (waiting["record"], waiting["person_id"]) == (None, None)
    assert waiting["previous_hash"] == first["hash"]
    review_pledge(web_session, event_id=entry, is_right=True, reviewer="organiser:2", now=EARLY)
    web_session.commit()
    items = read(client, f"{BASE}/events")["items"]
    assert [each["record"]["kind"] for each in items] == ["answer", "answer", "review"]
    assert items[2]["record"]["refers_to"] == 2
    previous = "0" * 64
    for each in items:
        text = json.dumps(each["record"], sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(text.encode("ascii")).hexdigest() == each["hash"]
        assert each["previous_hash"] == each["record"]["previous_hash"] == previous
        previous = each["hash"]


def test_the_hash_of_somebody_who_was_merged_can_be_computed(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    person = world.candidacies[0].person
    former = person.id
    other = PersonFactory(name="Ann A. Ash")
    world.candidacies[0].person_id = other.id
    web_session.add(PersonAlias(old_person_id=former, person_id=other.id))
    web_session.commit()
    event = read(client, f"{BASE}/events")["items"][0]
    assert (event["person_id"], event["record"]["person_id"]) == (other.id, former)
    text = json.dumps(event["record"], sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode("ascii")).hexdigest() == event["hash"]


def test_drafts_are_not_there_and_closed_campaigns_stay(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    CampaignFactory(election=world.election, slug="draft", status=CampaignStatus.DRAFT)
    world.campaign.status = CampaignStatus.CLOSED
    web_session.commit()
    items = read(client, "/api/v1/campaigns")["items"]
    assert [(each["campaign"], each["status"]) for each in items] == [("safer-streets", "closed")]
    for path in ("", "/asks", "/totals", "/candidates", "/constituencies", "/events"):
        assert client.get(f"/api/v1/campaigns/draft{path}").status_code == 404
        assert client.get(f"{BASE}{path}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v2/campaigns/nobody", 404),
        ("GET", "/api/v1/campaigns/nobody", 404),
        ("GET", "/api/v1/campaigns/", 404),
        ("GET", "/api/v1/campaigns/%00", 404),
        ("GET", f"{BASE}/constituencies/nowhere", 404),
        ("GET", f"{BASE}/candidates/999999999999999999999", 404),
        ("GET", f"{BASE}/candidates?page=99", 404),
        ("GET", f"{BASE}/candidates?page=99999999999999999999999", 404),
        ("GET", f"{BASE}/candidates?page=0", 422),
        ("GET", f"{BASE}/candidates?page_size=101", 422),
        ("GET", f"{BASE}/candidates?page_size=x", 422),
        ("GET", f"{BASE}/candidates?constituency=%00", 422),
        ("POST", f"{BASE}/candidates", 405),
        ("DELETE", "/api/v1/campaigns", 405),
    ],
)
def test_errors_have_one_form_and_say_what_to_do_next(
    client: CheckingClient, world: PledgeWorld, method: str, path: str, status: int
) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert body["status"] == status
    assert body["title"]
    assert body["next_step"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("errors" in body) == (status == 422)
    if status == 405:
        assert "GET" in answer.headers["Allow"]
        assert "Access-Control-Allow-Origin" not in answer.headers
    else:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_script_may_ask_with_an_etag(client: CheckingClient, world: PledgeWorld) -> None:
    # Without the checks of pages: the answer has no content.
    asked = {"Origin": "https://example.org", "Access-Control-Request-Headers": "if-none-match"}
    answer = client.options(f"{BASE}/candidates", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "If-None-Match"
    assert "ETag" not in answer.headers


def test_head_is_answered_without_content(client: CheckingClient, world: PledgeWorld) -> None:
    answer = client.head(f"{BASE}/candidates")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["ETag"] == client.get(f"{BASE}/candidates").headers["ETag"]


def test_too_many_requests_are_refused_in_the_same_form(
    make_app: Callable[..., Flask], world: PledgeWorld
) -> None:
    client = make_app(rate_limits_enabled=True).test_client()
    for _ in range(120):
        client.get(f"{BASE}/totals")
    answer = client.get(f"{BASE}/totals")
    assert answer.status_code == 429
    assert answer.get_json()["status"] == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_error_of_ours_tells_a_program_nothing_of_the_machine(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app()

    @app.get("/api/broken")
    def broken() -> str:
        raise RuntimeError("secret detail of the machine")

    app.testing = False
    answer = app.test_client().get("/api/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.get_json()["next_step"]


def test_the_documentation_names_every_address_with_an_example_that_works(
    client: CheckingClient, world: PledgeWorld
) -> None:
    page = client.get("/api/v1/")
    assert page.status_code == 200
    assert "Set-Cookie" not in page.headers
    for path in client.get("/api/v1/openapi.json").get_json()["paths"]:
        assert f">{path}</code>".replace("{", "{") in page.text
    examples = page.text.split("<code>curl http://localhost")[1:]
    assert len(examples) == 9
    for each in examples:
        assert client.get(each.split("<")[0]).status_code == 200


def test_an_installation_without_a_campaign_has_documentation_and_an_empty_list(
    client: CheckingClient,
) -> None:
    assert client.get("/api/v1/").status_code == 200
    assert client.get("/api/v1/campaigns").get_json()["items"] == []
