"""Print what our reader and writer sessions cost, as ratios to a bare SQLAlchemy session."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from campaign.core.db import Database

ROUNDS = 7
SESSIONS = 500


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sessions.sqlite"
        database = Database(f"sqlite:///{path}")
        bare = create_engine(f"sqlite:///{path}")
        kinds: dict[str, Callable[[], Session]] = {
            "bare": lambda: Session(bare),
            "reader": database.reader,
            "writer": database.writer,
        }
        times: dict[str, list[float]] = {name: [] for name in kinds}
        for _round in range(ROUNDS):
            for name, make in kinds.items():
                begun = time.perf_counter()
                for _number in range(SESSIONS):
                    with make() as session:
                        session.execute(text("SELECT 1"))
                times[name].append(time.perf_counter() - begun)
        limit = statistics.median(times["bare"])
        for name in ("reader", "writer"):
            ratio = limit / statistics.median(times[name])
            print(f"sessions/{name}: {ratio:.2f} of a bare session's speed")


if __name__ == "__main__":
    main()
