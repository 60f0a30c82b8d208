"""What is kept in front of the application, for how long, and what never is."""

import gzip
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from campaign.web.shared import page_cache
from campaign.web.shared.page_cache import PageCache
from tests.factories import BallotFactory, CampaignFactory, CandidacyFactory
from tests.web.client import CheckingClient

PUBLIC = {"Cache-Control": "public, max-age=5", "ETag": 'W/"abc"', "Content-Type": "text/html"}


class Site:
    """A cache around an application that counts how often it is asked; time and version are set."""

    def __init__(self, **options: Any) -> None:
        self.time = 1000.0
        self.version: object = 1
        self.headers = dict(PUBLIC)
        self.status = "200 OK"
        self.text = "p" * 2000
        self.asked: list[dict[str, Any]] = []
        self.meanwhile: Callable[[], None] = lambda: None
        cache = PageCache(
            self._application,
            static_prefix="/static/",
            read_version=lambda: self.version,
            clock=lambda: self.time,
            **options,
        )
        self.client = Client(cache)

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked.append(environ)
        self.meanwhile()
        start_response(self.status, list(self.headers.items()))
        return [self.text.encode()]

    def get(self, path: str = "/page/", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=named)


def test_a_public_page_is_made_once() -> None:
    site = Site()
    assert site.get().text == site.get().text == site.text
    assert len(site.asked) == 1


def test_pages_of_a_list_are_kept_each_by_itself_and_invented_queries_are_not() -> None:
    site = Site()
    for query in ("page=2", "page=3", "page=2", "page=3"):
        site.get(f"/api/v1/campaigns?{query}")
    assert [each["QUERY_STRING"] for each in site.asked] == ["page=2", "page=3"]
    for path in ("/api/v1/campaigns?page=2&x=1", "/api/v1/campaigns?page=02", "/page/?page=2"):
        site.asked.clear()
        site.get(path)
        site.get(path)
        assert len(site.asked) == 2, path


def test_a_path_with_a_question_mark_in_it_is_no_page_of_a_list() -> None:
    site = Site()
    site.get("/api/v1/campaigns?page=2")
    site.get("/api/v1/campaigns%3Fpage=2")
    assert [each["PATH_INFO"] for each in site.asked] == [
        "/api/v1/campaigns",
        "/api/v1/campaigns?page=2",
    ]


def test_a_page_is_made_anew_when_what_the_public_sees_has_changed() -> None:
    site = Site()
    site.get()
    site.version, site.text = 2, "q" * 2000
    assert site.get().text[0] == "p", "the version is read once a second"
    site.time += 1
    assert site.get().text[0] == "q"


def test_a_page_is_made_anew_after_a_minute_whatever_the_version_says() -> None:
    site = Site()
    site.get()
    site.time += 59
    site.get()
    assert len(site.asked) == 1
    site.time += 1
    site.get()
    assert len(site.asked) == 2


def test_age_counts_from_when_the_page_was_last_known_to_be_right() -> None:
    site = Site()
    assert site.get().headers["Age"] == "0"
    site.time += 0.9
    assert site.get().headers["Age"] == "1", "nobody may keep it longer for being rounded"
    site.time += 30
    assert site.get().headers["Age"] == "0", "the version was just read, and is the same"


def test_while_one_makes_a_page_anew_the_others_get_the_old_one() -> None:
    site = Site()
    site.get()
    site.version, site.text = 2, "q" * 2000
    site.time += 2
    seen: list[TestResponse] = []

    def look() -> None:
        site.meanwhile = lambda: None
        seen.append(site.get())

    site.meanwhile = look
    assert site.get().text[0] == "q"
    assert seen[0].text[0] == "p"
    assert seen[0].headers["Age"] == "2"
    assert len(site.asked) == 2


def test_nobody_gets_a_page_that_is_older_than_it_may_be() -> None:
    site = Site()
    site.get()
    site.version, site.text = 2, "q" * 2000
    site.time += 5
    making, waits = threading.Event(), threading.Event()
    site.meanwhile = lambda: (making.set(), waits.wait(5))[0]
    answers: list[str] = []
    crowd = [threading.Thread(target=lambda: answers.append(site.get().text)) for _ in range(3)]
    crowd[0].start()
    assert making.wait(5)
    for one in crowd[1:]:
        one.start()
    waits.set()
    for one in crowd:
        one.join(5)
    assert [text[0] for text in answers] == ["q", "q", "q"]
    assert len(site.asked) == 2, "one made it, the others waited for it"


@pytest.mark.parametrize(
    "changes",
    [
        {"Cache-Control": "no-store"},
        {"Cache-Control": "private, max-age=5"},
        {"Cache-Control": "public, max-age=0"},
        {"Set-Cookie": "a=b"},
        {"Vary": "Cookie"},
        {"Content-Encoding": "br"},
    ],
)
def test_what_is_not_for_everybody_is_never_kept_nor_compressed(changes: dict[str, str]) -> None:
    site = Site()
    site.headers.update(changes)
    site.get()
    answer = site.get(Accept_Encoding="gzip")
    assert len(site.asked) == 2
    assert "Age" not in answer.headers
    assert answer.get_data() == site.text.encode()


@pytest.mark.parametrize("status", ["302 FOUND", "404 NOT FOUND", "500 INTERNAL SERVER ERROR"])
def test_only_whole_pages_are_kept(status: str) -> None:
    site = Site()
    site.get()
    site.version, site.status = 2, status
    site.time += 1
    assert [site.get().status, site.get().status] == [status, status]
    assert len(site.asked) == 3


def test_other_methods_and_addresses_with_a_query_go_past() -> None:
    site = Site()
    for _ in range(2):
        site.client.post("/page/")
        site.get("/page/?postcode=ZQ1")
        site.get(Authorization="Basic x")
        site.get(Range="bytes=0-1")
    assert len(site.asked) == 8


def test_parameters_of_mail_programs_and_networks_are_nobodys_page() -> None:
    site = Site()
    site.get("/page/?utm_source=mail&fbclid=xyz")
    assert site.get("/page/?utm_source=other").headers["Age"] == "0"
    assert len(site.asked) == 1
    assert site.asked[0]["QUERY_STRING"] == ""


def test_another_host_has_another_page() -> None:
    site = Site()
    site.get(Host="one.example.org")
    site.get(Host="two.example.org")
    assert len(site.asked) == 2


def test_a_visitor_who_has_the_page_gets_304() -> None:
    site = Site()
    first = site.get(If_None_Match='"other"')
    assert first.status_code == 200
    again = site.get(If_None_Match=f'"other", {first.headers["ETag"]}')
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "HTTP_IF_NONE_MATCH" not in site.asked[0], "the whole page is wanted, to keep it"


def test_head_is_answered_from_what_is_kept() -> None:
    site = Site()
    site.get()
    answer = site.client.head("/page/")
    assert (answer.headers["Content-Length"], answer.get_data()) == ("2000", b"")
    assert len(site.asked) == 1


@pytest.mark.parametrize("size", [2000, page_cache._SMALLEST_KEPT_TWICE])
@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [("gzip, br", True), ("br;q=1, gzip;q=0.5", True), ("gzip;q=0", False), ("", False)],
)
def test_a_page_is_compressed_for_those_who_take_it(
    size: int, accepted: str, is_compressed: bool
) -> None:
    site = Site()
    site.text = "p" * size
    answer = site.get(Accept_Encoding=accepted)
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert (answer.headers.get("Content-Encoding") == "gzip") == is_compressed
    data = answer.get_data()
    assert (gzip.decompress(data) if is_compressed else data) == site.text.encode()


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/atom+xml"])
def test_files_of_text_are_compressed_too(kind: str) -> None:
    site = Site()
    site.headers["Content-Type"] = kind
    assert site.get(Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"


def test_a_whole_table_is_kept_by_the_room_that_it_takes_compressed() -> None:
    site = Site(max_bytes=100_000)
    site.text = "p" * (page_cache._LARGEST_KEPT_TWICE + 1)
    assert site.get().text == site.get(Accept_Encoding="gzip;q=0").text == site.text
    assert len(site.asked) == 1


def test_the_longest_unused_page_makes_room() -> None:
    site = Site(max_bytes=10_000)
    site.text = "p" * 400
    for path in ("/a", "/b", "/c", "/d", "/a", "/e", "/a"):
        site.get(path)
    assert len(site.asked) == 5
    site.get("/b")
    assert len(site.asked) == 6, "four have room, and this one was the longest unused"


def test_a_page_too_large_for_the_room_is_answered_and_not_kept() -> None:
    site = Site(max_bytes=10_000)
    site.headers["Content-Type"] = "application/pdf"
    site.text = "p" * 4_000
    assert site.get().text == site.get().text == site.text
    assert len(site.asked) == 2


@pytest.fixture
def kept_app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(page_cache=True)


def test_every_public_page_can_be_kept_and_holds_nothing_of_a_visitor(
    kept_app: Flask, web_session: Session
) -> None:
    candidacy = CandidacyFactory(ballot=BallotFactory(constituency__slug="northmoor"))
    CampaignFactory(slug="safer-streets", election=candidacy.ballot.election)
    web_session.commit()
    values = {
        "campaign_slug": "safer-streets",
        "constituency_slug": "northmoor",
        "person_id": candidacy.person_id,
    }
    rooms = ("campaigns.", "geography.", "tracker.")
    client: CheckingClient = kept_app.test_client()
    kept = []
    for rule in kept_app.url_map.iter_rules():
        if not rule.endpoint.startswith(rooms) or rule.endpoint in (
            "geography.find",  # reads the query
            "campaigns.look",  # this campaign has chosen no colour
        ):
            continue
        with kept_app.test_request_context():
            path = kept_app.url_for(rule.endpoint, **{n: values[n] for n in rule.arguments})
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "public, max-age=5", path
        assert answer.headers["ETag"], path
        assert "Set-Cookie" not in answer.headers, path
        assert "csrf_token" not in answer.text, path
        assert "Content-Security-Policy" in answer.headers, path
        assert 0 <= int(client.get(path).headers["Age"]) <= 5, path
        kept.append(rule.endpoint)
    assert {"campaigns.show", "geography.constituency", "tracker.show"} <= set(kept)


def test_the_stylesheet_is_compressed_too(kept_app: Flask) -> None:
    answer = kept_app.test_client().get(
        "/static/css/site.css?v=1", headers={"Accept-Encoding": "gzip"}
    )
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "max-age=2592000" in answer.headers["Cache-Control"]
