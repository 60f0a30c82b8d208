"""A Postfix of our own: real, private, and unable to reach anything but this machine.

It takes our mail, hands that for example.org to a server of the test, and gives what comes back
to the program by the recipe of docs/operating.md, which is read from there word by word. A policy
server of the test may refuse at any stage of the talk. Needs root, or sudo that asks nothing.
"""

import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from campaign.core.config import PROJECT_ROOT

DOMAIN = "campaign.example.org"
"""Our own domain, whose mail comes back to the program."""
THEIRS = "example.org"
"""Whose mail is handed on to the server of the test."""
SBIN = "/usr/sbin:/usr/local/sbin:/usr/lib/postfix/sbin"
_OURS = PROJECT_ROOT / "tests" / "fixtures" / "postfix"
_GUIDE = PROJECT_ROOT / "docs" / "operating.md"
_LOOPBACK = "127.0.0.1"
_PATIENCE_SECONDS = 90
_STARTS = 5

_STAND_IN = """#!/bin/sh
# The account of the pipe may not read this project's folder: the test runs the command for it.
umask 0
place=$(mktemp -d {spool}/XXXXXXXX)
chmod 777 "$place"
cat >"$place/mail"
env -0 >"$place/environment"
printf '%s\\0' "$@" >"$place/arguments"
mv "$place" "$place.ready"
while [ ! -s "$place.ready/code" ]; do sleep 0.05; done
exit "$(cat "$place.ready/code")"
"""


def as_root(*command: str) -> list[str]:
    """Return a command as root runs it."""
    return list(command) if os.geteuid() == 0 else ["sudo", "-n", *command]


def why_not() -> str | None:
    """Return why no Postfix can be started here, None where it can."""
    if shutil.which("postfix", path=SBIN) is None:
        return "no Postfix is installed"
    is_root = os.geteuid() == 0 or (
        shutil.which("sudo") is not None
        and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
    )
    return None if is_root else "only root can start a Postfix"


def guide_blocks() -> list[str]:
    """Return the blocks of code in the guide's part about Postfix, in their order."""
    part = re.search(r"^### Postfix\n(.*?)^### ", _GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    assert part is not None
    return re.findall(r"^```\n(.*?)^```$", part[1], re.DOTALL | re.MULTILINE)


class Policy(socketserver.ThreadingTCPServer):
    """What Postfix asks at each stage; ``decide`` gets its attributes and returns an action."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.decide: Callable[[dict[str, str]], str] = lambda _asked: "DUNNO"
        super().__init__((_LOOPBACK, 0), _Question)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        """Return where it listens."""
        port: int = self.server_address[1]
        return port


class _Question(socketserver.StreamRequestHandler):
    server: Policy

    def handle(self) -> None:
        asked: dict[str, str] = {}
        with suppress(OSError):
            for line in self.rfile:
                name, _, value = line.decode().strip().partition("=")
                if name:
                    asked[name] = value
                    continue
                self.wfile.write(f"action={self.server.decide(asked)}\n\n".encode())
                asked = {}


class Postfix:
    """One instance with folders of its own; ``started`` makes it."""

    def __init__(self, folder: Path, *, next_hop: int, certificate: Path | None = None) -> None:
        self.folder = folder
        self.policy = Policy()
        self.port = _free_port()
        self.plain_port = _free_port()
        """Where nobody asks the policy server: for measurements."""
        self.stranger_port = _free_port()
        """Where it does not know us: it would relay for nobody."""
        self.small_port = _free_port()
        """Where it takes only small messages."""
        self.settings: dict[str, str] = {}
        """The environment of the installation, as /etc/campaign.env would hold it."""
        self._logged = 0
        self._ends = threading.Event()
        self._write(next_hop, certificate)
        self._runner = threading.Thread(target=self._run_commands, daemon=True)
        self._runner.start()

    # Life

    def start(self) -> None:
        """Start it, and wait until it takes connections.

        Where it was ended a moment ago, some of it may still be there: then that is ended again.
        """
        for _ in range(_STARTS):
            try:
                self._postfix("start")
                break
            except RuntimeError as error:
                trouble = error
                with suppress(RuntimeError):
                    self._postfix("abort")
                time.sleep(1)
        else:
            raise trouble
        ends_at = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < ends_at:
            with socket.socket() as probe:
                if probe.connect_ex((_LOOPBACK, self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"Postfix does not answer:\n{self.log()}")

    def end(self, verb: str) -> None:
        """End it: ``stop`` lets it finish what it does, ``abort`` does not."""
        self._postfix(verb)

    def flush(self) -> None:
        """Let it try what it holds again."""
        subprocess.run(
            as_root(_found("postqueue"), "-c", str(self.config), "-f"),
            check=True,
            capture_output=True,
        )

    def close(self) -> None:
        """End everything."""
        with suppress(RuntimeError):
            self._postfix("abort")
        self._ends.set()
        self._runner.join(_PATIENCE_SECONDS)
        self.policy.shutdown()
        self.policy.server_close()

    # What it says

    @property
    def config(self) -> Path:
        """Return the folder of main.cf and master.cf."""
        return self.folder / "etc"

    def log(self) -> str:
        """Return what it has logged."""
        found = subprocess.run(
            as_root("cat", str(self.folder / "log" / "mail.log")), capture_output=True, check=False
        )
        return found.stdout.decode()

    def log_since_forgotten(self) -> str:
        """Return what it has logged for this test."""
        return self.log()[self._logged :]

    def forget(self) -> None:
        """Begin anew for the next test: drop what is held, and what was taken."""
        subprocess.run(
            as_root(_found("postsuper"), "-c", str(self.config), "-d", "ALL"),
            check=True,
            capture_output=True,
        )
        for place in (self.folder / "spool").iterdir():
            subprocess.run(as_root("rm", "-rf", str(place)), check=True)
        self._logged = len(self.log())

    def queue(self) -> str:
        """Return what it still holds, as JSON lines; empty where that is nothing."""
        listed = subprocess.run(
            as_root(_found("postqueue"), "-c", str(self.config), "-j"),
            capture_output=True,
            check=True,
        )
        return listed.stdout.decode()

    def wait_until(self, is_so: Callable[[], bool], *, flushing: bool = False) -> None:
        """Wait until something is so; fails with the log where it never is."""
        ends_at = time.monotonic() + _PATIENCE_SECONDS
        while not is_so():
            if time.monotonic() > ends_at:
                raise AssertionError(f"waited in vain; Postfix says:\n{self.log()[-4000:]}")
            if flushing:
                self.flush()
            time.sleep(0.1)

    def wait_until_empty(self, *, flushing: bool = False) -> None:
        """Wait until it holds nothing more."""
        self.wait_until(lambda: not self.queue(), flushing=flushing)

    # How it is made

    def _postfix(self, verb: str) -> None:
        done = subprocess.run(
            as_root(_found("postfix"), "-c", str(self.config), verb),
            check=False,
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
        )
        if done.returncode:
            raise RuntimeError(f"postfix {verb}: {done.stderr.decode()}\n{self.log()[-2000:]}")

    def _write(self, next_hop: int, certificate: Path | None) -> None:
        for name in ("etc", "log", "srv/.venv/bin", "spool"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "spool").chmod(0o1777)
        main, transport, recipients, master, wrapper = self._recipe()
        etc = self.config
        # All else that leaves is handed to the test's server, by a client that is bound to this
        # machine.
        (etc / "transport").write_text(transport + f"{THEIRS} onward:[{_LOOPBACK}]:{next_hop}\n")
        (etc / "campaign_recipients").write_text(recipients)
        ours = (_OURS / "main.cf").read_text()
        (etc / "main.cf").write_text(ours.format(folder=self.folder, queue=self._queue) + main)
        tls = ""
        if certificate is not None:
            shutil.copy(certificate, etc / "server.pem")
            tls = (
                f"  -o smtpd_tls_security_level=may\n  -o smtpd_tls_cert_file={etc}/server.pem\n"
                f"  -o smtpd_tls_key_file={etc}/server.pem\n"
            )
        (etc / "master.cf").write_text(
            (_OURS / "master.cf")
            .read_text()
            .format(
                port=self.port,
                plain=self.plain_port,
                stranger=self.stranger_port,
                small=self.small_port,
                policy=self.policy.port,
                tls=tls,
            )
            + master
        )
        program = self.folder / "srv" / ".venv" / "bin" / "campaign"
        program.write_text(_STAND_IN.format(spool=self.folder / "spool"))
        script = self.folder / "campaign-mail"
        script.write_text(wrapper)
        (self.folder / "campaign.env").touch()
        for path in (program, script):
            path.chmod(0o755)
        for name in ("transport", "campaign_recipients"):
            subprocess.run([_found("postmap"), "-c", str(etc), f"hash:{etc / name}"], check=True)
        subprocess.run(as_root("chown", "-R", "root:root", str(etc)), check=True)
        for path in (self._queue, self.folder / "data"):
            subprocess.run(as_root("install", "-d", str(path)), check=True)
        subprocess.run(as_root("chown", "postfix", str(self.folder / "data")), check=True)

    @property
    def _queue(self) -> Path:
        return self.folder / "queue"

    def _recipe(self) -> list[str]:
        """Return main.cf, transport, recipients, master.cf and script with this place's names."""
        here = {
            "write.example.org": DOMAIN,
            "/etc/postfix": str(self.config),
            "/usr/local/bin/campaign-mail": str(self.folder / "campaign-mail"),
            "/etc/campaign.env": str(self.folder / "campaign.env"),
            "/srv/campaign": str(self.folder / "srv"),
            "user=campaign ": "user=nobody ",
        }
        blocks = []
        for block in guide_blocks():
            for theirs, ours in here.items():
                block = block.replace(theirs, ours)
            blocks.append(block)
        assert len(blocks) == 5, "the guide's part about Postfix has other blocks now"
        return blocks

    def configure(self, settings: dict[str, str]) -> None:
        """Say which installation the mail that comes back is for."""
        self.settings = settings
        lines = [f"{name}='{value}'\n" for name, value in settings.items()]
        (self.folder / "campaign.env").write_text("".join(lines))

    def _run_commands(self) -> None:
        """Run the program for the account of the pipe, with the environment that it was given."""
        while not self._ends.wait(0.03):
            for place in (self.folder / "spool").glob("*.ready"):
                if (place / "code").exists():
                    continue
                words = (place / "arguments").read_bytes().split(b"\0")[:-1]
                given = (place / "environment").read_bytes().split(b"\0")[:-1]
                with (place / "mail").open("rb") as mail:
                    ended = subprocess.run(
                        [Path(sys.executable).parent / "campaign", *words],
                        cwd=PROJECT_ROOT,
                        stdin=mail,
                        env=dict(each.split(b"=", 1) for each in given),  # type: ignore[arg-type]
                        capture_output=True,
                        check=False,
                    )
                (place / "said").write_bytes(ended.stdout + ended.stderr)
                (place / "code.new").write_text(str(ended.returncode))
                (place / "code.new").rename(place / "code")

    def taken(self) -> list[tuple[int, str, bytes]]:
        """Return exit code, output and mail of each call of the program, in their order."""
        places = sorted(
            (self.folder / "spool").glob("*.ready/code"), key=lambda code: code.stat().st_mtime_ns
        )
        return [
            (int(code.read_text()), (code.parent / "said").read_text(), _read(code.parent))
            for code in places
        ]


def _read(place: Path) -> bytes:
    return (place / "mail").read_bytes()


def _found(program: str) -> str:
    found = shutil.which(program, path=SBIN)
    assert found is not None
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(
    *, next_hop: int, certificate: Path | None = None, place: str | None = None
) -> Iterator[Postfix]:
    """Start an instance in folders that its own accounts can read; end it and them."""
    folder = Path(tempfile.mkdtemp(prefix="postfix-", dir=place))
    folder.chmod(0o755)
    postfix = Postfix(folder, next_hop=next_hop, certificate=certificate)
    try:
        postfix.start()
        yield postfix
    finally:
        postfix.close()
        subprocess.run(as_root("rm", "-rf", str(folder)), check=True)
