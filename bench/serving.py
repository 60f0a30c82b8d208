"""Serve an application as in production and count what it answers.

    with served("wsgi:app", {"DATABASE_URL": "sqlite:////tmp/x.sqlite"}) as site:
        site.rate([Request("/safer/")])          # requests a second
        site.memory()                            # MiB of the server with its workers

``served("bench.bare:page(20000)")`` is the limit to compare with: the same server, the same number
of workers and threads, a view that does next to nothing.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path

from campaign.core.config import PROJECT_ROOT

HOST = "127.0.0.1"
CONNECTIONS = 16
SECONDS = 2.0
_PATIENCE_SECONDS = 30
_OUR_SETTINGS = re.compile(
    "SECRET_KEY|CAMPAIGN_|DATABASE_URL|BASE_URL|TRUSTED_|RATE_|LOG_|MAIL|LETTERS_|PAGE_|WEB_"
)


@dataclass(frozen=True)
class Request:
    """What is asked for: a path with its query, and for POST a body with its type."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Site:
    """A server that runs: where it listens, and its master process."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """Return the address without a slash at its end."""
        return f"http://{HOST}:{self.port}"

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Fetch once; return status, headers by their names in lower case, and body."""
        connection = HTTPConnection(HOST, self.port, timeout=_PATIENCE_SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=named)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def rate(
        self,
        requests: Sequence[Request],
        *,
        seconds: float = SECONDS,
        connections: int = CONNECTIONS,
    ) -> float:
        """Return the requests a second that are answered, asking for each in turn, over and over.

        Every answer must be 2xx or 3xx. Measured by wrk where it is installed, else by a client
        of ours, which takes more of the machine itself: ratios stay, speeds fall.
        """
        load = _wrk if shutil.which("wrk") else _threads
        return load(self.port, requests, seconds, connections)

    def memory(self) -> float:
        """Return the proportional memory (PSS) of the server and its workers in MiB."""
        return memory_of(self.process.pid)


@contextmanager
def served(application: str, environment: Mapping[str, str] | None = None) -> Iterator[Site]:
    """Run gunicorn as the project configures it; ends it, and raises where it does not start.

    ``application`` is ``module:name`` or ``module:factory(argument)``. The settings of this shell
    are left out, so that a measurement touches only what ``environment`` names.
    """
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py",
        "--bind", f"{HOST}:{port}",
        "--log-level", "warning", "--no-control-socket", application,
    ]  # fmt: skip
    inherited = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    process = subprocess.Popen(
        command,
        cwd=PROJECT_ROOT,
        env={**inherited, **(environment or {})},
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield Site(port, process)
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def memory_of(process: int) -> float:
    """Return the PSS of a process and its descendants in MiB; what they share counts once."""
    total, pending = 0, [process]
    while pending:
        each = pending.pop()
        try:
            rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
            children = Path(f"/proc/{each}/task/{each}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(kib) for kib in re.findall(r"^Pss:\s+(\d+)", rollup, re.MULTILINE))
        pending += [int(child) for child in children.split()]
    return total / 1024


def _is_ours(name: str) -> bool:
    return _OUR_SETTINGS.match(name) is not None


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(_PATIENCE_SECONDS * 20):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended by itself (code {process.returncode})")
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                break
        time.sleep(0.05)
    # A worker may still be loading: the first answer says that it is there.
    connection = HTTPConnection(HOST, port, timeout=_PATIENCE_SECONDS)
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    connection.close()


def _wrk(port: int, requests: Sequence[Request], seconds: float, connections: int) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_lua(requests))
        script.flush()
        command = [
            "wrk", "-t", "2", "-c", str(connections), "-d", f"{max(1, round(seconds))}s",
            "--timeout", "30s", "-s", script.name, f"http://{HOST}:{port}",
        ]  # fmt: skip
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if trouble := re.findall(r"Socket errors:.*|Non-2xx.*", printed):
        raise RuntimeError(f"{requests[0].path} and others: {'; '.join(trouble)}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    if found is None:
        raise RuntimeError(f"wrk says no rate: {printed}")
    rate = float(found[1])
    if not rate:
        raise RuntimeError(f"{requests[0].path}: not one answer in {seconds:g} s")
    return rate


def _lua(requests: Sequence[Request]) -> str:
    """Return a script that prepares every request once and sends them in turn."""
    lines = ["local ready = {}", "local at = 0", "local threads = 0"]
    # Each thread begins elsewhere, so that they do not ask for the same thing at once.
    lines.append("function setup(thread) thread:set('first', threads) threads = threads + 1 end")
    lines.append("function init(args)")
    for each in requests:
        headers = ", ".join(f"[{_quoted(k)}] = {_quoted(v)}" for k, v in each.headers.items())
        body = _quoted(each.body) if each.body else "nil"
        lines.append(
            f"  ready[#ready + 1] = wrk.format({_quoted(each.method)}, {_quoted(each.path)}, "
            f"{{['Host'] = '{HOST}', {headers}}}, {body})"
        )
    lines.append(f"  at = first * {max(1, len(requests) // 2)} end")
    lines.append("function request() at = at + 1 return ready[(at - 1) % #ready + 1] end")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\{byte:03d}" for byte in text.encode()) + '"'


def _threads(port: int, requests: Sequence[Request], seconds: float, connections: int) -> float:
    turns, ends_at = count(), time.perf_counter() + seconds
    answered = [0] * connections
    problems: list[str] = []

    def ask(number: int) -> None:
        connection = HTTPConnection(HOST, port, timeout=_PATIENCE_SECONDS)
        while time.perf_counter() < ends_at and not problems:
            each = requests[next(turns) % len(requests)]
            try:
                connection.request(each.method, each.path, each.body or None, dict(each.headers))
                answer = connection.getresponse()
                answer.read()
            except (OSError, HTTPException) as error:
                problems.append(f"{each.path}: {error!r}")
                return
            if answer.status >= 400:
                problems.append(f"{each.path}: {answer.status}")
            answered[number] += 1
        connection.close()

    begun = time.perf_counter()
    crowd = [threading.Thread(target=ask, args=(number,)) for number in range(connections)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    if problems:
        raise RuntimeError(problems[0])
    return sum(answered) / (time.perf_counter() - begun)
