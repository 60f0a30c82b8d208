"""Feeds, share images, press kits, and the files of open data."""

import csv
import io
import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.rules import CandidacyStatus
from campaign.letters.rules import LetterStatus
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import (
    dispute_entry,
    hide_texts,
    review_pledge,
    settle_dispute,
    withdraw_pledge,
)
from campaign.reports.share_image import ShareWords
from tests.conftest import FrozenClock
from tests.factories import BallotFactory, CandidacyFactory
from tests.factories.pledges import published
from tests.factories.recording import record_answer
from tests.factories.worlds import PledgeWorld, letter_from_somebody, pledge_world
from tests.web.client import CheckingClient

ATOM = "{http://www.w3.org/2005/Atom}"
FEED = "/safer-streets/pledges/feed.atom"
PLACE = "/safer-streets/northmoor-east"


@pytest.fixture
def world(app: Flask, web_session: Session) -> PledgeWorld:
    web_session.expire_on_commit = False
    world = pledge_world()
    world.election.candidates_credit = "Candidates: Democracy Club (https://example.org/dc)"
    west = BallotFactory(
        election=world.election, constituency__name="Ynys Ŵyl", constituency__slug="ynys-wyl"
    )
    world.candidacies.append(CandidacyFactory(ballot=west, person__name="Cat Cedar"))
    web_session.commit()
    return world


def feed_of(client: CheckingClient, path: str = FEED) -> ET.Element:
    """Return a feed after checking what RFC 4287 asks of every one."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "application/atom+xml"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    feed = ET.fromstring(answer.data)
    assert feed.tag == f"{ATOM}feed"
    for parent in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (element,) = parent.findall(f"{ATOM}{name}")
            assert element.text
        assert parent.findtext(f"{ATOM}updated", "").endswith("Z")
        assert [link.get("href") for link in parent.findall(f"{ATOM}link[@rel='alternate']")], (
            "4.1.1: an entry without content, and a feed, lead to a page"
        )
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    (own,) = feed.findall(f"{ATOM}link[@rel='self']")
    assert own.get("href") == f"http://localhost{path}"
    ids = [element.text or "" for element in feed.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids))
    assert all(each.startswith("tag:localhost,2031-04-01:") for each in ids)
    return feed


def texts(feed: ET.Element, name: str) -> list[str]:
    return [entry.findtext(f"{ATOM}{name}", "") for entry in feed.findall(f"{ATOM}entry")]


def test_an_empty_feed_is_a_feed(client: CheckingClient, world: PledgeWorld) -> None:
    feed = feed_of(client)
    assert texts(feed, "id") == []
    rights = feed.findtext(f"{ATOM}rights", "")
    assert "CC BY 4.0" in rights
    assert "Democracy Club" in rights
    assert "Promoted by A. Person" in rights


def test_a_feed_tells_each_change_newest_first_and_keeps_its_ids(
    client: CheckingClient, world: PledgeWorld, web_session: Session, clock: FrozenClock
) -> None:
    record_answer(web_session, world, stance=Stance.YES, statement="I <will> & must.")
    web_session.commit()
    first = texts(feed_of(client), "id")
    withdraw_pledge(
        web_session,
        campaign_id=world.campaign.id,
        candidacy_id=world.candidacies[0].id,
        ask_id=world.asks[0].id,
        entered_by="candidate",
        now=clock(),
    )
    web_session.commit()
    feed = feed_of(client)
    assert texts(feed, "id")[1:] == first
    assert texts(feed, "title") == [
        "Ann Ash (Northmoor East): Answer withdrawn – Make it first.",
        "Ann Ash (Northmoor East): Yes – Make it first.",
    ]
    assert "“I <will> & must.”" in texts(feed, "content")[1]
    assert feed.findtext(f"{ATOM}updated") == "2031-05-01T10:00:00Z"
    links = [each.get("href", "") for each in feed.iter(f"{ATOM}link")]
    assert f"http://localhost/safer-streets/candidates/{world.candidacies[0].person_id}/" in links


def test_a_feed_tells_what_organisers_entered_when_it_became_public(
    client: CheckingClient, world: PledgeWorld, web_session: Session, clock: FrozenClock
) -> None:
    entry = record_answer(
        web_session, world, stance=Stance.PARTLY, channel=Channel.LETTER, quote="Maybe."
    )
    record_answer(web_session, world, stance=Stance.NO, candidate=1)
    web_session.commit()
    assert len(texts(feed_of(client), "id")) == 1
    review_pledge(web_session, event_id=entry, is_right=True, reviewer="organiser:2", now=clock())
    web_session.commit()
    feed = feed_of(client)
    assert [each.split(":")[0] for each in texts(feed, "title")] == [
        "Ann Ash (Northmoor East)",
        "Bob Birch (Northmoor East)",
    ]
    assert texts(feed, "updated")[0] == "2031-05-01T10:00:00Z"


def test_a_feed_tells_of_objections_and_never_a_hidden_text(
    client: CheckingClient, world: PledgeWorld, web_session: Session, clock: FrozenClock
) -> None:
    entry = published(web_session, world, statement="A private matter.")
    record_answer(web_session, world, stance=Stance.NO, candidate=1)
    about = {"campaign_id": world.campaign.id, "event_id": entry.id, "now": clock()}
    because = {**about, "reason": "It names a private person."}
    web_session.commit()
    first = texts(feed_of(client), "id")
    assert "A private matter." in texts(feed_of(client), "content")[1]
    dispute_entry(web_session, **about, entered_by="candidate", words="Never said.")
    web_session.commit()
    feed = feed_of(client)
    assert texts(feed, "id") == first[::-1], "the entry itself comes back to the top"
    assert texts(feed, "title")[0].endswith("Make it first. – Disputed by the candidate")
    assert "A private matter." in texts(feed, "content")[0]
    hide_texts(web_session, **because, hidden_by="organiser:2")
    web_session.commit()
    feed = feed_of(client)
    assert texts(feed, "title")[0].endswith("Disputed by the candidate – Its text is not public")
    assert "A private matter." not in str(texts(feed, "content"))
    settle_dispute(web_session, **because, is_right=False, settler="organiser:2")
    web_session.commit()
    feed = feed_of(client)
    assert "Taken out after the candidate objected" in texts(feed, "title")[0]
    terms = [each.get("term") for each in feed.find(f"{ATOM}entry").iter(f"{ATOM}category")]
    assert terms == ["yes", "struck", "hidden"]
    assert "A private matter." not in str(texts(feed, "content"))


def test_the_feed_of_a_constituency_has_its_own_candidates_only(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    record_answer(web_session, world, stance=Stance.YES)
    record_answer(web_session, world, stance=Stance.NO, candidate=2)
    web_session.commit()
    feed = feed_of(client, "/safer-streets/ynys-wyl/feed.atom")
    assert texts(feed, "title") == ["Cat Cedar (Ynys Ŵyl): No – Make it first."]
    assert client.get("/safer-streets/nowhere/feed.atom").status_code == 404


@pytest.mark.parametrize(
    ("page", "picture"),
    [
        ("/safer-streets/", "/safer-streets/share.png"),
        ("/safer-streets/pledges/", "/safer-streets/share.png"),
        (f"{PLACE}/", f"{PLACE}/share.png"),
    ],
)
def test_the_head_of_a_page_leads_to_picture_frame_and_feed(
    client: CheckingClient, world: PledgeWorld, page: str, picture: str
) -> None:
    html = client.get(page).text
    assert f'<meta property="og:image" content="http://localhost{picture}">' in html
    assert '<meta property="og:image:width" content="1200">' in html
    assert '<meta property="og:image:alt" content="' in html
    assert '<meta name="twitter:card" content="summary_large_image">' in html
    assert f'type="application/atom+xml" href="http://localhost{FEED}"' in html
    assert 'type="application/json+oembed" href="http://localhost/oembed?url=' in html


@pytest.mark.parametrize("path", ["/safer-streets", PLACE, "/safer-streets/ynys-wyl"])
def test_a_share_image_has_the_size_that_networks_ask_for(
    client: CheckingClient, world: PledgeWorld, path: str
) -> None:
    answer = client.get(f"{path}/share.png")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.data.startswith(b"\x89PNG")
    assert struct.unpack(">II", answer.data[16:24]) == (1200, 630)
    assert len(answer.data) < 60_000
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = client.get(f"{path}/share.png", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[ShareWords]:
    """Return the words of each picture that is asked for."""
    words: list[ShareWords] = []

    def draw(these: ShareWords) -> bytes:
        words.append(these)
        return b"png"

    monkeypatch.setattr("campaign.web.public.share.pictures.draw_share_image", draw)
    return words


def test_the_words_of_a_share_image(
    client: CheckingClient, world: PledgeWorld, web_session: Session, drawn: list[ShareWords]
) -> None:
    record_answer(web_session, world, stance=Stance.YES)
    world.campaign.accent = "#5b2a86"
    web_session.commit()
    client.get("/safer-streets/share.png")
    client.get(f"{PLACE}/share.png")
    assert [(each.place, each.figure, each.note) for each in drawn] == [
        ("", "1 of 3 candidates have answered", "As of 1 May 2031"),
        ("Northmoor East", "1 of 2 candidates have answered", "As of 1 May 2031"),
    ]
    assert drawn[0].title == "Safer streets for children"
    assert drawn[0].imprint.startswith("Promoted by A. Person, 1 High Street")
    assert drawn[0].accent == "#5b2a86"


def test_the_picture_of_a_cancelled_poll_says_so(
    client: CheckingClient, world: PledgeWorld, web_session: Session, drawn: list[ShareWords]
) -> None:
    world.candidacies[0].ballot.is_cancelled = True
    web_session.commit()
    client.get(f"{PLACE}/share.png")
    assert drawn[0].figure == "The poll here is cancelled"


def test_after_the_poll_a_picture_speaks_of_then_and_of_how_many_results_are_known(
    client: CheckingClient,
    world: PledgeWorld,
    web_session: Session,
    clock: FrozenClock,
    drawn: list[ShareWords],
) -> None:
    clock.time = world.election.poll_closes_at
    day = f"{clock.time.day} {clock.time:%B %Y}"
    client.get(f"{PLACE}/share.png")
    for candidate in (0, 2):
        world.candidacies[candidate].status = CandidacyStatus.ELECTED
        web_session.commit()
        client.get("/safer-streets/share.png")
    assert [(each.figure, each.note) for each in drawn] == [
        ("0 of 2 candidates had answered", f"As of {day}"),
        ("0 of 1 members elected had answered", f"As of {day}: 1 of 2 results are known"),
        ("0 of 2 members elected had answered", f"As of {day}"),
    ]


def test_the_page_to_share_has_code_picture_and_qr_code(
    client: CheckingClient, world: PledgeWorld
) -> None:
    for path, frame in (("/safer-streets", "/embed/safer-streets/"),
                        (PLACE, "/embed/safer-streets/northmoor-east/")):  # fmt: skip
        html = client.get(f"{path}/share/").text
        assert f"&lt;iframe src=&#34;http://localhost{frame}&#34;" in html
        assert f'src="{path}/share.png"' in html
        assert f">http://localhost{path}/</textarea>" in html
        code = client.get(f"{path}/qr.png")
        assert code.data.startswith(b"\x89PNG")
        assert '<svg class="qr-code"' in html
    assert client.get("/safer-streets/nowhere/share/").status_code == 404


def test_the_frame_of_a_candidate_can_be_copied_too(
    client: CheckingClient, world: PledgeWorld
) -> None:
    person = world.candidacies[0].person_id
    share = f"/safer-streets/candidates/{person}/share/"
    assert f'href="{share}"' in client.get(f"/safer-streets/candidates/{person}/").text
    html = client.get(share).text
    assert f"src=&#34;http://localhost/embed/safer-streets/candidate/{person}/&#34;" in html
    assert f"{share}?column=340#embed" in html
    assert client.get("/safer-streets/candidates/1/share/").status_code == 404


def test_a_press_kit_says_where_an_answer_comes_from(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    record_answer(web_session, world, stance=Stance.YES, statement="I will.")
    published(
        web_session, world, candidacy_id=world.candidacies[1].id, channel=Channel.HUSTINGS,
        quote="“So shall I.”", source_url="https://news.example.org/hustings",
    )  # fmt: skip
    web_session.commit()
    html = client.get(f"{PLACE}/press/").text
    assert "answered by the candidate through their personal link" in html
    assert 'href="https://news.example.org/hustings"' in html
    assert f">http://localhost{PLACE}/</a>" in html
    note = client.get(f"{PLACE}/press/note.txt").text
    assert "  “So shall I.”\n" in note
    vouched = "entered by an organiser; a second one has seen the source"
    assert f"hustings; {vouched}, https://news.example.org/hustings\n" in note
    for text in (html, note):
        assert "http://localhost/safer-streets/pledges/record.jsonl" in text
        assert "http://localhost/safer-streets/pledges/heads.txt" in text


def test_a_press_kit_marks_an_objection_wherever_it_shows_the_answer(
    client: CheckingClient, world: PledgeWorld, web_session: Session, clock: FrozenClock
) -> None:
    entry = published(web_session, world)
    dispute_entry(
        web_session, campaign_id=world.campaign.id, event_id=entry.id, now=clock(),
        entered_by="candidate",
    )  # fmt: skip
    web_session.commit()
    html = client.get(f"{PLACE}/press/").text
    for part in html.split('<h2 id="statements">'):
        assert part.count("Disputed by the candidate") == 1
    assert (
        "Make it first. – Yes (Disputed by the candidate)\n"
        in client.get(f"{PLACE}/press/note.txt").text
    )


def test_a_press_kit_has_figures_with_denominators_and_date(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    record_answer(web_session, world, stance=Stance.YES, statement="I will.")
    for _ in range(4):
        letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    web_session.commit()
    html = client.get(f"{PLACE}/press/").text
    assert html.count("No answer yet to any of the 2 asks") == 1, "silence is said once"
    note = client.get(f"{PLACE}/press/note.txt")
    assert note.mimetype == "text/plain"
    for text in (html, note.text):
        assert "Figures of 1 May 2031, 11:00." in text
        assert "2 candidates stand." in text
        assert "1 of 2 have been sent a letter by a constituent, or an invitation" in text
        assert "1 of 2 have answered at least one ask." in text
        assert "I will." in text
        assert "ada@example.org" in text
        assert "Promoted by A. Person" in text
        assert "CC BY 4.0" in text
        assert "have written" not in text, "four people could be recognised"
    letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    web_session.commit()
    for path in (f"{PLACE}/press/", f"{PLACE}/press/note.txt"):
        text = client.get(path).text
        assert "At least 5 people here have written to candidates." in text
        assert "rounded down to a multiple of five" in text


def test_numbers_of_supporters_are_told_as_the_least_that_they_are(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    for _ in range(9):
        letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    web_session.commit()
    told = {
        "/safer-streets/": "At least 5 people have written at least 5 letters.",
        f"/safer-streets/candidates/{world.candidacies[0].person_id}/": (
            "At least 5 constituents have written with this campaign"
        ),
        f"{PLACE}/press/note.txt": "At least 5 people here have written",
    }
    for path, words in told.items():
        assert words in client.get(path).text, path


def test_a_note_is_text_and_not_html(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    record_answer(web_session, world, stance=Stance.YES, statement="Streets & <lights>")
    web_session.commit()
    note = client.get(f"{PLACE}/press/note.txt").text
    assert "“Streets & <lights>”" in note
    assert "\n\n\n\n" not in note


def test_the_table_of_a_press_kit_is_one_constituency_and_safe_to_open(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    record_answer(web_session, world, stance=Stance.YES, statement="=HYPERLINK(1)")
    web_session.commit()
    answer = client.get(f"{PLACE}/press/candidates.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert {row["person_name"] for row in rows} == {"Ann Ash", "Bob Birch"}
    assert rows[0]["statement"] == "'=HYPERLINK(1)"
    assert all(row["licence"].startswith("CC BY 4.0") and row["imprint"] for row in rows)
    assert {(row["campaign"], row["election"], row["generated_on"]) for row in rows} == {
        ("safer-streets", world.election.id, "2031-05-01")
    }


OPEN_FILES = (
    "/safer-streets/pledges.csv",
    "/safer-streets/pledges.json",
    FEED,
    f"{PLACE}/feed.atom",
    f"{PLACE}/press/candidates.csv",
    "/safer-streets/share.png",
)


@pytest.mark.parametrize("path", OPEN_FILES)
def test_open_files_can_be_read_by_scripts_of_other_sites(
    client: CheckingClient, world: PledgeWorld, path: str
) -> None:
    answer = client.get(path)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/safer-streets/", f"{PLACE}/", "/safer-streets/pledges/"])
def test_pages_are_not_for_scripts_of_other_sites(
    client: CheckingClient, world: PledgeWorld, path: str
) -> None:
    assert "Access-Control-Allow-Origin" not in client.get(path).headers


@pytest.mark.parametrize("path", [*OPEN_FILES, f"{PLACE}/press/", f"{PLACE}/share/",
                                  "/embed/safer-streets/", f"/embed{PLACE}/"])  # fmt: skip
def test_drafts_have_no_files_and_closed_campaigns_keep_theirs(
    client: CheckingClient, world: PledgeWorld, web_session: Session, path: str
) -> None:
    world.campaign.status = CampaignStatus.CLOSED
    web_session.commit()
    assert client.get(path).status_code == 200
    world.campaign.status = CampaignStatus.DRAFT
    web_session.commit()
    assert client.get(path).status_code == 404


def test_addresses_for_others_come_from_the_settings_and_not_from_the_visitor(
    make_app: Callable[..., Flask], world: PledgeWorld
) -> None:
    client: Any = make_app(base_url="https://campaign.example.org").test_client()
    for path in ("/safer-streets/", FEED, "/safer-streets/share/"):
        text = client.get(path, base_url="https://evil.example").text
        assert "https://campaign.example.org/safer-streets/" in text
        assert "evil.example" not in text


OPEN = (
    "/api/v1/openapi.json", "/oembed?url=http%3A%2F%2Flocalhost%2Fsafer-streets%2F",
    "/safer-streets/pledges.csv", "/safer-streets/pledges.json", FEED, f"{PLACE}/feed.atom",
    "/safer-streets/pledges/heads.txt", "/safer-streets/pledges/heads.json",
    "/safer-streets/pledges/record.jsonl", f"{PLACE}/press/candidates.csv",
    f"{PLACE}/press/note.txt", "/safer-streets/share.png", f"{PLACE}/share.png",
    "/safer-streets/qr.png", f"{PLACE}/qr.png",
)  # fmt: skip


def test_a_credit_of_several_lines_is_no_head(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    world.election.candidates_credit = "Candidates by\n\nsomebody."
    web_session.commit()
    lines = client.get("/safer-streets/pledges/heads.txt").text.splitlines()
    assert any(line.endswith("Candidates by somebody.") for line in lines)
    assert all(line.startswith("#") or len(line.split()) == 3 for line in lines)


@pytest.mark.parametrize("path", OPEN)
def test_a_script_of_another_site_reads_every_file(
    client: CheckingClient, world: PledgeWorld, path: str
) -> None:
    here = {"Origin": "https://example.org"}
    asked = {**here, "Access-Control-Request-Headers": "if-none-match"}
    preflight = client.options(path, headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Headers"] == "If-None-Match"
    first = client.get(path, headers=here)
    again = client.get(path, headers={**here, "If-None-Match": first.headers["ETag"]})
    nothing = client.get(path.replace("safer-streets", "nobody"), headers=here)
    expected = 200 if path.startswith("/api/") else 404
    assert (first.status_code, again.status_code, nothing.status_code) == (200, 304, expected)
    for answer in (first, again, nothing):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in client.post(path, headers=here).headers


def test_a_page_of_people_is_not_open_to_scripts_of_others(
    client: CheckingClient, world: PledgeWorld
) -> None:
    for path in ("/safer-streets/", "/safer-streets/pledges/", f"{PLACE}/press/", f"{PLACE}/write"):
        assert "Access-Control-Allow-Origin" not in client.get(path).headers


def test_the_wording_of_a_retired_ask_stays_where_the_record_has_answers_to_it(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    record_answer(web_session, world, stance=Stance.YES)
    world.asks[0].is_retired = True
    web_session.commit()
    asks = "/api/v1/campaigns/safer-streets/asks"
    for listed in (
        client.get(asks).get_json()["items"],
        client.get("/safer-streets/pledges.json").get_json()["asks"],
    ):
        assert [(each["ask"], each["is_retired"]) for each in listed] == [
            ("lights", False),
            ("priority", True),
        ]
        assert "Make it first." in str(listed[1])
    (answered,) = (
        each
        for each in client.get("/safer-streets/pledges.json").get_json()["pledges"]
        if each["person_id"] == world.candidacies[0].person_id
    )
    assert answered["ask"] == "lights", "what is no longer asked counts no more"
