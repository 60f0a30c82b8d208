"""Writers on SQLite take the lock before they read, so that no update is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from campaign.core.db import Database
from campaign.delivery.models import WorkerHeartbeat
from campaign.geography.models import BoundarySet

THREADS = 8
ROUNDS = 25


def _count_up(open_session: Callable[[], Session]) -> int:
    """Have threads read and then write one number; return how many updates were refused."""

    def work(_number: int) -> int:
        refused = 0
        for _round in range(ROUNDS):
            try:
                with open_session() as session, session.begin():
                    row = session.scalars(select(BoundarySet)).one()
                    row.name = str(int(row.name) + 1)
            except OperationalError:
                refused += 1
        return refused

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(work, range(THREADS)))


def test_writers_lose_no_update(sqlite_database: Database) -> None:
    with sqlite_database.transaction() as session:
        session.add(BoundarySet(slug="count", name="0"))
    assert _count_up(sqlite_database.writer) == 0
    with sqlite_database.reader() as session:
        assert session.scalars(select(BoundarySet.name)).one() == str(THREADS * ROUNDS)


def test_the_same_work_in_readers_transactions_fails(sqlite_database: Database) -> None:
    with sqlite_database.transaction() as session:
        session.add(BoundarySet(slug="count", name="0"))
    assert _count_up(sqlite_database.reader) > 0


def test_a_time_without_a_zone_is_refused(session: Session) -> None:
    session.add(WorkerHeartbeat(worker="a", seen_at=datetime(2031, 5, 1)))  # noqa: DTZ001
    with pytest.raises(Exception, match="aware"):
        session.flush()


def test_times_come_back_aware(session: Session) -> None:
    moment = datetime(2031, 5, 1, 10, tzinfo=UTC)
    session.add(WorkerHeartbeat(worker="a", seen_at=moment))
    session.flush()
    session.expire_all()
    assert session.get_one(WorkerHeartbeat, "a").seen_at == moment
