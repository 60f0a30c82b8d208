"""The version by which public pages are kept changes with what they show."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from campaign.candidates.rules import CandidacyStatus
from campaign.core.db import Database
from campaign.reports.public_version import read_public_version
from tests.factories.worlds import PledgeWorld, pledge_world

ELECTED, NOT_ELECTED = CandidacyStatus.ELECTED, CandidacyStatus.NOT_ELECTED


def results(first: CandidacyStatus, second: CandidacyStatus) -> Callable[[PledgeWorld], None]:
    """Return the import of a result."""

    def bring(world: PledgeWorld) -> None:
        world.candidacies[0].status, world.candidacies[1].status = first, second

    return bring


def retire_an_ask(world: PledgeWorld) -> None:
    world.asks[0].is_retired = True


def move_the_poll(world: PledgeWorld) -> None:
    world.election.poll_closes_at += timedelta(days=7)


@pytest.mark.parametrize(
    "changes",
    [
        [results(ELECTED, NOT_ELECTED), results(NOT_ELECTED, ELECTED)],
        [retire_an_ask],
        [move_the_poll],
    ],
)
def test_what_the_public_sees_changes_the_version(
    database: Database, session: Session, changes: list[Callable[[PledgeWorld], None]]
) -> None:
    world = pledge_world()
    session.commit()
    versions = [read_public_version(database)]
    assert read_public_version(database) == versions[0]
    for change in changes:
        change(world)
        session.commit()
        versions.append(read_public_version(database))
        assert versions[-1] != versions[-2]
