"""A mail server that takes everything: ``python -m bench.sink PORT [FILE]``.

With a file it writes Message-ID and recipient of each message there before it answers, so that
what it accepted is known even where nobody heard the answer.
"""

import asyncio
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import geteuid
from pathlib import Path
from typing import TextIO

_MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)\r$", re.MULTILINE)
_REPLIES = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Talk(asyncio.Protocol):
    """One connection, line by line."""

    def __init__(self, record: TextIO | None) -> None:
        self._record = record
        self._waiting = b""
        self._recipient = ""
        self._is_content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while True:
            end = b"\r\n.\r\n" if self._is_content else b"\r\n"
            found, separator, rest = self._waiting.partition(end)
            if not separator:
                return
            self._waiting = rest
            if self._is_content:
                self._accept(found + b"\r\n")
            else:
                self._answer(found)

    def _answer(self, command: bytes) -> None:
        verb = command[:4].upper()
        if verb == b"RCPT":
            self._recipient = command.partition(b"<")[2].rstrip(b">").decode()
        self._is_content = verb == b"DATA"
        self._transport.write(_REPLIES.get(verb, b"250 OK\r\n"))

    def _accept(self, content: bytes) -> None:
        if self._record is not None:
            named = _MESSAGE_ID.search(content)
            self._record.write(f"{named[1].decode() if named else '?'} {self._recipient}\n")
            self._record.flush()
        self._is_content = False
        self._transport.write(b"250 OK\r\n")


async def serve(port: int, record: TextIO | None) -> None:
    """Listen on this machine until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talk(record), "127.0.0.1", port)
    await server.serve_forever()


@contextmanager
def sinking(record: Path | None = None) -> Iterator[int]:
    """Run a sink in a process of its own; yield its port.

    Postfix's ``smtp-sink`` where it is installed and nothing is to be recorded: it takes less of
    the machine from what is measured.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    found = shutil.which("smtp-sink", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if found and record is None:
        user = ["-u", "nobody"] if geteuid() == 0 else []
        command = [found, *user, f"127.0.0.1:{port}", "100"]
    else:
        own = [str(port)] if record is None else [str(port), str(record)]
        command = [sys.executable, "-m", "bench.sink", *own]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1])
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        with Path(sys.argv[2]).open("a", encoding="utf-8") as file:
            asyncio.run(serve(int(sys.argv[1]), file))
    asyncio.run(serve(int(sys.argv[1]), None))
