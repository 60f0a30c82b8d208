"""The database: typed base, engines for readers and writers, sessions.

SQLite loses updates silently when a transaction reads before it takes the write lock, so writers
begin with BEGIN IMMEDIATE and readers with a plain BEGIN. On PostgreSQL both are ordinary.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    DateTime,
    Engine,
    Enum,
    FromClause,
    Integer,
    MetaData,
    String,
    Table,
    column,
    create_engine,
    event,
    values,
)
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import (
    DeclarativeBase,
    Session,
    SessionTransaction,
    make_transient_to_detached,
)
from sqlalchemy.types import TypeDecorator

from campaign.core.errors import SettingsError

BUSY_TIMEOUT_SECONDS = 30
_CACHE_KIB = 512
"""SQLite's own copy of the file, one for each connection; the system keeps another for all."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC time; a naive one is refused, because its zone would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times in the database are aware: this one has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_by_value(enum: type[StrEnum]) -> Enum:
    """Return a column type that stores an enum by its value in a VARCHAR that can grow."""
    return Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """Base of all models: named constraints, aware UTC times."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UTCDateTime, str: String}  # noqa: RUF012


def table_of(model: type[Base]) -> Table:
    """Return a model's table, for statements that are run too often to load objects."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


Row = TypeVar("Row", bound=Base)


def moments_table(moments: Mapping[int, datetime]) -> FromClause:
    """Return rows of ``key`` and ``moment`` to join with; there must be at least one."""
    return (
        values(column("key", Integer), column("moment", UTCDateTime()), name="moments")
        .data(list(moments.items()))
        .cte("moments")
    )


def as_loaded(session: Session, row: Row) -> Row:
    """Return an object that holds what a bare statement just wrote, as if it had been read.

    Its primary key must be set; what else is not set is read when it is asked for.
    """
    make_transient_to_detached(row)
    session.add(row)
    return row


class Database:
    """Engines and sessions for one database URL; safe to share between threads."""

    def __init__(self, url: str, *, echo: bool = False) -> None:
        self.url = _checked_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = (
            {"connect_args": {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}}
            if self.is_sqlite
            else {"pool_pre_ping": True}
        )
        self.engine: Engine = create_engine(
            # Errors end in logs, and parameters are letters and addresses.
            self.url,
            echo=echo,
            hide_parameters=True,
            **options,
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite_connection)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writer = self.engine.execution_options(campaign_writes=True)
        self._turn = threading.Lock()
        self._notes = self._writer.execution_options(campaign_syncs_later=True)

    def reader(self) -> Session:
        """Return a session for reading; its transaction never takes SQLite's write lock.

        What it has loaded stays as it was read when its transaction ends.
        """
        return Session(self.engine, expire_on_commit=False)

    def writer(self) -> Session:
        """Return a session for reading and then writing; on SQLite it begins IMMEDIATE."""
        if self.is_sqlite:
            return _TurnTakingSession(self._writer, self._turn)
        return Session(self._writer)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a writing session that commits at the end and rolls back on an error."""
        with self.writer() as session, session.begin():
            yield session

    def notebook(self) -> "Notebook":
        """Return a place for many small notes; close it when there is nothing to note."""
        return Notebook(self._notes)

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


class _TurnTakingSession(Session):
    """A writing session that waits for its turn among the threads of this process.

    SQLite itself wakes nobody: who finds the database taken sleeps and looks again, up to a tenth
    of a second later, while it stands free.
    """

    def __init__(self, engine: Engine, turn: threading.Lock) -> None:
        super().__init__(engine)
        self._turn = turn
        self._has_turn = False

    def take_turn(self, transaction: SessionTransaction) -> None:
        """Wait, before the outermost transaction begins."""
        if transaction.parent is None:
            # After as long a wait, the database itself says what is wrong.
            self._has_turn = self._turn.acquire(timeout=BUSY_TIMEOUT_SECONDS)

    def end_turn(self, transaction: SessionTransaction) -> None:
        """Let the next one in, after the outermost transaction."""
        if transaction.parent is None and self._has_turn:
            self._has_turn = False
            self._turn.release()


# Once for all of them: to listen to a single session costs as much as a statement.
event.listen(_TurnTakingSession, "after_transaction_create", _TurnTakingSession.take_turn)
event.listen(_TurnTakingSession, "after_transaction_end", _TurnTakingSession.end_turn)


class Notebook:
    """Small transactions on one kept connection, whose commits SQLite need not force to the disk.

    They outlive the end of any process. A power cut may undo those since the last ``transaction``
    of anybody, in whole and in their order: for what can be done again harmlessly. PostgreSQL
    forces them to the disk, together with what others commit at the same moment.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session: Session | None = None

    @contextmanager
    def note(self) -> Iterator[Session]:
        """Yield a writing session that commits at the end and rolls back on an error."""
        if self._session is None:
            self._session = Session(self._engine.connect())
        try:
            with self._session.begin():
                yield self._session
        except BaseException:
            self.close()  # The connection may be what is broken.
            raise

    def close(self) -> None:
        """Let go of the connection; the next note takes another."""
        session, self._session = self._session, None
        if session is not None:
            session.close()
            assert isinstance(session.bind, Connection)
            session.bind.close()


def _checked_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsError(
            "DATABASE_URL is not a database address; write sqlite:////folder/file.sqlite or "
            "postgresql://user:password@host/name."
        ) from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingsError("DATABASE_URL must begin with sqlite: or postgresql: .")
    return parsed


def _prepare_sqlite_connection(connection: sqlite3.Connection, _record: object) -> None:
    # The sqlite3 module must not begin transactions by itself: _begin_sqlite does.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    syncs_later = options.get("campaign_syncs_later", False)
    if connection.info.get("syncs_later", False) != syncs_later:
        # Not within a transaction, and not for every one: the connection keeps it.
        mode = "NORMAL" if syncs_later else "FULL"
        connection.connection.cursor().execute(f"PRAGMA synchronous={mode}")
        connection.info["syncs_later"] = syncs_later
    writes = options.get("campaign_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
