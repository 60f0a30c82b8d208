"""The schema of the database: brought up to date by the migrations, and asked whether it is."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from campaign.core.config import PROJECT_ROOT
from campaign.core.db import Database


def upgrade(database: Database, revision: str = "head") -> None:
    """Run every migration that the database has not seen yet."""
    with database.engine.connect() as connection:
        command.upgrade(_config(connection=connection), revision)


def is_current(database: Database) -> bool:
    """Tell whether the database has the newest schema."""
    with database.reader() as session:
        context = MigrationContext.configure(session.connection())
        return set(context.get_current_heads()) == set(_heads())


def check_models(database: Database) -> None:
    """Raise alembic's CommandError where models and migrated schema differ."""
    with database.engine.connect() as connection:
        command.check(_config(connection=connection))


def write_revision(database: Database, message: str) -> None:
    """Write a migration for what the models have and the database has not."""
    with database.engine.connect() as connection:
        command.revision(_config(connection=connection), message=message, autogenerate=True)


def _heads() -> list[str]:
    return ScriptDirectory.from_config(_config()).get_heads()


def _config(**attributes: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(PROJECT_ROOT / "campaign" / "migrations"))
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
    config.attributes.update(attributes)
    return config
