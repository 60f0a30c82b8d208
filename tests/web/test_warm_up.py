"""The main pages are made before there are workers, and nothing of it is in their way."""

import subprocess
import sys

from flask import Flask, Response, request
from sqlalchemy.orm import Session

from campaign.web.warm_up import warm_up
from tests.factories.worlds import pledge_world
from tests.web.letters import database_of


def _requested(app: Flask) -> list[tuple[str, int]]:
    asked: list[tuple[str, int]] = []

    @app.after_request
    def note(response: Response) -> Response:
        asked.append((request.path, response.status_code))
        return response

    return asked


def test_the_main_pages_are_made_and_no_connection_is_left(
    app: Flask, web_session: Session
) -> None:
    pledge_world()
    web_session.commit()
    asked = _requested(app)
    warm_up(app)
    assert dict(asked) == dict.fromkeys(
        (
            "/organise/login",
            "/safer-streets/",
            "/safer-streets/pledges/",
            "/safer-streets/constituencies/",
            "/safer-streets/northmoor-east/",
            "/safer-streets/northmoor-east/write",
        ),
        200,
    )
    assert database_of(app).engine.pool.checkedin() == 0  # type: ignore[attr-defined]


def test_an_empty_database_stops_nothing(app: Flask) -> None:
    asked = _requested(app)
    warm_up(app)
    assert asked == [("/organise/login", 200)]


def test_what_draws_pictures_is_not_loaded_before_one_is_drawn() -> None:
    code = (
        "import sys; from campaign.core.config import Settings;"
        "from campaign.app import create_app;"
        "create_app(Settings(secret_key='x' * 40, database_url='sqlite://'));"
        "print(sorted({'PIL', 'qrcode'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
