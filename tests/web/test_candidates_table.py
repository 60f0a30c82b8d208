"""All candidates of a constituency side by side: who said what, for everybody to read."""

import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.campaigns.models import AskVersion
from campaign.candidates.rules import CandidacyStatus
from campaign.pledges.rules import CANDIDATE, RequestKind, Stance
from campaign.pledges.service import dispute_entry, hide_texts, note_request
from tests.conftest import FrozenClock
from tests.factories import EARLY, AskFactory, CandidacyFactory
from tests.factories.pledges import published
from tests.factories.recording import record_answer
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.web.client import CheckingClient

ADDRESS = "/safer-streets/northmoor-east/"


@pytest.fixture
def world(app: Flask, web_session: Session) -> PledgeWorld:
    web_session.expire_on_commit = False
    world = pledge_world()
    ballot = world.candidacies[0].ballot
    world.candidacies += [
        CandidacyFactory(ballot=ballot, person__name="Cat Cedar", person__email=None),
        CandidacyFactory(ballot=ballot, person__name="Abe Alder", status=CandidacyStatus.WITHDRAWN),
    ]
    web_session.commit()
    return world


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def lines(client: CheckingClient) -> dict[str, tuple[str, list[str]]]:
    """Return of each candidate what the head of their line says, and what each cell does."""
    html = client.get(ADDRESS).get_data(as_text=True)
    body = html.split('<table class="compare')[1].split("<tbody")[1].split("</tbody>")[0]
    found = {}
    for row in body.split("<tr")[1:]:
        (name,) = re.findall(r'abbr="([^"]+)"', row)
        head, cells = row.split("</th>")
        found[name] = (
            words("<tr" + head),
            [words("<td" + cell) for cell in cells.split("<td")[1:]],
        )
    return found


def test_every_candidate_has_a_line_and_every_ask_a_column(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    record_answer(web_session, world, stance=Stance.YES_WITH_RESERVATIONS, statement="In part.")
    record_answer(web_session, world, stance=Stance.NO, candidate=3, ask=1)
    web_session.commit()
    html = client.get(ADDRESS).get_data(as_text=True)
    columns = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html)
    assert columns == ["Candidate", "Make it first.", "Light the streets."]
    table = lines(client)
    # By surname; who no longer stands comes after those who do.
    assert list(table) == ["Ann Ash", "Bob Birch", "Cat Cedar", "Abe Alder"]
    assert table["Ann Ash"][0] == "Ann Ash Blue"
    assert table["Ann Ash"][1] == [
        "Yes, with reservations In their words : Ann Ash, Make it first.",
        "No answer yet",
    ]
    assert table["Bob Birch"] == ("Bob Birch Amber", ["No answer yet to any of the 2 asks"])
    assert table["Cat Cedar"][1] == ["No address known so no letter can reach this candidate yet"]
    record_answer(web_session, world, stance=Stance.YES, candidate=2)
    web_session.commit()
    assert "No e-mail address is known" in lines(client)["Cat Cedar"][0]
    assert table["Abe Alder"][0].endswith("No longer standing")
    assert table["Abe Alder"][1] == ["No answer yet", "No"]
    assert "1 of 3 have answered" in words(html)
    assert "Figures of 1 May 2031, 11:00." in words(html)


def test_the_words_of_an_answer_are_one_press_away_until_they_are_hidden(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    ann = world.candidacies[0].person_id
    entry = record_answer(web_session, world, stance=Stance.YES, statement="In full.")
    web_session.commit()
    anchor = f'href="/safer-streets/candidates/{ann}/#ask-priority"'
    assert anchor in client.get(ADDRESS).get_data(as_text=True)
    page = client.get(f"/safer-streets/candidates/{ann}/").get_data(as_text=True)
    assert "In full." in page.split('id="ask-priority"')[1].split("</article>")[0]
    hide_texts(
        web_session,
        campaign_id=world.campaign.id,
        event_id=entry,
        reason="It names a person.",
        hidden_by="organiser:1",
        now=EARLY,
    )
    web_session.commit()
    assert lines(client)["Ann Ash"][1][0] == "Yes"


def test_disputes_refusals_and_earlier_wordings_are_said_in_the_line(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    entry = published(web_session, world, now=EARLY)
    dispute_entry(
        web_session,
        campaign_id=world.campaign.id,
        event_id=entry.id,
        entered_by=CANDIDATE,
        now=EARLY,
    )
    record_answer(web_session, world, stance=Stance.PARTLY, ask=1)
    world.asks[1].versions.append(
        AskVersion(number=2, title="Light all streets.", wording="All?", created_at=EARLY)
    )
    note_request(
        web_session,
        campaign_id=world.campaign.id,
        candidacy_id=world.candidacies[1].id,
        kind=RequestKind.NOTHING_MORE,
        now=EARLY,
    )
    web_session.commit()
    table = lines(client)
    assert table["Ann Ash"][1] == [
        "Yes Disputed by the candidate In their words : Ann Ash, Make it first.",
        "Partly to an earlier wording",
    ]
    assert "Has asked this campaign for no more letters." in table["Bob Birch"][0]
    assert table["Bob Birch"][1] == ["No answer yet to any of the 2 asks"]


def test_answers_to_asks_that_are_retired_are_not_counted(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    record_answer(web_session, world, stance=Stance.YES)
    world.asks[0].is_retired = True
    web_session.commit()
    html = client.get(ADDRESS).get_data(as_text=True)
    assert "0 of 3 have answered" in words(html)
    assert lines(client)["Ann Ash"][1] == ["No answer yet to the one ask"]


@pytest.mark.parametrize(
    ("asks", "look"), [(4, "compare compare--tiles compare--4"), (5, "compare")]
)
def test_a_phone_has_room_for_four_answers_beside_one_another(
    client: CheckingClient, web_session: Session, world: PledgeWorld, asks: int, look: str
) -> None:
    for position in range(3, asks + 1):
        AskFactory(campaign=world.campaign, position=position)
    web_session.commit()
    assert f'class="{look}"' in client.get(ADDRESS).get_data(as_text=True)


def test_after_the_poll_the_page_turns_to_who_was_elected(
    client: CheckingClient, web_session: Session, world: PledgeWorld, clock: FrozenClock
) -> None:
    record_answer(web_session, world, stance=Stance.YES)
    record_answer(web_session, world, stance=Stance.NO, ask=1)
    web_session.commit()
    clock.advance(days=30)
    text = words(client.get(ADDRESS).get_data(as_text=True))
    assert "Who was elected here is not in our list yet." in text
    assert "Write to the candidates" not in text
    ann, bob = world.candidacies[:2]
    ann.status, bob.status = CandidacyStatus.ELECTED, CandidacyStatus.NOT_ELECTED
    web_session.commit()
    text = words(client.get(ADDRESS).get_data(as_text=True))
    assert "not in our list yet" not in text
    assert "Elected: Ann Ash Blue Had said yes to 1 of 2 asks" in text
    assert lines(client)["Ann Ash"][0] == "Ann Ash Blue · Elected"
    assert lines(client)["Bob Birch"][0] == "Bob Birch Amber"
    bob.status, ann.status = CandidacyStatus.ELECTED, CandidacyStatus.NOT_ELECTED
    web_session.commit()
    text = words(client.get(ADDRESS).get_data(as_text=True))
    assert "Elected: Bob Birch Amber Had answered none of the asks." in text
