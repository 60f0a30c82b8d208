"""Messages a second: one worker against bare smtplib on one kept connection, to the same server.

    .venv/bin/python bench/delivery.py [MESSAGES]

Both sides build an e-mail for each message. The worker also claims, records each try before the
network and its outcome after, in an SQLite file with full durability. Rounds are interleaved and
the median ratio is printed, so that a busy machine disturbs both alike.
"""

import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from email.message import EmailMessage
from email.utils import formataddr, formatdate
from pathlib import Path

from campaign.core import schema
from campaign.core.clock import utc_now
from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.core.logs import configure_logging
from campaign.delivery.channels.smtp import SmtpChannel
from campaign.delivery.rules import Lane
from campaign.delivery.service import queue_message
from campaign.delivery.worker import Worker

ROUNDS = 5
BODY = "Dear candidate,\n\n" + "Please make our streets safer for children. " * 20 + "\n\nJane\n"

# A process of its own: a server in this one would share the interpreter with what is measured.
SINK = """
import asyncio, logging, sys
from aiosmtpd.smtp import SMTP
class Sink:
    async def handle_DATA(self, server, session, envelope): return "250 OK"
async def main():
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    make = lambda: SMTP(Sink(), loop=loop)
    server = await loop.create_server(make, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""


def bare(port: int, count: int) -> float:
    """Send with smtplib alone; return the seconds."""
    begun = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port, "bench.example.org", timeout=30) as host:
        for number in range(count):
            message = EmailMessage()
            message["From"] = formataddr(("Jane Smith via Streets", "letters@example.org"))
            message["To"] = f"candidate-{number}@example.org"
            message["Reply-To"] = "jane@example.org"
            message["Subject"] = "Safer streets"
            message["Date"] = formatdate()
            message["Message-ID"] = f"<{number}@example.org>"
            message.set_content(BODY)
            host.send_message(message)
    return time.perf_counter() - begun


def worker(database: Database, mail: MailSettings, count: int) -> float:
    """Queue, then let one worker send; return the seconds of the sending."""
    with database.transaction() as session:
        for number in range(count):
            queue_message(
                session,
                mail=mail,
                lane=Lane.LETTER,
                scope="campaign:1",
                recipient=f"candidate-{number}@example.org",
                from_name="Jane Smith via Streets",
                subject="Safer streets",
                body=BODY,
                reply_to="jane@example.org",
                now=utc_now(),
            )
    one = Worker(database=database, channel=SmtpChannel(mail), clock=utc_now, mail=mail)
    begun = time.perf_counter()
    sent = one.run_once()
    one.close()
    assert sent == count
    return time.perf_counter() - begun


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    configure_logging("WARNING")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sink = subprocess.Popen([sys.executable, "-c", SINK, str(port)])
    mail = MailSettings(channel="smtp", port=port, letters_per_hour=10**9, letters_per_day=10**9)
    try:
        with tempfile.TemporaryDirectory() as folder:
            database = Database(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
            schema.upgrade(database)
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            ratios = []
            for number in range(ROUNDS):
                alone, ours = bare(port, count), worker(database, mail, count)
                ratios.append(alone / ours)
                print(
                    f"round {number + 1}: smtplib {count / alone:.0f}/s,"
                    f" worker {count / ours:.0f}/s, ratio {alone / ours:.2f}"
                )
            print(f"median ratio {statistics.median(ratios):.2f} (aim: 0.8)")
            database.dispose()
    finally:
        sink.terminate()
        sink.wait()


if __name__ == "__main__":
    main()
