"""A candidate whom an import finds under another number, or on another ballot, after an answer."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.candidates.models import Person
from campaign.candidates.rules import CandidacyStatus
from campaign.pledges.rules import Stance
from campaign.pledges.service import answer_token
from tests.factories import BallotFactory, CandidacyFactory
from tests.factories.recording import record_answer
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.importing import import_people, legacy_person, write_table
from tests.web.client import CheckingClient

WORDS = "I live on such a street."
TODAY = 7


@pytest.fixture
def world(app: Flask, web_session: Session) -> PledgeWorld:
    """Ann has answered."""
    web_session.expire_on_commit = False
    world = pledge_world()
    record_answer(web_session, world, stance=Stance.YES, statement=WORDS)
    web_session.commit()
    return world


def addresses(person_id: int) -> list[str]:
    """List what others keep of a candidate, by the number of the person."""
    page = f"/safer-streets/candidates/{person_id}/"
    return [
        page,
        f"{page}share/",
        f"/embed/safer-streets/candidate/{person_id}/",
        f"/api/v1/campaigns/safer-streets/candidates/{person_id}",
        f"/oembed?url=http://localhost{page}",
    ]


def merge(session: Session, world: PledgeWorld, path: Path) -> int:
    """Import a file in which Ann has a new number; return the former one."""
    ann, bob = world.candidacies
    former, code = ann.person_id, ann.ballot.constituency.gss_code
    rows = [
        legacy_person(TODAY, "Ann Ash", code, old_person_ids=str(former)),
        legacy_person(bob.person_id, "Bob Birch", code),
    ]
    report = import_people(session, write_table(path / "list.csv", rows))
    assert len(report.plan.merged) == 1
    session.commit()
    return former


def test_the_former_number_still_leads_to_a_candidate_who_was_merged(
    app: Flask, client: CheckingClient, web_session: Session, world: PledgeWorld, tmp_path: Path
) -> None:
    former = world.candidacies[0].person_id
    for address in addresses(former):
        assert client.get(address).status_code == 200, address
    token = answer_token(
        web_session,
        app.extensions["campaign"].signer,
        campaign_id=world.campaign.id,
        candidacy_id=world.candidacies[0].id,
    )
    merge(web_session, world, tmp_path)
    for address in [*addresses(former), *addresses(TODAY), f"/answer/{token}/"]:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "Ann Ash" in answer.text or "/oembed" in address, address
    for address in (addresses(former)[0], addresses(former)[2], addresses(former)[3]):
        assert WORDS in client.get(address).text, address
    described = client.get(addresses(former)[3]).get_json()["candidate"]
    assert described["person_id"] == TODAY


def test_who_changed_ballots_is_found_where_they_stand_today(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    ann = world.candidacies[0]
    ann.status = CandidacyStatus.WITHDRAWN
    west = BallotFactory(election=world.election, constituency__name="Northmoor West")
    CandidacyFactory(ballot=west, person=web_session.get_one(Person, ann.person_id))
    web_session.commit()
    for address in (addresses(ann.person_id)[0], *addresses(ann.person_id)[2:4]):
        assert "Northmoor West" in client.get(address).text, address
