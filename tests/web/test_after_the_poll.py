"""Once the poll has closed: a frozen record first, then the members who were elected."""

import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.candidates.rules import CandidacyStatus
from campaign.pledges.errors import RecordClosed
from campaign.pledges.rules import CANDIDATE, Channel, Stance
from campaign.pledges.service import (
    dispute_entry,
    hide_texts,
    record_pledge,
    review_pledge,
    settle_dispute,
)
from tests.conftest import FrozenClock
from tests.factories import BallotFactory, CandidacyFactory
from tests.factories.pledges import entered, published
from tests.factories.recording import record_answer
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.web.client import CheckingClient

PLACE = "/safer-streets/northmoor-east/"
TRACKER = "/safer-streets/pledges/"
SEARCH = "/safer-streets/candidates/"
PUBLIC = ("/safer-streets/", PLACE, TRACKER, SEARCH, "/safer-streets/constituencies/")


@pytest.fixture
def world(app: Flask, web_session: Session, clock: FrozenClock) -> PledgeWorld:
    """Three ballots: two candidates; one; one that is cancelled. Ann and Cat have answered."""
    web_session.expire_on_commit = False
    world = pledge_world()
    west, south = (
        BallotFactory(election=world.election, constituency__name=name, is_cancelled=is_cancelled)
        for name, is_cancelled in (("Northmoor West", False), ("South Isle", True))
    )
    world.candidacies += [
        CandidacyFactory(ballot=west, person__name="Cat Cedar"),
        CandidacyFactory(ballot=south, person__name="Dan Deal"),
    ]
    web_session.commit()
    record_answer(web_session, world, stance=Stance.YES_WITH_RESERVATIONS)
    record_answer(web_session, world, stance=Stance.NO, ask=1)
    record_answer(web_session, world, stance=Stance.YES, candidate=2)
    web_session.commit()
    return world


def close_the_poll(clock: FrozenClock, world: PledgeWorld) -> None:
    clock.time = world.election.poll_closes_at


def elect(session: Session, world: PledgeWorld, *winners: int) -> None:
    """Import the results of the ballots of these winners."""
    for winner in winners:
        for each in world.candidacies:
            if each.ballot_id == world.candidacies[winner].ballot_id:
                each.status = CandidacyStatus.NOT_ELECTED
        world.candidacies[winner].status = CandidacyStatus.ELECTED
    session.commit()


def page(client: CheckingClient, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def hexagons(html: str) -> dict[str, tuple[str, str]]:
    """Return shade and number of each place on the map, by its words."""
    links = re.findall(
        r'<a class="hex hex--(\w+)"[^>]*><title>\s*(.*?)\s*</title>'
        r"<use [^>]*>(?:<text>(.*?)</text>)?</a>",
        html,
        flags=re.S,
    )
    return {title: (shade, number) for shade, title, number in links}


def table(html: str, caption_id: str) -> dict[str, list[str]]:
    body = html.split(f'id="{caption_id}"')[1].split("<tbody>")[1].split("</tbody>")[0]
    rows = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.S) for row in body.split("<tr>"))
    return {
        words(cells[0]).strip(): [words(each).strip() for each in cells[1:]]
        for cells in rows
        if cells
    }


def test_before_it_closes_nothing_speaks_of_members(
    client: CheckingClient, world: PledgeWorld
) -> None:
    for address in PUBLIC:
        text = words(page(client, address))
        assert "lected" not in text
        assert "Write" in text


def test_between_the_close_and_the_results_pages_say_what_is_missing(
    client: CheckingClient, world: PledgeWorld, clock: FrozenClock
) -> None:
    close_the_poll(clock, world)
    text = words(page(client, TRACKER))
    assert "The record is frozen since" in text
    assert "Who was elected is not in our list yet." in text
    assert "3 candidates stood" in text
    assert "Elected members" not in text
    assert "candidates stood" in words(page(client, "/safer-streets/"))
    assert "Who was elected here is not in our list yet." in words(page(client, PLACE))


def test_nothing_leads_to_writing_or_hopes_for_answers_any_more(
    client: CheckingClient, world: PledgeWorld, clock: FrozenClock
) -> None:
    close_the_poll(clock, world)
    bob = f"{SEARCH}{world.candidacies[1].person_id}/"
    for address in (*PUBLIC, bob):
        text = words(page(client, address))
        assert "Write" not in text
    for address in (PLACE, SEARCH, bob):
        html = page(client, address)
        assert 'class="badge badge--none">No answer</span>' in html
        assert "No answer yet</span>" not in html
    text = words(page(client, bob))
    assert "Where Bob Birch stood" in text
    assert text.count("No answer") == 3
    assert "Suggest evidence" not in text


def test_while_results_come_in_figures_are_of_the_members_known_so_far(
    client: CheckingClient, web_session: Session, world: PledgeWorld, clock: FrozenClock
) -> None:
    close_the_poll(clock, world)
    elect(web_session, world, 0)
    html = page(client, TRACKER)
    text = words(html)
    assert "1 of 2 constituencies have a result in our list" in text
    assert "Results are still coming in" in text
    assert "1 of 1 had answered at least one ask" in text
    assert hexagons(html) == {
        "Northmoor East: the member had said yes to 1 of 2 asks": ("half", "1"),
        "Northmoor West: no result in our list yet": ("no_poll", "×"),
        "South Isle: the poll is cancelled": ("no_poll", "×"),
    }
    rows = table(html, "by-constituency-caption")
    assert rows["Northmoor East"][0] == "1 of 2"
    assert rows["Northmoor West"][0] == "No result yet"


def test_the_tracker_turns_to_the_members_who_pledged(
    client: CheckingClient, web_session: Session, world: PledgeWorld, clock: FrozenClock
) -> None:
    close_the_poll(clock, world)
    elect(web_session, world, 1, 2)
    html = page(client, TRACKER)
    text = words(html)
    assert "members were elected" in text
    assert "still coming in" not in text
    assert "not in our list yet." not in text
    assert "1 of 2 had said yes to at least one ask" in text
    order = [html.index(f'id="{each}"') for each in ("elected", "map", "candidates")]
    assert order == sorted(order)
    assert table(html, "elected-caption") == {
        "Make it first.": ["1", "0", "0", "0", "0", "1 of 2"],
        "Light the streets.": ["0", "0", "0", "0", "0", "0 of 2"],
    }
    assert hexagons(html)["Northmoor East: the member had not answered"] == ("unanswered", "")
    rows = table(html, "by-constituency-caption")
    assert [rows[each][0] for each in ("Northmoor East", "Northmoor West")] == [
        "No answer",
        "1 of 2",
    ]


def test_campaign_search_and_candidates_pages_turn_to_them_too(
    client: CheckingClient, web_session: Session, world: PledgeWorld, clock: FrozenClock
) -> None:
    close_the_poll(clock, world)
    elect(web_session, world, 0, 2)
    text = words(page(client, "/safer-streets/"))
    assert text.index("Elected members") < text.index("All candidates")
    assert "2 of 2 had said yes to at least one ask" in text
    assert "1 of 2 elected members" in words(
        page(client, f"{SEARCH}?elected=y&ask=lights&answer=no")
    )
    ann = page(client, f"{SEARCH}{world.candidacies[0].person_id}/")
    assert "Elected for Northmoor East." in words(ann)


def test_the_frozen_record_takes_no_answer_and_still_settles_what_is_in_it(
    web_session: Session, world: PledgeWorld, clock: FrozenClock
) -> None:
    campaign_id = world.campaign.id
    waiting = entered(web_session, world, candidacy_id=world.candidacies[1].id)
    entry = published(
        web_session, world, candidacy_id=world.candidacies[1].id, ask_id=world.asks[1].id
    )
    web_session.commit()
    close_the_poll(clock, world)
    with pytest.raises(RecordClosed):
        record_pledge(
            web_session,
            campaign_id=campaign_id,
            candidacy_id=world.candidacies[1].id,
            ask_id=world.asks[0].id,
            stance=Stance.NO,
            channel=Channel.HUSTINGS,
            quote="No.",
            entered_by="organiser:1",
            now=clock(),
        )
    # What was said and entered in time may still be looked at, objected to, settled and hidden.
    review_pledge(
        web_session, event_id=waiting.id, is_right=True, reviewer="organiser:2", now=clock()
    )
    dispute_entry(
        web_session,
        campaign_id=campaign_id,
        event_id=entry.id,
        entered_by=CANDIDATE,
        now=clock(),
    )
    settle_dispute(
        web_session,
        campaign_id=campaign_id,
        event_id=entry.id,
        is_right=True,
        settler="organiser:2",
        reason="The recording is clear.",
        now=clock(),
    )
    hide_texts(
        web_session,
        campaign_id=campaign_id,
        event_id=waiting.id,
        hidden_by="organiser:1",
        reason="It names a private person.",
        now=clock(),
    )


@pytest.mark.parametrize(
    "address",
    [
        *PUBLIC,
        "/safer-streets/northmoor-east/press/",
        "/safer-streets/northmoor-east/press/note.txt",
        "/embed/safer-streets/",
        "/embed/safer-streets/northmoor-east/",
    ],
)
def test_nobody_is_expected_to_answer_any_more(
    client: CheckingClient,
    world: PledgeWorld,
    web_session: Session,
    clock: FrozenClock,
    address: str,
) -> None:
    close_the_poll(clock, world)
    elect(web_session, world, 0, 2)
    text = words(page(client, address))
    assert "answer yet" not in text.lower()
    assert "answered yet" not in text


def test_a_press_kit_and_its_note_say_who_was_elected(
    client: CheckingClient, world: PledgeWorld, web_session: Session, clock: FrozenClock
) -> None:
    close_the_poll(clock, world)
    elect(web_session, world, 0)
    assert "Ann Ash Blue Elected" in words(page(client, f"{PLACE}press/"))
    note = page(client, f"{PLACE}press/note.txt")
    assert "Ann Ash (Blue), elected\n" in note
    assert "Bob Birch (Amber)\n" in note
    assert "WHERE EACH CANDIDATE STOOD" in note
    assert "- Elected: Ann Ash (Blue).\n- 2 candidates stood.\n" in note
    assert "1 of 2 had answered at least one ask." in note
    assert "have" not in note[: note.index("A candidate who has not answered")]
    assert "Here is what they answered." not in note


def test_a_press_kit_says_where_no_result_is_known(
    client: CheckingClient, world: PledgeWorld, clock: FrozenClock
) -> None:
    close_the_poll(clock, world)
    assert "Who was elected here is not in our list yet." in page(client, f"{PLACE}press/")
