"""Our frames in a page of another site, pasted there as the page "Share and embed" says."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from campaign.web.shared.frames import COLUMNS
from tests.browser.measures import bring_axe, run_axe
from tests.browser.pages import SLUG

pytestmark = pytest.mark.browser

ROOM = """(() => {
    const main = document.querySelector('main');
    const last = main.lastElementChild;
    return [main.clientHeight, main.scrollHeight, last.offsetTop + last.offsetHeight];
})()"""
"""How much room there is above the imprint, how much is needed, and where the last part ends."""


class OtherSite:
    """A site of somebody else, on this machine but of another origin, with one page."""

    def __init__(self) -> None:
        self.page = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}/"

    def show(self, frame: str, *, width: int) -> None:
        """Put a frame into a column of the page."""
        self.page = (
            "<!doctype html><html lang=en><head><title>A local paper</title>"
            '<link rel="icon" href="data:,"></head><body><main><h1>News</h1>'
            f'<div style="width:{width}px">{frame}</div></main></body></html>'
        )


@pytest.fixture
def other_site() -> Iterator[OtherSite]:
    site = OtherSite()
    thread = threading.Thread(target=site.server.serve_forever, daemon=True)
    thread.start()
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def reader(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("width", COLUMNS)
@pytest.mark.parametrize("page", [f"/{SLUG}/", f"/{SLUG}/thrushgill/", f"/{SLUG}/eastrand/"])
def test_the_copied_code_shows_the_frame(
    demonstration: str, reader: Page, other_site: OtherSite, page: str, width: int
) -> None:
    # All of it: a picture that is still coming when one goes on counts as failed.
    reader.goto(f"{demonstration}{page}share/?column={width}", wait_until="networkidle")
    code = reader.get_by_label("Code of the frame").input_value()
    complaints: list[str] = []
    reader.on("console", lambda message: complaints.append(message.text))
    reader.on("pageerror", lambda error: complaints.append(str(error)))
    reader.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    other_site.show(code, width=width)
    reader.goto(other_site.url, wait_until="networkidle")
    frame = reader.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    expect(frame.locator(".imprint")).to_contain_text("Promoted by")
    inside = reader.frames[1]
    assert inside.evaluate("document.documentElement.scrollWidth") <= width
    room, whole, used = inside.evaluate(ROOM)
    assert whole <= room, "nothing scrolls inside"
    assert used > 0.75 * room, "and no great gap is left"
    assert inside.evaluate("getComputedStyle(document.body).marginTop") == "0px", "styled"
    assert inside.evaluate("document.scripts.length") == 0
    assert not complaints
    assert reader.context.cookies() == []


def test_a_frame_in_another_page_is_open_to_everybody(
    demonstration: str, reader: Page, other_site: OtherSite
) -> None:
    reader.goto(f"{demonstration}/{SLUG}/thrushgill/share/")
    other_site.show(reader.get_by_label("Code of the frame").input_value(), width=300)
    reader.goto(other_site.url, wait_until="networkidle")
    bring_axe(reader)
    assert not list(run_axe(reader))


def test_the_imprint_stays_in_sight_where_a_frame_is_too_low(
    demonstration: str, reader: Page, other_site: OtherSite
) -> None:
    address = f"{demonstration}/embed/{SLUG}/eastrand/"
    other_site.show(f'<iframe src="{address}" title="x" height="400"></iframe>', width=340)
    reader.goto(other_site.url, wait_until="networkidle")
    frame = reader.frame_locator("iframe")
    expect(frame.locator(".imprint")).to_be_in_viewport()
    for link in frame.locator("main a").all():
        link.focus()
        low = link.evaluate("each => each.getBoundingClientRect().bottom")
        assert low <= frame.locator("footer").evaluate("each => each.getBoundingClientRect().top")
    expect(link).to_be_focused()


@pytest.mark.parametrize("page", ["", "eastrand/"])
def test_a_low_frame_is_a_card_with_one_figure_and_the_imprint(
    demonstration: str, reader: Page, other_site: OtherSite, page: str
) -> None:
    asked = f"{demonstration}/oembed?url={demonstration}/{SLUG}/{page}&maxwidth=320&maxheight=300"
    other_site.show(reader.request.get(asked).json()["html"], width=320)
    reader.goto(other_site.url, wait_until="networkidle")
    frame = reader.frame_locator("iframe")
    for part in ("h1", ".embed__brief >> nth=-1", ".imprint"):
        expect(frame.locator(part)).to_be_in_viewport(ratio=1)
    room, whole, _used = reader.frames[1].evaluate(ROOM)
    assert whole <= room, "nothing scrolls inside"


def test_the_code_for_any_width_suits_a_phone_and_leaves_no_gap_elsewhere(
    demonstration: str, reader: Page, other_site: OtherSite
) -> None:
    reader.goto(f"{demonstration}/{SLUG}/eastrand/share/")
    code = reader.get_by_label("Code of the frame").input_value()
    for window, column in ((340, 300), (1280, 1000)):
        reader.set_viewport_size({"width": window, "height": 800})
        other_site.show(code, width=column)
        reader.goto(other_site.url, wait_until="networkidle")
        room, whole, used = reader.frames[1].evaluate(ROOM)
        assert whole <= room, "nothing scrolls inside"
        assert used > 0.7 * room, "and no great gap is left"


def test_other_pages_refuse_to_be_framed(
    demonstration: str, reader: Page, other_site: OtherSite
) -> None:
    other_site.show(f'<iframe src="{demonstration}/{SLUG}/" title="x"></iframe>', width=480)
    refused: list[str] = []
    reader.on("console", lambda message: refused.append(message.text))
    reader.goto(other_site.url, wait_until="networkidle")
    assert any("frame-ancestors" in each for each in refused)
    expect(reader.frame_locator("iframe").get_by_role("heading")).to_have_count(0)


def test_a_link_in_a_frame_opens_beside_the_page(
    demonstration: str, reader: Page, other_site: OtherSite
) -> None:
    reader.goto(f"{demonstration}/{SLUG}/share/")
    other_site.show(reader.get_by_label("Code of the frame").input_value(), width=480)
    reader.goto(other_site.url, wait_until="networkidle")
    with reader.context.expect_page() as opened:
        reader.frame_locator("iframe").get_by_role("link").first.click()
    assert opened.value.url == f"{demonstration}/{SLUG}/"
    assert reader.url == other_site.url


def test_a_script_of_another_site_reads_the_api(
    demonstration: str, reader: Page, other_site: OtherSite
) -> None:
    reader.goto(other_site.url)
    read = """async address => {
        const answer = await fetch(address);
        return [answer.status, answer.headers.get('etag')];
    }"""
    address = f"{demonstration}/api/v1/campaigns/{SLUG}/candidates"
    status, etag = reader.evaluate(read, address)
    assert status == 200
    again = """async ([address, etag]) => {
        const options = { headers: { 'If-None-Match': etag }, cache: 'no-store' };
        return (await fetch(address, options)).status;
    }"""
    assert reader.evaluate(again, [address, etag]) == 304
