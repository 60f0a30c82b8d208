"""Finding candidates by what they are called, where they stand and what they answered."""

import re
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.candidates.rules import CandidacyStatus
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import record_pledge
from tests.conftest import FrozenClock
from tests.factories import (
    BallotFactory,
    CandidacyFactory,
    ConstituencyFactory,
    PartyFactory,
)
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.web.client import CheckingClient

ADDRESS = "/safer-streets/candidates/"


@pytest.fixture
def world(app: Flask, web_session: Session, clock: FrozenClock) -> PledgeWorld:
    """Two seats in two nations: Ann Archer said yes and no, Ben Brook nothing, Zoë Ŵyn is mute."""
    world = pledge_world()
    first = world.candidacies[0].ballot
    first.constituency.nation = "England"
    west = BallotFactory(
        election=world.election,
        constituency__name="Northmoor West",
        constituency__name_cy="Gorllewin Rhos",
        constituency__slug="northmoor-west",
        constituency__nation="Wales",
    )
    world.candidacies += [
        CandidacyFactory(
            ballot=west,
            party=PartyFactory(name="Alpha"),
            person__name="Zoë Ŵyn",
            person__email=None,
        ),
        CandidacyFactory(ballot=west, person__name="Dan Deal", status=CandidacyStatus.WITHDRAWN),
    ]
    web_session.flush()
    for ask, stance in ((0, Stance.YES), (1, Stance.NO)):
        record_pledge(
            web_session,
            campaign_id=world.campaign.id,
            candidacy_id=world.candidacies[0].id,
            ask_id=world.asks[ask].id,
            stance=stance,
            channel=Channel.LINK,
            entered_by="candidate",
            now=clock(),
        )
    web_session.commit()
    return world


def found(client: CheckingClient, query: str) -> list[str]:
    """Return the names on the list, in its order."""
    html = client.get(f"{ADDRESS}?{query}").get_data(as_text=True)
    part = html.partition('<ul class="found">')[2].partition("</ul>")[0]
    return [re.sub(r"<[^>]+>", "", name).strip() for name in re.findall(r"<h3>(.*?)</h3>", part)]


@pytest.fixture
def names(world: PledgeWorld) -> list[str]:
    return [candidacy.person.name for candidacy in world.candidacies]


def test_everybody_who_counts_is_found_without_a_question(
    client: CheckingClient, names: list[str]
) -> None:
    everybody = found(client, "")
    assert sorted(everybody) == sorted(names[:3])
    html = client.get(ADDRESS).get_data(as_text=True)
    assert "3 of 3 candidates" in html
    assert "Dan Deal" not in html


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("ask=priority&answer=yes", [0]),
        ("ask=lights&answer=yes", []),
        ("answer=no", [0]),
        ("ask=priority&answer=no", []),
        ("answer=agreed", [0]),
        ("answer=not_yet", [1, 2]),
        ("ask=priority&answer=not_yet", [1, 2]),
        ("answer=no_address", [2]),
        ("nation=Wales", [2]),
        ("nation=England&answer=not_yet", [1]),
        ("q=zoe", [2]),
        ("q=WYN+northmoor", [2]),
        ("q=gorllewin", [2]),
        ("q=nobody", []),
        ("q=%F0%9F%98%80", []),
        ("q=zo%00e", [2]),
        ("elected=y", [0, 1, 2]),
    ],
)
def test_each_question_finds_whom_it_should(
    client: CheckingClient, names: list[str], query: str, places: list[int]
) -> None:
    assert sorted(found(client, query)) == sorted(names[place] for place in places)


def test_a_party_narrows_what_is_counted_out_of(client: CheckingClient, world: PledgeWorld) -> None:
    party = world.candidacies[2].party_id
    html = client.get(f"{ADDRESS}?party={party}").get_data(as_text=True)
    assert "1 of 1 candidates" in html
    titles = re.findall(r"<title>([^<]+)</title>", html.split("<svg class=")[1])
    assert any("Northmoor West: 1 of 1 match" in each for each in titles)
    assert any("none of those looked for stands here" in each for each in titles)


def test_who_answered_last_comes_first(client: CheckingClient, names: list[str]) -> None:
    assert found(client, "sort=newest")[0] == names[0]
    by_name = found(client, "sort=name")
    assert by_name == sorted(by_name)


def test_a_postcode_leads_to_its_constituency(client: CheckingClient, world: PledgeWorld) -> None:
    answer = client.get(f"{ADDRESS}?q=AB10+1AB")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/safer-streets/find?postcode=AB10+1AB")


def test_half_a_postcode_is_explained_where_postcodes_are(
    client: CheckingClient, world: PledgeWorld
) -> None:
    answer = client.get(f"{ADDRESS}?q=ab10", follow_redirects=True)
    assert answer.status_code == 422
    assert "is not a full postcode" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("O'Neill", True),
        ("O\u2019Neill", True),
        ("oneill", True),
        ("smith-jones", True),
        ("jones, smith", True),
        ("stoke on trent", True),
        ("Stoke-on-Trent", True),
        ("st. kew", True),
        ("O Neil", True),
        ("neil?", True),
        ("Stoke under Trent", False),
    ],
)
def test_signs_and_accents_need_not_be_typed(
    client: CheckingClient, web_session: Session, world: PledgeWorld, typed: str, is_found: bool
) -> None:
    ballot = BallotFactory(election=world.election, constituency__name="Stoke-on-Trent and St Kew")
    CandidacyFactory(ballot=ballot, person__name="Siân O'Neill Smith-Jones")
    web_session.commit()
    names = found(client, f"q={quote(typed)}")
    assert names == (["Siân O&#39;Neill Smith-Jones"] if is_found else [])


@pytest.mark.parametrize("query", ["party=PP0", "ask=1", "answer=maybe", "sort=loud", "nation=X"])
def test_what_cannot_be_chosen_is_said_and_nothing_is_lost(
    client: CheckingClient, world: PledgeWorld, query: str
) -> None:
    answer = client.get(f"{ADDRESS}?{query}&q=zoe")
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert html.count("Choose one from the list.") == 2  # In the summary and at the list.
    assert 'value="zoe"' in html


def test_a_page_too_far_is_the_last(client: CheckingClient, names: list[str]) -> None:
    assert len(found(client, "page=99")) == 3
    assert len(found(client, "page=-1")) == 3
    assert len(found(client, "page=x")) == 3


def test_the_list_goes_on_on_a_second_page(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    ballot = world.candidacies[0].ballot
    for number in range(60):
        CandidacyFactory(ballot=ballot, person__name=f"Extra Number{number:02}")
    web_session.commit()
    first, second = found(client, "q=extra&sort=name"), found(client, "q=extra&sort=name&page=2")
    assert (len(first), len(second)) == (50, 10)
    assert not set(first) & set(second)
    html = client.get(f"{ADDRESS}?q=extra&sort=name&page=2").get_data(as_text=True)
    assert "Page 2 of 2" in html
    assert "q=extra&amp;sort=name" in html


def test_before_the_poll_nothing_speaks_of_the_elected(
    client: CheckingClient, world: PledgeWorld
) -> None:
    html = client.get("/safer-streets/pledges/").get_data(as_text=True)
    assert "members were elected" not in html
    assert "frozen" not in html
    assert "Only those who were elected" not in client.get(ADDRESS).get_data(as_text=True)


def test_a_party_of_two_registers_is_one_party(
    client: CheckingClient, web_session: Session, world: PledgeWorld, names: list[str]
) -> None:
    here, there = (candidacy.party for candidacy in world.candidacies[:2])
    here.name = there.name = "Twin Party"
    web_session.commit()
    html = client.get(ADDRESS).get_data(as_text=True)
    assert html.count(">Twin Party</option>") == 1
    # Also by the number that the list does not offer.
    for party_id in (here.id, there.id):
        assert sorted(found(client, f"party={party_id}")) == sorted(names[:2])
    tracker = client.get("/safer-streets/pledges/").get_data(as_text=True)
    assert tracker.count(">Twin Party</th>") == 1
    assert '<th scope="row">Twin Party</th><td data-label="Reachable">2 of 2</td>' in tracker


def not_counted(client: CheckingClient, query: str) -> list[str]:
    """Return the lines below "Not counted"."""
    html = client.get(f"{ADDRESS}?{query}").get_data(as_text=True)
    part = html.partition('<h2 id="uncounted">')[2].partition("</ul>")[0]
    lines = re.findall(r"<li>(.*?)</li>", part, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", line).split()) for line in lines]


def test_whom_no_count_has_is_named_with_the_reason_where_the_words_find_them(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    cancelled = BallotFactory(
        election=world.election, constituency__name="Isle of Orrin", is_cancelled=True
    )
    CandidacyFactory(ballot=cancelled, person__name="Olive Oakley", party_name="Beta")
    web_session.commit()
    assert not_counted(client, "q=orrin") == [
        "Isle of Orrin: the poll is cancelled",
        "Olive Oakley, Beta, Isle of Orrin: the poll is cancelled",
    ]
    (dan,) = not_counted(client, "q=dan+deal")
    assert dan.startswith("Dan Deal, ")
    assert dan.endswith(", Northmoor West: no longer standing")
    for query in ("q=orrin", "q=dan+deal"):
        html = client.get(f"{ADDRESS}?{query}").get_data(as_text=True)
        assert "0 of 3 candidates" in html
        assert "Nobody matches" not in html
    assert not_counted(client, "") == []
    assert not_counted(client, "q=dan+deal&answer=yes") == [], "the other lists narrow them too"
    assert "Nobody matches" in client.get(f"{ADDRESS}?q=nobody").get_data(as_text=True)


def test_a_constituency_where_nobody_is_known_to_stand_is_found(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    place = ConstituencyFactory(
        boundary_set=world.election.boundary_set, name="Empty Quarter", slug="empty-quarter"
    )
    web_session.commit()
    assert not_counted(client, "q=quarter") == ["Empty Quarter: nobody is known to stand here"]
    html = client.get(f"{ADDRESS}?q=quarter").get_data(as_text=True)
    assert f'href="../{place.slug}/"' in html


def test_the_elected_member_comes_first_in_the_list_of_a_constituency(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    first, second = world.candidacies[:2]
    assert found(client, "q=east") == [first.person.name, second.person.name]
    second.status = CandidacyStatus.ELECTED
    web_session.commit()
    assert found(client, "q=east") == [second.person.name, first.person.name]
