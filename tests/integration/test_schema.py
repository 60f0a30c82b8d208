from campaign.core import schema
from campaign.core.db import Database


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    schema.check_models(database)


def test_a_migrated_database_is_current(database: Database) -> None:
    assert schema.is_current(database)
