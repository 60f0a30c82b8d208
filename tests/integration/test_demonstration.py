"""The real command in its own process: web and worker start, answer, and end without a trace."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from flask import Flask
from sqlalchemy import func, select

from campaign.candidates.models import Candidacy
from campaign.cli import demo
from campaign.core.config import PROJECT_ROOT
from campaign.delivery.models import OutboxMessage
from campaign.demonstration.folder import DemonstrationRuns, clear, only_one, organiser_password
from campaign.demonstration.processes import Group, Program, free_port
from campaign.letters.models import Letter
from campaign.pledges.models import PledgeEvent
from tests.conftest import FrozenClock

START = [sys.executable, "-c", "from campaign.app import main; main()"]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken


def wait_for(url: str, process: subprocess.Popen[str], *, seconds: float) -> str:
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        assert process.poll() is None, process.communicate()
        try:
            with urlopen(url, timeout=5) as answer:
                return answer.read().decode()
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"{url} did not answer within {seconds} s")


def living_of_group(group: int) -> list[str]:
    """Return the processes of a process group that are not zombies."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, _parent, process_group = rest.split()[:3]
        if int(process_group) == group and state != "Z":
            found.append(name)
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="counts processes by /proc")
def test_the_demonstration_starts_answers_and_ends_cleanly(
    tmp_path: Path, listener: socket.socket
) -> None:
    taken = listener.getsockname()[1]
    environment = {
        name: value for name, value in os.environ.items() if name not in ("BASE_URL", "SECRET_KEY")
    } | {"CAMPAIGN_INSTANCE": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*START, "demo", "--fresh", "--port", str(taken)],
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith(f"Port {taken} is taken, so this is port ")
        base = f"http://127.0.0.1:{int(first.split()[-1].rstrip('.'))}"
        front = wait_for(f"{base}/safer-internet/", process, seconds=120)
        assert "Make the internet safer for children" in front
        assert 'href="/mailbox/"' in front

        # The worker sends what the invented past left in the outbox.
        ends_at = time.monotonic() + 60
        while not list(tmp_path.glob("demo/mailbox/*.eml")) and time.monotonic() < ends_at:
            time.sleep(0.2)
        assert list(tmp_path.glob("demo/mailbox/*.eml"))
        assert "mail-list__item" in wait_for(f"{base}/mailbox/", process, seconds=30)

        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
        assert process.returncode == 0, rest
        assert f"{base}/" in rest
        assert "owner@example.org" in rest
        assert "QK11 1AA" in rest
        assert "Traceback" not in rest
        assert living_of_group(process.pid) == []
        assert {path.name for path in tmp_path.iterdir()} <= {"demo", "secret_key"}
    finally:
        if living_of_group(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run_group(tmp_path: Path, *scripts: str, when_ready: object = None) -> str | None:
    programs = [
        Program(name=f"Program {number}", command=[sys.executable, "-c", script])
        for number, script in enumerate(scripts, start=1)
    ]
    group = Group(programs, folder=tmp_path, environment=os.environ)
    return group.run(
        is_ready=lambda: True,
        when_ready=lambda: os.kill(os.getpid(), signal.SIGTERM) if when_ready else None,
    )


def test_when_one_program_ends_the_other_is_ended(tmp_path: Path) -> None:
    sleeper = "import os, time, pathlib; pathlib.Path('pid').write_text(str(os.getpid()));"
    failure = run_group(
        tmp_path,
        f"{sleeper} time.sleep(600)",
        "import pathlib, sys, time\n"
        "while not pathlib.Path('pid').exists(): time.sleep(0.05)\n"
        "time.sleep(0.2); sys.exit(7)",
    )
    assert failure == "Program 2 has ended by itself (code 7)."
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_signal_ends_the_group_without_a_complaint(tmp_path: Path) -> None:
    started_at = time.monotonic()
    assert run_group(tmp_path, *["import time; time.sleep(600)"] * 2, when_ready=True) is None
    assert time.monotonic() - started_at < 10


def test_a_taken_port_is_left_alone(listener: socket.socket) -> None:
    taken = listener.getsockname()[1]
    found = free_port(taken)
    assert found is not None
    assert found > taken
    assert free_port(taken, tries=1) is None


def test_only_one_demonstration_uses_a_folder(tmp_path: Path) -> None:
    with only_one(tmp_path / "demo"), pytest.raises(DemonstrationRuns), only_one(tmp_path / "demo"):
        pass
    with only_one(tmp_path / "demo"):
        pass


def test_a_fresh_start_forgets_what_was_and_nothing_else(tmp_path: Path) -> None:
    password = organiser_password(tmp_path)
    assert organiser_password(tmp_path) == password
    for name in ("campaign.sqlite", "campaign.sqlite-wal", "keep.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "mailbox").mkdir()
    (tmp_path / "mailbox" / "a.eml").write_text("x")
    clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["keep.txt"]
    assert organiser_password(tmp_path) != password


def test_a_second_start_keeps_the_data_and_says_when_polling_day_is_over(
    make_app: Callable[..., Flask], clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(is_demonstration=True)
    kit = app.extensions["campaign"]

    def counts() -> list[int]:
        with kit.database.reader() as session:
            return [
                session.scalar(select(func.count()).select_from(model)) or 0
                for model in (Candidacy, Letter, PledgeEvent, OutboxMessage)
            ]

    with app.app_context():
        demo._prepare(kit, "a password of the demonstration")
        assert "Inventing an island" in capsys.readouterr().out
        first = counts()
        assert min(first) > 100
        demo._prepare(kit, "another password")
        assert (counts(), capsys.readouterr().out) == (first, "")
        clock.advance(days=90)
        demo._prepare(kit, "another password")
        said = capsys.readouterr().out
        assert said == "Polling day is over in the stored demonstration: start over with FRESH=1.\n"
        assert counts() == first
