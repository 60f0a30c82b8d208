"""The API of a running server keeps what its description promises, also where it is asked oddly.

``python -m tests.trial`` does the same for longer.
"""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from campaign.core.db import Database
from campaign.pledges.rules import Stance
from tests.factories import CandidacyFactory, PersonFactory, bind_factories
from tests.factories.recording import record_answer
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.trial import Names, serving, try_out

EXAMPLES = 5
SEED = "--seed 1"


@pytest.fixture
def world(session: Session) -> PledgeWorld:
    world = pledge_world()
    record_answer(session, world, stance=Stance.YES, statement="I will.")
    session.commit()
    return world


def names_of(world: PledgeWorld) -> Names:
    return {
        "campaign_slug": world.campaign.slug,
        "constituency_slug": world.candidacies[0].ballot.constituency.slug,
        "person_id": world.candidacies[0].person_id,
    }


def test_the_running_api_is_as_described(
    database: Database, world: PledgeWorld, tmp_path: Path
) -> None:
    url = database.url.render_as_string(hide_password=False)
    with serving(url, tmp_path) as site:
        known = try_out(site, examples=EXAMPLES, names=names_of(world), options=SEED)
    assert known.is_right, known.said
    assert "9 selected / 9 total" in known.said


def test_addresses_of_nothing_answer_as_described(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with serving(sqlite_database.url.render_as_string(), tmp_path) as site:
        outcome = try_out(site, examples=EXAMPLES, options=SEED)
    assert outcome.is_right, outcome.said


def test_what_is_not_as_described_is_found(sqlite_database: Database, tmp_path: Path) -> None:
    with sqlite_database.writer() as session, bind_factories(session):
        world = pledge_world()
        ballot = world.candidacies[0].ballot
        CandidacyFactory(ballot=ballot, person=PersonFactory(id=-5, name="Nobody"))
        session.commit()
        names = names_of(world)
    list_only = f"{SEED} --include-path /api/v1/campaigns/{{campaign_slug}}/candidates"
    with serving(sqlite_database.url.render_as_string(), tmp_path) as site:
        wrong = try_out(site, examples=1, names=names, options=list_only)
        nothing = try_out(
            site, examples=1, names={**names, "campaign_slug": "nobody"}, options=list_only
        )
    assert not wrong.is_right
    assert "Response violates schema" in wrong.said, wrong.said
    assert not nothing.is_right, "a name of nothing tries nothing out"
