"""``make screenshots``: the pages of the site as pictures in ``docs/images/``.

The demonstration's island on a day that stands still, so that a picture changes only where the
page does. Without the demonstration's bar, since no site for real people has it.
"""

import base64
import logging
import re
import secrets
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
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
from campaign.demonstration.processes import free_port
from tests.browser import walk
from tests.browser.conftest import CHROMIUM
from tests.browser.flow import show_first_step
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
NEIGHBOUR, *READERS = (
    Supporter(name=name, email=f"{name.split()[0].lower()}@example.org", seat=WRITER.seat)
    for name in ("Noor Neighbour", "Ffion Reader", "Lewis Warden", "Ada Carter")
)
ALL = 10_000
DIGEST = re.compile(r"^\d+ letters from \d+ constituents")
WORDS = "My daughter asked me why nobody stops this. I had no answer, so I am asking you."


@dataclass(frozen=True, kw_only=True)
class Site:
    """A running site, and the two things that a walk through it needs beside a browser."""

    app: Flask
    clock: FrozenClock
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

    def find_digest(self) -> tuple[str, str]:
        """Return subject and text of the newest digest."""
        for listed in list_emails(self.mailbox, limit=ALL).emails:
            if DIGEST.search(listed.subject):
                return listed.subject, get_email(self.mailbox, listed.name).body
        sys.exit("No mail is a digest.")


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Serve a fresh island from this process, on this machine alone."""
    port = free_port(5000)  # The same in every picture, where nobody else has it.
    if port is None:
        sys.exit("Error: no port is free on this machine.")
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
    clock = FrozenClock()
    app = create_app(settings, clock=clock)
    kit = app.extensions["campaign"]
    password = secrets.token_urlsafe(12)
    schema.upgrade(kit.database)
    with app.app_context(), kit.database.transaction() as session:
        invent(kit, session, password)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(
            app=app, clock=clock, base_url=settings.base_url, mailbox=mailbox, password=password
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        kit.database.dispose()


def photograph(page: Page, name: str, *, from_: str = "body") -> None:
    """Write the open page from an element on, in each size, in light and in dark."""
    session = page.context.new_cdp_session(page)
    for width, (height, scale) in SIZES.items():
        session.send(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False},
        )
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.locator(from_).evaluate("element => element.scrollIntoView(true)")
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
    page.goto(f"/{SLUG}/candidates/?q=harbour")
    photograph(page, "search")
    page.goto(f"/{SLUG}/share/")
    photograph(page, "share")
    page.goto(f"/embed/{SLUG}/{WRITER.seat.slug}/")
    photograph(page, "embed")
    page.goto(f"/{SLUG}/{WRITER.seat.slug}/press/")
    photograph(page, "press-kit")
    page.goto("/api/v1/")
    photograph(page, "api")
    answer_and_choose(page, site)
    read_digest(page, site)
    walk.log_in(page, OWNER, site.password)
    page.goto(f"/organise/{SLUG}/")
    photograph(page, "office")
    photograph_the_record(page)
    with site.app.extensions["campaign"].database.transaction() as session:
        show_first_step(session)
    page.goto(f"/organise/{SLUG}/delivery")
    photograph(page, "delivery", from_="#first-letters")


def photograph_the_record(page: Page) -> None:
    """Photograph how an organiser enters an answer, and what waits for a second one."""
    page.goto(f"/organise/{SLUG}/candidates/?q={WRITER.seat.name}")
    page.locator("main table a[href*='/candidates/']").first.click()
    page.goto(f"{page.url}pledge")
    photograph(page, "record-entry")
    page.goto(f"/organise/{SLUG}/review/")
    photograph(page, "review")


def write_letter(page: Page, writer: Supporter, words: str = "") -> None:
    """Write to every candidate and leave the letters unconfirmed."""
    walk.find_candidates(page, writer)
    follow(page, "Write to the candidates")
    walk.fill_in_letter(page, writer)
    for body in page.get_by_role("textbox", name="letter").all() if words else ():
        body.fill(words)
    press(page, "Look over my letters")
    press(page, "Send my letter")


def confirm(page: Page, site: Site, writer: Supporter) -> None:
    """Confirm the letters of a writer whose mail waits to be sent."""
    site.deliver()
    page.goto(site.find_link("/action/", to=writer.email))
    page.get_by_role("button", name=re.compile("^Yes, send my letter")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your letters")


def answer_and_choose(page: Page, site: Site) -> None:
    """Let a candidate answer before a letter leaves; photograph what its writer may choose."""
    write_letter(page, NEIGHBOUR)
    page.goto(site.find_link("/answer/", saying=WORDS[:30]))
    site.clock.advance(minutes=5)  # Who writes at the very moment of an answer is not asked.
    ask = page.locator(".ask-form").first
    ask.get_by_label("Yes", exact=True).check()
    if not ask.get_by_role("textbox").is_visible():
        ask.locator("summary").first.click()
    ask.get_by_role("textbox").fill("I shall raise this in my first week.")
    press(page, "Look at my answers")
    photograph(page, "answer-preview")
    press(page, walk.PUBLISH)
    if "One more step" in page.get_by_role("heading", level=1).inner_text():
        site.deliver()
        page.goto(site.find_link("/answer/change/"))
        press(page, "Confirm this change")
    page.goto(f"{site.find_link('/answer/', saying=WORDS[:30])}receipt")
    photograph(page, "receipt")
    page.goto(
        page.locator(f"main a[href*='/{SLUG}/candidates/']").first.get_attribute("href") or ""
    )
    photograph(page, "candidate")
    photograph(page, "history", from_="#history")
    confirm(page, site, NEIGHBOUR)
    page.get_by_role("link", name="Choose what to send").first.click()
    photograph(page, "choice")


def read_digest(page: Page, site: Site) -> None:
    """Let a candidate ask for one digest a day, and photograph the next as they read it."""
    page.goto(site.find_link("/answer/", saying=WORDS[:30]) + "mail")
    page.get_by_label("One digest a day").check()
    press(page, "Write to me in this way")
    for writer in READERS:
        page.context.clear_cookies()
        write_letter(page, writer, WORDS if writer is READERS[0] else "")
        confirm(page, site, writer)
    site.clock.advance(days=1)
    site.deliver()  # The digest is written,
    site.deliver()  # and sent.
    subject, text = site.find_digest()
    page.goto("about:blank")  # Out of reach of the policy that allows no style in a page.
    page.set_content(
        '<!doctype html><html lang="en"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(subject)}</title><style>body {{ font: 16px/1.5 sans-serif; margin: 1rem "
        "auto; max-width: 45rem; padding: 0 1rem } pre { font: inherit; white-space: pre-wrap; "
        f"overflow-wrap: anywhere }}</style><h1>{escape(subject)}</h1><pre>{escape(text)}</pre>"
    )
    photograph(page, "digest")


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
