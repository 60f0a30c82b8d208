"""Frames on other sites: what they show, what they are allowed, and how they are found."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.candidates.rules import CandidacyStatus
from campaign.pledges.rules import RequestKind, Stance
from campaign.pledges.service import dispute_entry, hide_texts, note_request
from campaign.web.shared.security import FRAMED_POLICY
from tests.conftest import FrozenClock
from tests.factories import EARLY, BallotFactory, CampaignFactory, CandidacyFactory
from tests.factories.pledges import published
from tests.factories.recording import record_answer
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.web.client import CheckingClient

FRAMES = (
    "/embed/safer-streets/",
    "/embed/safer-streets/northmoor-east/",
    "/embed/safer-streets/candidate/{person}/",
)


@pytest.fixture
def world(app: Flask, web_session: Session) -> PledgeWorld:
    web_session.expire_on_commit = False
    world = pledge_world()
    record_answer(web_session, world, stance=Stance.PARTLY, statement="Some of it.")
    web_session.commit()
    return world


def path_of(path: str, world: PledgeWorld) -> str:
    return path.format(person=world.candidacies[0].person_id)


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_has_no_script_no_cookie_no_form_and_the_imprint(
    client: CheckingClient, world: PledgeWorld, path: str
) -> None:
    answer = client.get(path_of(path, world))
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "<form" not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert "Promoted by A. Person, 1 High Street" in answer.text
    for link in re.findall(r"<a [^>]+>", answer.text):
        assert 'target="_blank"' in link
        assert 'rel="noopener' in link
        assert re.search(
            r'href="http://(localhost/safer-streets/|\S+licenses/by/4\.0/)',
            link.replace("https", "http"),
        )


@pytest.mark.parametrize("path", FRAMES)
def test_every_site_may_frame_it(client: CheckingClient, world: PledgeWorld, path: str) -> None:
    answer = client.get(path_of(path, world))
    assert answer.headers["Content-Security-Policy"] == FRAMED_POLICY
    assert "frame-ancestors *" in FRAMED_POLICY
    assert "script-src" not in FRAMED_POLICY
    assert "X-Frame-Options" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/safer-streets/", "/safer-streets/pledges/", "/safer-streets/northmoor-east/write",
        "/safer-streets/share/", "/safer-streets/northmoor-east/press/",
        "/oembed", "/api/v1/", "/organise/login", "/answer/abc/", "/action/abc/",
    ],
)  # fmt: skip
def test_nothing_else_may_be_framed(client: CheckingClient, world: PledgeWorld, path: str) -> None:
    answer = client.get(path)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_frames_show_who_answered_what(client: CheckingClient, world: PledgeWorld) -> None:
    campaign, place, candidate = (client.get(path_of(path, world)).text for path in FRAMES)
    assert "1 of 2" in campaign
    assert "1 of 2 candidates have answered." in place
    assert place.index("Ann Ash") < place.index("Bob Birch")
    assert "Partly" in place
    assert "Some of it." in candidate
    assert "1 of 2 asks answered." in candidate
    assert candidate.count("No answer yet") == 2  # The other ask, and what the words mean.
    for frame in (campaign, place, candidate):
        assert "Figures of 1 May 2031." in frame
        assert "Answers: The Streets Trust." in frame
        assert ">CC BY 4.0</a>" in frame


def test_a_frame_explains_silence_only_where_it_shows_any(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    meaning = "means just that: it is not a no."
    silent = f"/embed/safer-streets/candidate/{world.candidacies[1].person_id}/"
    assert client.get(silent).text.count("No answer yet") == 2, "said once, and explained"
    world.candidacies[1].person.email = None
    record_answer(web_session, world, stance=Stance.YES, ask=1)
    web_session.commit()
    assert meaning not in client.get(path_of(FRAMES[2], world)).text, "all is answered"
    for frame in (silent, FRAMES[1]):
        text = client.get(frame).text
        assert ">No address known<" in text
        assert "“No address known”: the campaign could not ask." in text
        assert meaning not in text


def test_whose_address_is_wrong_has_no_address_known_on_every_page(
    client: CheckingClient, world: PledgeWorld, web_session: Session, clock: FrozenClock
) -> None:
    bob = world.candidacies[1]
    note_request(
        web_session,
        campaign_id=world.campaign.id,
        candidacy_id=bob.id,
        kind=RequestKind.WRONG_ADDRESS,
        now=clock(),
    )
    web_session.commit()
    page = f"/safer-streets/candidates/{bob.person_id}/"
    for path in (page, f"/embed{page.replace('candidates', 'candidate')}", FRAMES[1]):
        assert ">No address known<" in client.get(path).text, path
    assert "We know no e-mail address of Bob Birch." in client.get(page).text


def test_a_frame_says_where_an_answer_was_given(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    published(
        web_session, world, candidacy_id=world.candidacies[1].id, quote="You have my word.",
        source_url="https://news.example.org/hustings",
    )  # fmt: skip
    web_session.commit()
    text = client.get(f"/embed/safer-streets/candidate/{world.candidacies[1].person_id}/").text
    assert ">You have my word.</blockquote>" in text
    assert "1 May 2031, hustings; entered by an organiser; a second one has seen" in text
    assert '<a href="https://news.example.org/hustings" target="_blank"' in text
    assert "hustings" in client.get(FRAMES[1]).text


def test_frames_of_a_cancelled_poll_say_so_and_count_nobody(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    world.candidacies[0].ballot.is_cancelled = True
    web_session.commit()
    for frame in FRAMES[1:]:
        text = client.get(path_of(frame, world)).text
        assert "The poll in this constituency is cancelled." in text
        assert "candidates have answered" not in text


def test_after_the_poll_frames_begin_with_the_members_and_invite_nobody(
    client: CheckingClient, world: PledgeWorld, web_session: Session, clock: FrozenClock
) -> None:
    other = CandidacyFactory(ballot=BallotFactory(election=world.election))
    world.candidacies[1].status = CandidacyStatus.ELECTED
    clock.time = world.election.poll_closes_at
    web_session.commit()
    campaign, place, _candidate = (client.get(path_of(path, world)).text for path in FRAMES)
    assert place.index("Bob Birch") < place.index("Ann Ash")
    assert "1 of 2 candidates had answered." in place
    assert "is over. This is where the candidates stood." in campaign
    assert world.campaign.summary not in campaign
    assert "See your own candidates" not in campaign
    assert "Results are still coming in: 1 of 2 are known." in campaign
    other.status = CandidacyStatus.ELECTED
    web_session.commit()
    assert "still coming in" not in client.get(FRAMES[0]).text


def test_an_answer_to_an_ask_that_was_dropped_is_none_in_any_frame(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    world.asks[0].is_retired = True
    web_session.commit()
    campaign, place, candidate = (client.get(path_of(path, world)).text for path in FRAMES)
    assert "1 of 2" not in campaign
    assert "0 of 2 candidates have answered." in place
    assert "Partly" not in place
    assert "Partly" not in candidate


def test_a_frame_has_the_colours_of_its_campaign(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    world.campaign.accent = "#5b2a86"
    web_session.commit()
    assert "/safer-streets/look.css?v=" in client.get(FRAMES[0]).text


@pytest.mark.parametrize(
    "path",
    ["/embed/nobody/", "/embed/safer-streets/nowhere/", "/embed/safer-streets/candidate/1/",
     "/embed/safer-streets/candidate/99999999999999/"],
)  # fmt: skip
def test_a_frame_of_nothing_is_not_found(
    client: CheckingClient, world: PledgeWorld, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    # What a browser may not frame it shows as a failure of the whole site.
    assert answer.headers["Content-Security-Policy"] == FRAMED_POLICY
    assert "X-Frame-Options" not in answer.headers
    assert "There is no page at this address" in answer.text
    assert "<script" not in answer.text
    assert 'target="_blank"' in answer.text
    assert "<nav" not in answer.text


def test_frames_say_who_was_elected_and_what_is_disputed_or_hidden(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    entry = published(
        web_session, world, candidacy_id=world.candidacies[1].id, statement="A private matter."
    )
    about = {"campaign_id": world.campaign.id, "event_id": entry.id, "now": EARLY}
    dispute_entry(web_session, **about, entered_by="candidate")
    frames = [FRAMES[1], f"/embed/safer-streets/candidate/{world.candidacies[1].person_id}/"]
    web_session.commit()
    assert "A private matter." in client.get(frames[1]).text
    hide_texts(web_session, **about, hidden_by="organiser:2", reason="It names a private person.")
    world.candidacies[1].status = CandidacyStatus.ELECTED
    web_session.commit()
    for frame in frames:
        text = client.get(frame).text
        assert "<strong>Elected</strong>" in text
        assert "Disputed by the candidate" in text
        assert "The organisers have hidden the texts" in text
        assert "A private matter." not in text
    press = client.get("/safer-streets/northmoor-east/press/").text
    assert "Disputed by the candidate" in press
    assert "A private matter." not in press
    assert (
        "A private matter." not in client.get("/safer-streets/northmoor-east/press/note.txt").text
    )
    assert "members elected had answered" in client.get(FRAMES[0]).text
    totals = client.get("/api/v1/campaigns/safer-streets/totals").get_json()
    assert (totals["elected"]["standing"], totals["elected"]["answered"]) == (1, 1)


def oembed(client: CheckingClient, url: str, **more: str) -> dict[str, object]:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    answer = client.get(f"/oembed?url={quote(url, safe='')}{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return answer.get_json()


@pytest.mark.parametrize(
    ("page", "frame"),
    [
        ("/safer-streets/", FRAMES[0]),
        ("/safer-streets/pledges/", FRAMES[0]),
        ("/safer-streets/candidates/", FRAMES[0]),
        ("/safer-streets/northmoor-east/", FRAMES[1]),
        ("/safer-streets/candidates/{person}/", FRAMES[2]),
        (FRAMES[1], FRAMES[1]),
        ("/safer-streets/northmoor-east", FRAMES[1]),
        ("/", FRAMES[0]),
    ],
)
def test_a_page_leads_to_its_frame(
    client: CheckingClient, world: PledgeWorld, page: str, frame: str
) -> None:
    found = oembed(client, f"http://localhost{path_of(page, world)}")
    assert (found["version"], found["type"]) == ("1.0", "rich")
    assert f'src="http://localhost{path_of(frame, world)}"' in str(found["html"])
    assert found["title"]
    assert str(found["thumbnail_url"]).endswith("share.png")


def test_the_discovery_link_of_a_page_works(client: CheckingClient, world: PledgeWorld) -> None:
    html = client.get("/safer-streets/northmoor-east/").text
    link = re.search(r'application/json\+oembed" href="http://localhost([^"]+)"', html)
    assert link is not None
    answer = client.get(link[1].replace("&amp;", "&"))
    assert "Northmoor East" in answer.get_json()["title"]


def test_the_room_that_a_site_has_is_respected(client: CheckingClient, world: PledgeWorld) -> None:
    page = "http://localhost/safer-streets/"
    usual = oembed(client, page)
    assert usual["width"] == 480
    small = oembed(client, page, maxwidth="300", maxheight="400")
    assert (small["width"], small["height"]) == (300, 400)
    assert 'width="300" height="400"' in str(small["html"])
    assert "thumbnail_url" not in small
    large = oembed(client, page, maxwidth="2000", maxheight="2000", format="json")
    assert large["width"] == 1000
    assert int(str(large["height"])) < int(str(usual["height"])), "a wide frame needs less height"
    assert "thumbnail_url" in large
    column = oembed(client, page, maxwidth="340")
    assert column["width"] == 340
    assert int(str(column["height"])) > int(str(usual["height"]))


def test_the_code_to_copy_suits_the_column(client: CheckingClient, world: PledgeWorld) -> None:
    share = "/safer-streets/northmoor-east/share/"

    def height(query: str) -> int:
        found = re.search(r"height=&#34;(\d+)&#34;", client.get(f"{share}{query}").text)
        assert found is not None
        return int(found[1])

    assert height("") == height("?column=300") > height("?column=728")
    tall, usual = height("?column=300"), height("?column=640")
    suits = f"height:clamp({usual}px,calc((640px - 100vw)*999),{tall}px)"
    assert suits in client.get(share).text, "a phone needs more, and a wide column is left no gap"
    assert height("?column=5000") == height("?column=x") == height("")
    assert "max-width:728px" in client.get(f"{share}?column=728").text
    assert client.get(f"{share}?column=728").text.count('aria-current="true"') == 1


def test_the_front_page_has_no_frame_where_it_lists_campaigns(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    CampaignFactory(election=world.election, slug="another")
    web_session.commit()
    assert client.get("/oembed?url=http%3A%2F%2Flocalhost%2F").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("url=", 404),
        ("url=http%3A%2F%2Flocalhost%2Fnowhere", 404),
        ("url=http%3A%2F%2Flocalhost%2Forganise%2F", 404),
        ("url=http%3A%2F%2Flocalhost%2Fnobody%2F", 404),
        ("url=http%3A%2F%2Fevil.example%2Fsafer-streets%2F", 404),
        ("url=http%3A%2F%2F%5Bbroken%2F", 404),
        ("url=http%3A%2F%2Flocalhost%2Fsafer-streets%2Fcandidates%2F99999999999999999999%2F", 404),
        ("url=javascript%3Aalert(1)", 404),
        ("url=http%3A%2F%2Flocalhost%2Fsafer-streets%2F&format=xml", 501),
        ("url=http%3A%2F%2Flocalhost%2Fsafer-streets%2F&maxwidth=wide", 422),
        ("url=http%3A%2F%2Flocalhost%2Fsafer-streets%2F&maxheight=0", 422),
    ],
)
def test_what_cannot_be_embedded_is_refused(
    client: CheckingClient, world: PledgeWorld, query: str, status: int
) -> None:
    answer = client.get(f"/oembed?{query}")
    assert answer.status_code == status
    assert answer.get_json()["next_step"]


def test_the_title_of_a_frame_cannot_break_out_of_its_code(
    client: CheckingClient, world: PledgeWorld, web_session: Session
) -> None:
    world.campaign.name = 'Safer "streets" <b>'
    web_session.commit()
    html = str(oembed(client, "http://localhost/safer-streets/")["html"])
    assert 'title="Safer &#34;streets&#34; &lt;b&gt;"' in html


def test_a_frame_is_kept_with_its_headers(
    make_app: Callable[..., Flask], world: PledgeWorld
) -> None:
    client = make_app(page_cache=True).test_client()
    first, second = client.get(FRAMES[0]), client.get(FRAMES[0])
    assert "Age" in second.headers
    for answer in (first, second):
        assert answer.headers["Content-Security-Policy"] == FRAMED_POLICY
        assert "X-Frame-Options" not in answer.headers
