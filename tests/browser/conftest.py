"""The running demonstration, and Chromium to walk through it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from campaign.cli.demo import OWNER
from campaign.core.config import PROJECT_ROOT
from tests.browser import pages, walk
from tests.browser.accounts import set_up_colleague
from tests.browser.flow import let_delivery_falter
from tests.browser.pages import SLUG, Doors
from tests.browser.returned import let_mail_return
from tests.browser.survey import Survey
from tests.browser.walk import Supporter, follow, press
from tests.conftest import missing

START_SECONDS = 600
CHROMIUM = (
    os.environ.get("TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)

# As long as for a click: a machine that does other things too is slow in every step.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Use the machine's own Chromium; nothing is downloaded."""
    if CHROMIUM is None:
        missing("no Chromium: install the package chromium, or set TEST_CHROMIUM")
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def demonstration_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demonstration")


@pytest.fixture(scope="session")
def demonstration(demonstration_folder: Path) -> Iterator[str]:
    """The address of a fresh demonstration, started as ``make run`` starts it."""
    if CHROMIUM is None:
        missing("no Chromium: install the package chromium, or set TEST_CHROMIUM")
    folder = demonstration_folder
    port = _free_port()
    base_url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "campaign"), "demo", "--fresh", "--port", str(port)],
            cwd=PROJECT_ROOT,
            env={**os.environ, "CAMPAIGN_INSTANCE": str(folder / "instance"), "RATE_LIMITS": "0"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_it_answers(f"{base_url}/readyz", process, folder / "log")
            yield base_url
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="session")
def organiser_password(demonstration: str, demonstration_folder: Path) -> str:
    """The password that the demonstration prints when it is ready."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        log = (demonstration_folder / "log").read_text()
        if found := re.search(r"Organiser +\S+ +password +(\S+)", log):
            return found[1]
        time.sleep(0.1)
    pytest.fail(f"the demonstration does not say how to log in:\n{log}")


def _wait_until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the demonstration ended by itself:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    pytest.fail(f"the demonstration did not start in {START_SECONDS} s:\n{log.read_text()}")


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def visitor(
    request: pytest.FixtureRequest, browser: Browser, demonstration: str
) -> Iterator[BrowserContext]:
    """A visitor's browser on a phone, once with and once without JavaScript."""
    context = browser.new_context(
        base_url=demonstration,
        viewport={"width": 390, "height": 844},
        locale="en-GB",
        java_script_enabled=request.param == "with JavaScript",
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture(scope="session")
def doors(
    browser: Browser, demonstration: str, demonstration_folder: Path, organiser_password: str
) -> Iterator[Doors]:
    """Write three times, confirm before and after the answer, keep the addresses in the mail."""
    context = browser.new_context(base_url=demonstration, locale="en-GB")
    context.set_default_timeout(15_000)
    page = context.new_page()
    addresses = {}
    for name in ("Waiting", "Overtaken", "Confirmed"):
        supporter = Supporter(
            name=f"Wilma {name}",
            email=f"wilma.{name.lower()}@example.org",
            seat=walk.seat_named(pages.SEAT),
        )
        walk.find_candidates(page, supporter)
        follow(page, "Write to the candidates")
        walk.fill_in_letter(page, supporter)
        press(page, "Look over my letters")
        press(page, "Send my letter")
        if name != "Confirmed":
            walk.open_newest_mail(page, supporter.email)
            page.locator(".letter-text a").first.click()
        else:
            walk.confirm_letters(page, supporter)
        addresses[name] = page.url
    candidate = walk.candidate_named(walk.wait_for_sent_letter(page), supporter.seat)
    assert candidate.email is not None
    # The oldest one is of the demonstration itself; other tests may have caused the others.
    walk.mails_to(page, "", "Please confirm: a change").last.click()
    in_two_minds = page.locator(".letter-text").inner_text().partition(",")[0].removeprefix("Dear ")
    walk.open_newest_mail(page, candidate.email)
    mail = page.url
    page.locator(".letter-text a").first.click()
    answer = page.url
    page.locator(".ask-form").first.get_by_label("Partly", exact=True).check()
    press(page, "Look at my answers")
    press(page, walk.PUBLISH)
    if "One more step" in page.get_by_role("heading", level=1).inner_text():
        walk.confirm_change(page, candidate.email)
    page.goto(addresses["Overtaken"])
    press(page, "Yes, send my letters")
    choice = page.get_by_role("link", name="Choose what to send").first.get_attribute("href")
    assert choice is not None
    earlier = walk.mails_to(page, candidate.email, "Please confirm").count()
    page.goto(answer)
    page.locator(".ask-form").first.get_by_label("No", exact=True).check()
    press(page, "Look at my answers")
    press(page, walk.PUBLISH)
    walk.open_newest_mail(page, candidate.email, "Please confirm", earlier=earlier)
    change, dispute = (
        each.get_attribute("href") or "" for each in page.locator(".letter-text a").all()[:2]
    )
    colleague = set_up_colleague(page)
    context.clear_cookies()
    walk.log_in(page, OWNER, organiser_password)
    page.goto(f"/organise/{SLUG}/candidates/{candidate.person_id}/")
    letter = page.locator("main table a").first.get_attribute("href")
    assert letter is not None
    let_delivery_falter(demonstration_folder)
    page.goto(f"/organise/{SLUG}/candidates/?q={in_two_minds}")
    page.locator("main table").get_by_role("link", name=in_two_minds).first.click()
    follow(page, "Their personal link")
    pending = page.get_by_role("link", name="Decide about this change").first.get_attribute("href")
    assert pending is not None
    yield Doors(
        waiting=addresses["Waiting"],
        confirmed=addresses["Confirmed"],
        choice=choice,
        answer=answer,
        change=change,
        dispute=dispute,
        pending=pending,
        candidate=candidate.person_id,
        letter=letter,
        mail=mail,
        login=context.storage_state(),
        colleague=colleague,
        returned=let_mail_return(demonstration_folder, demonstration),
    )
    context.close()


@pytest.fixture(scope="session")
def survey(
    browser: Browser, demonstration: str, doors: Doors, tmp_path_factory: pytest.TempPathFactory
) -> Survey:
    """What every page looks like to every kind of reader."""
    taken = Survey(folder=tmp_path_factory.mktemp("pages"))
    for walks, login in (
        ((pages.public_pages, pages.personal_pages, pages.login_pages), None),
        ((pages.office_pages,), doors.login),
    ):
        context = browser.new_context(
            base_url=demonstration, locale="en-GB", storage_state=login, reduced_motion="reduce"
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        for each in walks:
            taken.take(page, each(page, doors))
        context.close()
    return taken
