"""A PostgreSQL database for one run, where a server answers."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

SERVER = os.environ.get("TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/test")


@contextmanager
def made_postgresql(suffix: str = "") -> Iterator[str | None]:
    """Yield the address of an empty database of this run, None where no server answers."""
    admin = create_engine(make_url(SERVER), isolation_level="AUTOCOMMIT")
    name = f"campaign_bench_{os.getpid()}{suffix and '_'}{suffix}"
    try:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    except OperationalError:
        admin.dispose()
        print("no PostgreSQL at TEST_POSTGRESQL_URL or 127.0.0.1:5432", file=sys.stderr)
        yield None
        return
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()
