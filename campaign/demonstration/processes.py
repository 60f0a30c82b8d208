"""Run web and worker as one: they start together and end together."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

LOOPBACK = "127.0.0.1"
_PATIENCE_SECONDS = 8.0
"""A process that has not ended by then is killed."""
_INTERRUPT_SECONDS = 1.5
"""Ctrl-C reaches every process of the terminal's group by itself; only then are they told."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """One process of the group."""

    name: str
    """What to call it in a sentence: ``The web server``."""
    command: Sequence[str]


def web_program(port: int) -> Program:
    """Return the web server, bound to this machine only."""
    command = [
        sys.executable, "-m", "gunicorn", "--bind", f"{LOOPBACK}:{port}",
        "--worker-class", "gthread", "--workers", "2", "--threads", "4",
        # An open browser tab keeps its connection; it is let go before the worker would be killed.
        "--graceful-timeout", "6", "--keep-alive", "1",
        "--log-level", "warning", "--no-control-socket", "wsgi:app",
    ]  # fmt: skip
    return Program(name="The web server", command=command)


def worker_program() -> Program:
    """Return the delivery worker."""
    start = "from campaign.app import main; main()"
    return Program(name="The delivery worker", command=[sys.executable, "-c", start, "deliver"])


def free_port(wanted: int, *, tries: int = 100) -> int | None:
    """Return the first port from ``wanted`` on that nobody listens on; None where all are taken."""
    for port in range(wanted, min(wanted + tries, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As the server does: a port whose last connections are just closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((LOOPBACK, port))
                return port
    return None


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Group:
    """Programs that run as long as all of them run, until Ctrl-C or SIGTERM."""

    def __init__(
        self, programs: Sequence[Program], *, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._programs = programs
        self._folder = folder
        self._environment = dict(environment)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._caught: int | None = None

    def run(self, *, is_ready: Callable[[], bool], when_ready: Callable[[], None]) -> str | None:
        """Start the programs and wait; ``when_ready`` is called once ``is_ready`` says so.

        Returns None after Ctrl-C or SIGTERM, or a sentence about the program that ended by itself.
        No process of the group is left when this returns.
        """
        previous = {
            number: signal.signal(number, self._catch) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            for program in self._programs:
                if self._caught is None:
                    self._processes.append(self._start(program))
            return self._watch(is_ready=is_ready, when_ready=when_ready)
        finally:
            self._end()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _start(self, program: Program) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own commands
            program.command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            # Until a program listens for Ctrl-C itself, only SIGTERM may end it: quietly.
            preexec_fn=_ignore_interrupts,
        )

    def _watch(self, *, is_ready: Callable[[], bool], when_ready: Callable[[], None]) -> str | None:
        waits = True
        while self._caught is None:
            for program, process in zip(self._programs, self._processes, strict=True):
                if (code := process.poll()) is not None and self._caught is None:
                    return f"{program.name} has ended by itself (code {code})."
            if waits and is_ready():
                waits = False
                when_ready()
            time.sleep(0.1)
        return None

    def _end(self) -> None:
        if self._caught == signal.SIGINT:
            # A second signal would cut short the message that the worker has in hand.
            self._wait(_INTERRUPT_SECONDS)
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        self._wait(_PATIENCE_SECONDS)
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    def _wait(self, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, ends_at - time.monotonic()))

    def _catch(self, number: int, _frame: FrameType | None) -> None:
        # Kept for good: the first signal decides how the group ends.
        self._caught = self._caught or number
