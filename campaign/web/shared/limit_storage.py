"""Counts of requests in a small SQLite file: right with several worker processes on one machine.

Each count is one statement, so two processes never both read the old value. The file holds nothing
that must survive: it is written without waiting for the disk, and may be deleted at any time.
"""

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog
from limits.storage import Storage

SCHEME = "campaign-sqlite"

_BUSY_TIMEOUT_SECONDS = 0.25
"""How long a request waits for its turn to count before it passes uncounted."""
_SWEEP_ONE_IN = 500

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counts (
    key TEXT PRIMARY KEY, count INTEGER NOT NULL, expires_at REAL NOT NULL
) WITHOUT ROWID
"""
_COUNT = """
INSERT INTO counts (key, count, expires_at) VALUES (:key, :amount, :now + :expiry)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN expires_at <= :now THEN excluded.count ELSE count + excluded.count END,
    expires_at = CASE WHEN expires_at <= :now THEN excluded.expires_at ELSE expires_at END
RETURNING count
"""

_log = structlog.get_logger(__name__)


class SQLiteStorage(Storage):
    """A storage for the library ``limits``; when the file fails, requests pass uncounted."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - the library reads a plain list

    def __init__(self, uri: str, wrap_exceptions: bool = False, **options: str) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._path = Path(uri.removeprefix(f"{SCHEME}://"))
        self._kept = threading.local()

    @property
    def base_exceptions(self) -> type[Exception]:
        return sqlite3.Error

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count a request and return the count of its window; 0 when it cannot be counted."""
        values = {"key": key, "amount": amount, "now": time.time(), "expiry": expiry}
        try:
            with self._connection() as connection:
                (count,) = connection.execute(_COUNT, values).fetchone()
                if random.randrange(_SWEEP_ONE_IN) == 0:  # noqa: S311 - no secret
                    connection.execute("DELETE FROM counts WHERE expires_at <= :now", values)
        except (sqlite3.Error, OSError) as error:
            # A guard must not close the shop: the request passes, the operator reads of it.
            _log.warning("rate_limit_not_counted", error=type(error).__name__, detail=str(error))
            return 0
        return int(count)

    def get(self, key: str) -> int:
        """Return the count of the window that runs now."""
        return int(self._read("count", key, missing=0))

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since 1970."""
        return self._read("expires_at", key, missing=time.time())

    def check(self) -> bool:
        """Tell whether the file can be written."""
        try:
            with self._connection():
                return True
        except (sqlite3.Error, OSError):
            return False

    def reset(self) -> int | None:
        """Forget every count."""
        with self._connection() as connection:
            return connection.execute("DELETE FROM counts").rowcount

    def clear(self, key: str) -> None:
        """Forget one count."""
        with self._connection() as connection:
            connection.execute("DELETE FROM counts WHERE key = ?", (key,))

    def _read(self, column: str, key: str, *, missing: float) -> float:
        query = f"SELECT {column} FROM counts WHERE key = ? AND expires_at > ?"  # noqa: S608
        try:
            with self._connection() as connection:
                row = connection.execute(query, (key, time.time())).fetchone()
        except (sqlite3.Error, OSError):
            return missing
        return row[0] if row else missing

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection to the file; after an error the next is a new one."""
        connection = getattr(self._kept, "connection", None)
        if connection is None or not connection.is_of(self._path):
            connection = self._kept.connection = _Connection(self._path)
        try:
            yield connection
        except sqlite3.Error:
            del self._kept.connection
            raise


class _Connection(sqlite3.Connection):
    """A connection of one thread, which ends with its thread."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, timeout=_BUSY_TIMEOUT_SECONDS, isolation_level=None)
        self.execute("PRAGMA synchronous=OFF")
        self.execute("PRAGMA journal_mode=MEMORY")
        self.execute(_SCHEMA)
        self._process, self._file = os.getpid(), path.stat().st_ino

    def is_of(self, path: Path) -> bool:
        """Tell whether this process opened the file that lies there now: no fork, no deletion."""
        try:
            return (os.getpid(), path.stat().st_ino) == (self._process, self._file)
        except FileNotFoundError:
            return False

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # It was never opened.
            self.close()
