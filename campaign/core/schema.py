"""The schema of the database: brought up to date by the migrations, and asked whether it is."""

import re
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from campaign.core.config import PROJECT_ROOT
from campaign.core.db import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = PROJECT_ROOT / "campaign" / "migrations"
_REVISION = re.compile(r'^(revision|down_revision) = "(\w+)"', re.MULTILINE)

# Alembic is imported where it is used: a web process only asks whether the schema is the newest,
# and does without its twelve megabytes.


def upgrade(database: Database, revision: str = "head") -> None:
    """Run every migration that the database has not seen yet."""
    with database.engine.connect() as connection:
        from alembic import command

        command.upgrade(_config(connection=connection), revision)


def is_current(database: Database) -> bool:
    """Tell whether the database has the newest schema."""
    with database.reader() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return False
        current = session.scalars(text("SELECT version_num FROM alembic_version"))
        return set(current) == _heads()


def check_models(database: Database) -> None:
    """Raise alembic's CommandError where models and migrated schema differ."""
    with database.engine.connect() as connection:
        from alembic import command

        command.check(_config(connection=connection))


def write_revision(database: Database, message: str) -> None:
    """Write a migration for what the models have and the database has not."""
    with database.engine.connect() as connection:
        from alembic import command

        command.revision(_config(connection=connection), message=message, autogenerate=True)


@cache
def _heads() -> frozenset[str]:
    """Return the revisions that no other one follows, read from the files themselves."""
    named: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for path in (MIGRATIONS / "versions").glob("*.py"):
        for name, value in _REVISION.findall(path.read_text(encoding="utf-8")):
            named[name].add(value)
    return frozenset(named["revision"] - named["down_revision"])


def _config(**attributes: object) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
    config.attributes.update(attributes)
    return config
