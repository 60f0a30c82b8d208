"""How Alembic runs the migrations; called by campaign.core.schema with an open connection."""

from alembic import context
from sqlalchemy import Connection

import campaign.campaigns.models
import campaign.candidates.models
import campaign.delivery.models
import campaign.elections.models
import campaign.geography.models
import campaign.letters.models
import campaign.organisers.models
import campaign.pledges.models
import campaign.supporters.models  # noqa: F401
from campaign.core.db import Base


def migrate(connection: Connection) -> None:
    """Migrate in one transaction; on SQLite with foreign keys off, checked at the end.

    A table that SQLite rebuilds for an ALTER is dropped first, and with foreign keys on that
    deletes the rows of its children.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        _pragma(connection, "PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        user_module_prefix="db.",
        render_as_batch=is_sqlite,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.in_transaction():
        connection.commit()
    if is_sqlite:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        connection.rollback()
        _pragma(connection, "PRAGMA foreign_keys=ON")
        if broken:
            raise RuntimeError(f"the migration left {len(broken)} rows without their parent")


def _pragma(connection: Connection, statement: str) -> None:
    # A pragma about foreign keys does nothing inside a transaction, so it goes past SQLAlchemy's.
    driver_connection = connection.connection.driver_connection
    assert driver_connection is not None
    driver_connection.execute(statement)


migrate(context.config.attributes["connection"])
