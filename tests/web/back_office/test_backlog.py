"""Organisers see where letters wait, and are warned of what cannot leave before the poll."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from campaign.organisers.rules import Role
from tests.conftest import FrozenClock
from tests.integration.letters import make_scene
from tests.web.client import CheckingClient

LogIn = Callable[..., CheckingClient]


@pytest.fixture
def base(web_session: Session, clock: FrozenClock) -> str:
    """Three hours before the poll closes, forty people have written to one candidate."""
    scene = make_scene(emails=("ann@example.org",))
    scene.campaign.letters_a_day = 1000  # Nobody is sent a digest.
    clock.time = scene.ballot.election.poll_closes_at - timedelta(hours=3)
    for number in range(40):
        scene.write(
            web_session,
            now=clock(),
            key=f"the key of form {number}",
            email=f"supporter-{number}@example.org",
            is_proven=True,
        )
    web_session.commit()
    return f"/organise/{scene.campaign.slug}/"


def test_the_overview_warns_and_delivery_says_what_to_do(base: str, log_in: LogIn) -> None:
    client = log_in()
    overview = client.get(base).text
    assert "More letters wait for one candidate than can leave before the poll" in overview
    page = client.get(f"{base}delivery").text
    assert "For one candidate more letters wait than can leave before the poll closes." in page
    assert "Send these candidates one digest a day" in page
    assert "Ann Able</a>" in page
    assert "40 letters wait, all to one address." in page


def test_all_delivery_shows_the_lines_of_every_campaign(base: str, log_in: LogIn) -> None:
    page = log_in(Role.OWNER).get("/organise/delivery").text
    assert "For one candidate more letters wait" in page
    assert "Ann Able" in page


def test_nothing_waits(log_in: LogIn, web_session: Session) -> None:
    scene = make_scene()
    web_session.commit()
    page = log_in().get(f"/organise/{scene.campaign.slug}/delivery").text
    assert "No letter waits." in page
