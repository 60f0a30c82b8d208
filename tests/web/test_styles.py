"""The styles page shows everything: a component or a state that is not on it fails here."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from campaign.core.config import PROJECT_ROOT
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.pledges.rules import Stance
from campaign.reports.hexmap import Shade
from campaign.web.demonstration.styles.palette import Pair, measure_pairs, read_tokens
from tests.web.client import CheckingClient

TEMPLATES = PROJECT_ROOT / "templates"
NOT_SHOWN = {
    "csrf": "cannot be seen",
    "honeypot": "people do not see it",
    "described_by": "a part of every field",
    "vouched": "a part of origin",
    "messages": "a part of every field",
    "summary": "a part of the error summary",
    "stand_line": "a line of the table of candidates",
    "hexagon": "a part of the map and of its legend",
    "share_tags": "stands in the head of a page",
    "alternates": "stands in the head of a page",
    "statement_then": "a part of a change that waits",
    "image_words": "what a picture shows, for those who do not see it",
}
"""Macros that the page does not call by name, and why."""

PAIRS = measure_pairs(read_tokens((PROJECT_ROOT / "static/css/site.css").read_text("utf-8")))


@pytest.fixture
def visitor(make_app: Callable[..., Flask]) -> CheckingClient:
    return make_app(is_demonstration=True, base_url="http://127.0.0.1:5000").test_client()


@pytest.fixture
def page(visitor: CheckingClient) -> str:
    response = visitor.get("/styles/")
    assert response.status_code == 200
    return response.text


def macros() -> dict[str, str]:
    """Return every macro of the components and the file in which it stands."""
    return {
        name: path.name
        for path in sorted((TEMPLATES / "components").glob("*.html"))
        for name in re.findall(r"{%-? *macro (\w+)", path.read_text("utf-8"))
    }


def test_there_are_no_styles_outside_the_demonstration(client: CheckingClient) -> None:
    assert client.get("/styles/").status_code == 404


def test_the_bar_of_the_demonstration_leads_here(visitor: CheckingClient) -> None:
    assert '<a href="/styles/">' in visitor.get("/mailbox/").text


@pytest.mark.parametrize("name", macros())
def test_every_component_is_shown_or_has_a_reason_not_to_be(name: str) -> None:
    parts = (TEMPLATES / "demonstration" / "styles").glob("*.html")
    is_shown = any(re.search(rf"\b{name}\(", part.read_text("utf-8")) for part in parts)
    assert is_shown != (name in NOT_SHOWN), f"{name} of components/{macros()[name]}"


def test_every_state_of_an_answer_a_letter_and_a_place_is_shown(page: str) -> None:
    for stance in (*Stance, "none", "unreachable"):
        assert f'class="badge badge--{stance}"' in page
    for shade in Shade:
        assert page.count(f"hex--{shade}") >= 2, "on the map and in its legend"
    states = page.split('id="states"', 1)[1].split("</section>", 1)[0]
    assert len(re.findall(r"<li>[^<]*\w", states)) == len(LetterStatus)
    # The words for reasons stand in one line: each is there once, between semicolons.
    held = next(line for line in states.splitlines() if "; " in line)
    assert len([words for words in held.split(":")[1].split(";") if words.strip()]) == len(
        HeldReason
    )


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.front.name} on {pair.ground.name}")
def test_what_stands_on_what_can_be_read(pair: Pair) -> None:
    assert pair.is_enough, f"{pair.light:.2f} in light, {pair.dark:.2f} in dark"
