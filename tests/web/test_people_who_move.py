"""A candidate whom an import finds under another number, or on another ballot, after an answer."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.candidates.queries import get_candidacy_of_person
from campaign.candidates.rules import CandidacyStatus
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import answer_token, review_pledge
from tests.factories import EARLY, BallotFactory
from tests.factories.recording import record_answer
from tests.factories.worlds import PledgeWorld, pledge_world, stand_elsewhere
from tests.importing import import_people, legacy_person, write_table
from tests.web.browsing import form_data
from tests.web.client import CheckingClient
from tests.web.test_pledge_commands import run

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


def move(session: Session, world: PledgeWorld, path: Path) -> None:
    """Import a file in which Ann stands in Northmoor West."""
    ann, bob = world.candidacies
    west = BallotFactory(election=world.election, constituency__name="Northmoor West")
    session.commit()
    rows = [
        legacy_person(ann.person_id, "Ann Ash", west.constituency.gss_code),
        legacy_person(bob.person_id, "Bob Birch", ann.ballot.constituency.gss_code),
    ]
    import_people(session, write_table(path / "list.csv", rows))
    session.commit()


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
    person_id = stand_elsewhere(world).person_id
    web_session.commit()
    for address in (addresses(person_id)[0], *addresses(person_id)[2:4]):
        assert "Northmoor West" in client.get(address).text, address


def test_who_was_elected_is_found_where_they_were(
    client: CheckingClient, web_session: Session, world: PledgeWorld
) -> None:
    now_in_west = stand_elsewhere(world)
    person_id = now_in_west.person_id
    world.candidacies[0].status = CandidacyStatus.ELECTED
    web_session.commit()
    for address in (addresses(person_id)[0], *addresses(person_id)[2:4]):
        assert "Northmoor East" in client.get(address).text, address


def test_who_changed_ballots_keeps_their_record_and_answers_anew(
    app: Flask, client: CheckingClient, web_session: Session, world: PledgeWorld, tmp_path: Path
) -> None:
    ann = world.candidacies[0]
    entry = record_answer(
        web_session, world, ask=1, stance=Stance.NO, channel=Channel.LETTER, quote="“No.”"
    )
    review_pledge(web_session, event_id=entry, is_right=True, reviewer="organiser:2", now=EARLY)
    signer, person_id = app.extensions["campaign"].signer, ann.person_id
    whose = {"campaign_id": world.campaign.id, "candidacy_id": ann.id}
    former = answer_token(web_session, signer, **whose)
    move(web_session, world, tmp_path)
    whose["candidacy_id"] = get_candidacy_of_person(
        web_session, person_id=person_id, election_id=world.election.id
    ).id
    token = answer_token(web_session, signer, **whose)
    web_session.commit()
    page = client.get(addresses(person_id)[0]).text
    assert WORDS in page
    assert 'id="entry-1"' in page
    assert page.count("Given when standing in Northmoor East; it does not count today.") == 2
    assert page.count("when standing in Northmoor East, so not counted here:") == 2
    east = client.get("/safer-streets/northmoor-east/").text
    assert "No longer standing" in east
    assert addresses(person_id)[0] in east
    ended = client.get(f"/answer/{former}/")
    assert ended.status_code == 410
    assert "You are now on the list of candidates for Northmoor West" in ended.text
    door = client.get(f"/answer/{token}/")
    assert door.text.count("when standing in Northmoor East, so not counted here:") == 2
    record = client.get(f"/answer/{token}/record").text
    assert WORDS in record
    assert "Given when standing in Northmoor East" in record
    assert f"/answer/{token}/object/2" in record
    objection = f"/answer/{token}/object/2"
    typed = form_data(client.get(objection)) | {"statement": "I have never said that."}
    assert client.post(objection, data=typed).status_code == 303
    assert "Disputed by the candidate" in client.get(addresses(person_id)[0]).text
    code, said, _error = run(app, "pledges", "verify")
    assert (code, "unbroken" in said) == (0, True), said
    with client.get("/safer-streets/pledges.json") as file:
        rows = file.get_json()["pledges"]
    assert [
        (row["constituency_name"], row["candidacy_status"], row["stance"])
        for row in rows
        if row["person_id"] == person_id and row["ask"] == "priority"
    ] == [("Northmoor East", "withdrawn", "yes"), ("Northmoor West", "standing", "")]
    given = form_data(door) | {"stance-priority": "partly", "step": "preview"}
    preview = client.post(f"/answer/{token}/", data=given)
    done = client.post(f"/answer/{token}/", data=form_data(preview) | {"step": "publish"})
    assert done.status_code == 303
    assert client.get(addresses(person_id)[0]).text.count("so not counted here:") == 1
    described = client.get(addresses(person_id)[3]).get_json()["candidate"]
    assert [each["stance"] for each in described["stances"]] == ["partly", None]
