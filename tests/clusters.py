"""A PostgreSQL server of a test's own, to be stopped and started at will."""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postfix import as_root

_PATIENCE_SECONDS = 60


def _programs() -> Path | None:
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(found, key=lambda each: float(each.parts[-3]), default=None)
    return newest.parent if newest is not None else None


def why_no_cluster() -> str | None:
    """Return why no server can be made here, None where one can."""
    return None if _programs() else "no PostgreSQL server is installed"


class Cluster:
    """One server with its own folder and port; anybody on this machine may connect."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs = folder, programs
        self.is_running = False
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        data = ("-D", str(folder / "data"))
        self._run("initdb", *data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1"
            f" -c unix_socket_directories={self._folder} -c fsync=off"
        )
        log = str(self._folder / "log")
        self._run(
            "pg_ctl", "-D", str(self._folder / "data"), "-w", "-l", log, "-o", options, "start"
        )
        self.is_running = True

    def stop(self, mode: str) -> None:
        """Stop it: ``fast`` ends sessions in order, ``immediate`` is a crash."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-m", mode, "stop")
        self.is_running = False

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of its programs, which refuse to be root."""
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(
            command,
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=_PATIENCE_SECONDS,
        )


@contextmanager
def made_cluster() -> Iterator[Cluster]:
    """Make and start a server; end it and its folder."""
    programs = _programs()
    assert programs is not None
    with tempfile.TemporaryDirectory(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")) as made:
        folder = Path(made)
        if os.geteuid() == 0:
            subprocess.run(as_root("chown", "postgres", made), check=True)
        cluster = Cluster(folder, programs)
        cluster.start()
        try:
            yield cluster
        finally:
            if cluster.is_running:
                cluster.stop("immediate")
