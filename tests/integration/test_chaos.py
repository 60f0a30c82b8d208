"""A short run of ``make chaos`` on each database."""

from campaign.core.db import Database
from tests.chaos import run


def test_killed_workers_lose_nothing(database: Database) -> None:
    report = run(database.url.render_as_string(hide_password=False), letters=300, kills=8)
    assert report.kills == 8
    assert report.is_right, str(report)
