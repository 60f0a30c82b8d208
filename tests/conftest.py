"""Fixtures for every tier: a clock that stands still, databases made by the migrations, an app."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from xdist.scheduler import LoadScopeScheduling

from campaign.app import create_app
from campaign.core import schema
from campaign.core.config import MailSettings, Settings
from campaign.core.db import Base, Database
from campaign.core.logs import configure_logging
from tests.factories import bind_factories
from tests.web.client import CheckingClient

IN_CI = os.environ.get("CI") == "true"
POSTGRESQL_URL = os.environ.get("TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/test")


# An example that takes long says that the machine is busy, not that the code is wrong.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def missing(reason: str) -> None:
    """Skip for want of a component; in CI nothing may be missing."""
    if IN_CI:
        pytest.fail(f"CI must have every component: {reason}")
    pytest.skip(reason)


class TestsTogether(LoadScopeScheduling):
    """Which tests stay together where several processes run them.

    Those of a file share what it sets up. Those with a browser share a demonstration, and two files
    of them one walk over all pages, which takes minutes: these are by themselves.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if not file.startswith("tests/browser/"):
            return file
        return (
            "walk" if file.endswith(("test_every_page.py", "test_html_checker.py")) else "browser"
        )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TestsTogether:
    return TestsTogether(config, log)


@pytest.fixture(scope="session", autouse=True)
def _logging() -> None:
    """Log as an installation does, not to standard output as structlog does by itself."""
    configure_logging("WARNING")


class FrozenClock:
    """A clock that tests set and move."""

    def __init__(self) -> None:
        self.time = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite file with the newest schema, to be copied by each test."""
    path = tmp_path_factory.mktemp("schema") / "empty.sqlite"
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    with database.engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL database of this run with the newest schema."""
    admin = create_engine(make_url(POSTGRESQL_URL), isolation_level="AUTOCOMMIT")
    name = f"campaign_test_{uuid.uuid4().hex[:12]}"
    try:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    except OperationalError:
        admin.dispose()
        missing("no PostgreSQL server at TEST_POSTGRESQL_URL or 127.0.0.1:5432")
    url = make_url(POSTGRESQL_URL).set(database=name).render_as_string(hide_password=False)
    database = Database(url)
    schema.upgrade(database)
    database.dispose()
    yield url
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "campaign.sqlite"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh database of each kind in turn: for integration tests."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_database")
        return
    database = Database(request.getfixturevalue("postgresql_url"))
    yield database
    empty(database)
    database.dispose()


def empty(database: Database) -> None:
    """Delete every row and count from 1 again.

    As a replica, so that neither keys nor triggers stand in the way; and not by TRUNCATE, which
    makes new files for some thirty tables and waits for the disk each time.
    """
    statements = [f'DELETE FROM "{table.name}"' for table in Base.metadata.sorted_tables]
    statements.append("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'")
    with database.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SET LOCAL synchronous_commit = off"))
        connection.connection.cursor().execute("; ".join(statements))


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session on each kind of database; factories use it."""
    with database.writer() as session, bind_factories(session):
        yield session


@pytest.fixture
def settings(tmp_path: Path, sqlite_database: Database) -> Settings:
    return Settings(
        secret_key="a secret of the tests that is long enough",
        database_url=sqlite_database.url.render_as_string(hide_password=False),
        base_url="http://localhost",
        rate_limits_enabled=False,
        page_cache=False,  # A test changes something and looks at once.
        mail=MailSettings(channel="mailbox", mailbox_path=tmp_path / "mailbox"),
    )


@pytest.fixture
def make_app(settings: Settings, clock: FrozenClock) -> Iterator[Callable[..., Flask]]:
    """Build apps on the test's own SQLite file, with settings changed by name."""
    apps: list[Flask] = []

    def make(**changes: object) -> Flask:
        app = create_app(replace(settings, **changes), clock=clock)
        app.testing = True
        app.test_client_class = CheckingClient
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.extensions["campaign"].database.dispose()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> CheckingClient:
    """A client that checks every page it fetches."""
    return app.test_client()


@pytest.fixture
def web_session(app: Flask) -> Iterator[Session]:
    """A writing session on the app's own database, for arranging; commit before you fetch."""
    with app.extensions["campaign"].database.writer() as session, bind_factories(session):
        yield session
        session.rollback()
