"""A mail server that takes its time: ``python -m bench.slow_mail PORT SECONDS``."""

import asyncio
import logging
import sys
from typing import Any

from aiosmtpd.smtp import SMTP


class Sleeper:
    """Accept every message, after a while."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        """Answer to the end of a message."""
        await asyncio.sleep(self._seconds)
        return "250 OK"


async def serve(port: int, seconds: float) -> None:
    """Listen on this machine until the process is ended."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sleeper(seconds), loop=loop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
