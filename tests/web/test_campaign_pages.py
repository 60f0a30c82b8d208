"""The front page, the campaign page, and the way from a postcode to a constituency."""

import re

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.rules import CandidacyStatus
from campaign.elections.models import Ballot, Election
from tests.factories import (
    AskFactory,
    BallotFactory,
    CampaignFactory,
    CandidacyFactory,
    ConstituencyFactory,
    ElectionFactory,
    EvidenceFactory,
    PersonFactory,
    PostcodeFactory,
)
from tests.web.client import CheckingClient


@pytest.fixture
def world(web_session: Session) -> Session:
    """One campaign, one constituency with three candidates, a few postcodes."""
    election = ElectionFactory()
    campaign = CampaignFactory(slug="safer", election=election, help_panel="Call **0808 000 000**.")
    AskFactory(campaign=campaign, position=1, wording="Say that it matters")
    EvidenceFactory(campaign=campaign, value="5,411", source="A yearly report", dated="2009")
    place = ConstituencyFactory(
        name="Old Harbour", slug="old-harbour", boundary_set=election.boundary_set
    )
    ballot = BallotFactory(election=election, constituency=place)
    CandidacyFactory(ballot=ballot, person=PersonFactory(name="Zoe Abbot"))
    CandidacyFactory(ballot=ballot, person=PersonFactory(name="Adam Zimmer", email=None))
    CandidacyFactory(
        ballot=ballot, person=PersonFactory(name="Gone Away"), status=CandidacyStatus.WITHDRAWN
    )
    PostcodeFactory(postcode="ZQ101AB", constituency=place)
    PostcodeFactory(postcode="ZQ101AX", constituency=place, ended=199606)
    PostcodeFactory(postcode="ZQ101AY", constituency_id=None)
    web_session.commit()
    return web_session


def test_the_front_page_leads_to_the_only_campaign(client: CheckingClient, world: Session) -> None:
    assert client.get("/").headers["Location"] == "/safer/"


def test_the_front_page_lists_several_campaigns_and_no_draft(
    client: CheckingClient, world: Session
) -> None:
    election = world.get(Election, "parl.2031-05-22")
    CampaignFactory(slug="other", name="Another cause", election=election)
    CampaignFactory(slug="secret", name="Secret", election=election, status=CampaignStatus.DRAFT)
    world.commit()
    page = client.get("/").text
    assert "Another cause" in page
    assert "Secret" not in page
    assert client.get("/secret/").status_code == 404


def test_the_front_page_without_a_campaign_says_so(client: CheckingClient) -> None:
    assert "No campaign is open yet" in client.get("/").text


def test_the_campaign_page_shows_asks_evidence_help_and_imprint(
    client: CheckingClient, world: Session
) -> None:
    page = client.get("/safer/").text
    for text in (
        "Say that it matters",
        "5,411",
        "A yearly report",
        "0808 000 000",
        "Promoted by A. Person, 1 High Street, Northmoor ZQ1 1AA, on behalf of The Streets Trust",
        "of 2 have answered at least one ask",
        'name="postcode"',
    ):
        assert text in page


def test_the_progress_line_has_a_denominator_at_every_step(
    client: CheckingClient, world: Session
) -> None:
    page = client.get("/safer/").text
    line = page.split('<ol class="progress">')[1].split("</ol>")[0]
    numbers = re.findall(r'<strong class="progress__number">(\d+)</strong>', line)
    words = re.findall(r'<span class="progress__words">(.*?)</span>', line)
    assert numbers == ["2", "0", "0", "0"]
    assert words[0] == "candidates stand"
    assert all(each.startswith("of 2 ") for each in words[1:])
    # The ring of nobody is empty: no dot that looks like somebody.
    assert line.count("progress__front") == 1
    assert re.search(r'stroke-dasharray="([\d.]+) \1"', line), "all of them is the whole ring"


def test_the_first_figure_leads_and_every_figure_has_its_source(
    client: CheckingClient, world: Session
) -> None:
    campaign = world.scalars(select(Campaign)).one()
    EvidenceFactory(campaign=campaign, position=99, value="1 in 4", source="Another report")
    world.commit()
    page = client.get("/safer/").text
    assert page.count("evidence--leading") == 1
    assert page.index("evidence--leading") < page.index("5,411") < page.index("1 in 4")
    assert page.count('class="evidence__source"') == 2


def test_public_pages_set_no_cookie_and_can_be_cached(
    client: CheckingClient, world: Session
) -> None:
    for address in ("/safer/", "/safer/old-harbour/", "/safer/constituencies/", "/safer/privacy/"):
        answer = client.get(address)
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "public, max-age=5"
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


@pytest.mark.parametrize("typed", ["ZQ10 1AB", "zq101ab", " zq10-1ab "])
def test_a_postcode_leads_to_its_constituency(
    client: CheckingClient, world: Session, typed: str
) -> None:
    answer = client.get("/safer/find", query_string={"postcode": typed})
    assert answer.headers["Location"] == "/safer/old-harbour/"


def test_a_slip_is_forgiven(client: CheckingClient, world: Session) -> None:
    answer = client.get("/safer/find", query_string={"postcode": "ZQ1O 1AB"})
    assert "Did you mean" in answer.text
    assert "/safer/find?postcode=ZQ10+1AB" in answer.text


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ("", 422, "Type your postcode"),
        ("ZQ10", 422, "is not a full postcode"),
        ("<script>alert(1)</script>", 422, "is not a full postcode"),
        ("ZQ99 9ZZ", 404, "We do not know the postcode"),
        ("ZQ10 1AX", 200, "ended in June 1996"),
        ("ZQ10 1AY", 200, "belongs to no constituency"),
        ("IM1 1AA", 200, "the Isle of Man"),
        ("BT1 1AA", 200, "postcodes of Northern Ireland"),
    ],
)
def test_a_postcode_that_leads_nowhere_is_explained(
    client: CheckingClient, world: Session, typed: str, status: int, words: str
) -> None:
    answer = client.get("/safer/find", query_string={"postcode": typed})
    assert answer.status_code == status
    assert words in answer.text
    assert "Choose my constituency from a list" in answer.text
    assert "<script>" not in answer.text


def test_candidates_stand_by_surname_and_say_whether_they_can_be_reached(
    client: CheckingClient, world: Session
) -> None:
    page = client.get("/safer/old-harbour/").text
    assert page.index("Zoe Abbot") < page.index("Adam Zimmer")
    assert "1 of 2 can be reached by e-mail" in page
    assert "so no letter can reach this candidate yet" in page
    assert page.index("Adam Zimmer") < page.index("Gone Away") < page.index("No longer standing")
    assert page.count("No answer yet</span>") == 2
    assert page.count("No address known</span>") == 1


def test_a_cancelled_poll_takes_no_letters(client: CheckingClient, world: Session) -> None:
    ballot = world.get(Ballot, "parl.old-harbour.2031-05-22")
    assert ballot is not None
    ballot.is_cancelled = True
    world.commit()
    page = client.get("/safer/old-harbour/").text
    assert "has been cancelled" in page
    assert "Where each candidate stood" in page
    assert "be reached by e-mail" not in page
    assert "Write to the candidates" not in page
    refused = client.get("/safer/old-harbour/write")
    assert refused.status_code == 409
    assert "Go to the page of the campaign" in refused.text


@pytest.mark.parametrize("path", ["/safer/", "/safer/old-harbour/"])
def test_a_campaign_closed_before_the_poll_does_not_say_that_the_poll_is_over(
    client: CheckingClient, world: Session, path: str
) -> None:
    world.execute(update(Campaign).values(status=CampaignStatus.CLOSED))
    world.commit()
    page = client.get(path).text
    assert "This campaign is closed, so no more letters are sent." in page
    assert "is over" not in page
    assert "#write" not in page
    assert ("What the campaign said while people could write" in page) == (path == "/safer/")


def test_write_in_the_header_leads_to_where_one_stands(
    client: CheckingClient, world: Session
) -> None:
    assert '"/safer/#write"' in client.get("/safer/").text
    assert "#write" not in client.get("/safer/old-harbour/").text


def test_an_unknown_constituency_is_not_found(client: CheckingClient, world: Session) -> None:
    assert client.get("/safer/nowhere/").status_code == 404
