"""``make screenshots``: the pages of the site as pictures in ``docs/images/``.

The demonstration's island on a day that stands still, so that a picture changes only where the
page does. Without the demonstration's bar, since no site for real people has it.
"""

import base64
import logging
import re
import secrets
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from campaign.app import create_app
from campaign.cli.demo import OWNER, invent
from campaign.core import schema
from campaign.core.config import PROJECT_ROOT, MailSettings, Settings
from campaign.core.logs import configure_logging
from campaign.demonstration.mailbox import get_email, list_emails, split_links
from tests.browser import walk
from tests.browser.conftest import CHROMIUM
from tests.browser.walk import Supporter, follow, press
from tests.conftest import FrozenClock

FOLDER = PROJECT_ROOT / "docs" / "images"
SLUG = "safer-internet"
QUALITY = 80
"""Of WebP: small letters stay sharp, and a picture has some 50 kB."""

SIZES = {390: (844, 2), 1280: (900, 1)}
"""Width of the window: its height, and pixels of the picture for one of the page."""

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WRITER = Supporter(
    name="Sam Supporter",
    email="sam@example.org",
    seat=walk.seat_named("Port Velland Harbour"),
)
ALL = 10_000
WORDS = "My daughter asked me why nobody stops this. I had no answer, so I am asking you."


@dataclass(frozen=True, kw_only=True)
class Site:
    """A running site, and the two things that a walk through it needs beside a browser."""

    app: Flask
    base_url: str
    mailbox: Path
    password: str

    def deliver(self) -> None:
        """Send what is due, as the worker would."""
        worker = self.app.extensions["campaign.make_worker"]()
        worker.run_once()
        worker.close()

    def find_link(self, kind: str, *, to: str = "", saying: str = "") -> str:
        """Return the personal link of this kind, such as ``/action/``, in a mail."""
        for listed in list_emails(self.mailbox, recipient=to, limit=ALL).emails:
            body = get_email(self.mailbox, listed.name).body
            for segment in split_links(body, base_url=self.base_url) if saying in body else ():
                if segment.path and segment.path.startswith(kind):
                    return segment.path
        sys.exit(f"No mail has a link to {kind}…")


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Serve a fresh island from this process, on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mailbox = folder / "mailbox"
    settings = Settings(
        secret_key=secrets.token_urlsafe(48),
        database_url=f"sqlite:///{folder / 'campaign.sqlite'}",
        base_url=f"http://127.0.0.1:{port}",
        instance_path=folder,
        rate_limits_enabled=False,
        page_cache=False,  # It would show what was true before the last step.
        mail=MailSettings(channel="mailbox", mailbox_path=mailbox),
    )
    app = create_app(settings, clock=FrozenClock())
    kit = app.extensions["campaign"]
    password = secrets.token_urlsafe(12)
    schema.upgrade(kit.database)
    with app.app_context(), kit.database.transaction() as session:
        invent(kit, session, password)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(app=app, base_url=settings.base_url, mailbox=mailbox, password=password)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        kit.database.dispose()


def photograph(page: Page, name: str) -> None:
    """Write the top of the open page in each size, in light and in dark."""
    session = page.context.new_cdp_session(page)
    for width, (height, scale) in SIZES.items():
        session.send(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False},
        )
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.evaluate("window.scrollTo(0, 0)")
            shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
            path = FOLDER / f"{name}-{width}-{scheme}.webp"
            path.write_bytes(base64.b64decode(shot["data"]))
            print(f"{path.relative_to(PROJECT_ROOT)}  {path.stat().st_size // 1000} kB")  # noqa: T201
    session.detach()


def walk_through(page: Page, site: Site) -> None:
    """Go the way of a supporter, a candidate and an organiser, and photograph each station."""
    walk.find_candidates(page, WRITER)
    photograph(page, "constituency")
    follow(page, "Write to the candidates")
    walk.fill_in_letter(page, WRITER)
    for body in page.get_by_role("textbox", name="letter").all():
        body.fill(WORDS)
    photograph(page, "writing")
    press(page, "Look over my letters")
    photograph(page, "preview")
    press(page, "Send my letter")
    site.deliver()
    page.goto(site.find_link("/action/", to=WRITER.email))
    page.get_by_role("button", name=re.compile("^Yes, send my letter")).click()
    site.deliver()
    page.reload()
    expect(page.locator("main").get_by_text("Sent on").first).to_be_visible()
    photograph(page, "supporter")
    page.goto(site.find_link("/answer/", saying=WORDS[:30]))
    photograph(page, "answer")
    page.goto(f"/{SLUG}/")
    photograph(page, "campaign")
    page.goto(f"/{SLUG}/pledges/")
    photograph(page, "tracker")
    walk.log_in(page, OWNER, site.password)
    page.goto(f"/organise/{SLUG}/")
    photograph(page, "office")


def main() -> None:
    """Make every picture again."""
    if CHROMIUM is None:
        sys.exit("Error: there is no Chromium; install the package chromium, or set TEST_CHROMIUM.")
    configure_logging("WARNING")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_site(Path(folder)) as site,
        sync_playwright() as playwright,
    ):
        browser: Browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(base_url=site.base_url, locale="en-GB")
        context.set_default_timeout(15_000)
        walk_through(context.new_page(), site)
        browser.close()


if __name__ == "__main__":
    main()
