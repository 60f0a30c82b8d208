"""gunicorn's configuration: what is shared by the workers, and what must not be."""

import runpy
from types import SimpleNamespace
from typing import Any

import pytest

from campaign.core.config import PROJECT_ROOT


@pytest.fixture
def configuration() -> dict[str, Any]:
    return runpy.run_path(str(PROJECT_ROOT / "gunicorn.conf.py"))


def test_a_worker_leaves_the_masters_connections_alone_and_opens_its_own(
    configuration: dict[str, Any],
) -> None:
    asked: list[dict[str, bool]] = []
    engine = SimpleNamespace(dispose=lambda **how: asked.append(how))
    installation = SimpleNamespace(database=SimpleNamespace(engine=engine))
    app = SimpleNamespace(extensions={"campaign": installation})
    configuration["post_fork"](SimpleNamespace(app=SimpleNamespace(wsgi=lambda: app)), None)
    assert configuration["preload_app"]
    assert asked == [{"close": False}]


def test_another_application_can_be_served_too(configuration: dict[str, Any]) -> None:
    bare = SimpleNamespace(app=SimpleNamespace(wsgi=lambda: object()))
    configuration["post_fork"](bare, None)
