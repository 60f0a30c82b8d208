"""Every page in every state in Chromium: open to everybody, whatever they use to read it."""

from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.browser.survey import DESK, PHONE, REFLOW, SCHEMES, Survey

pytestmark = pytest.mark.browser

WITHOUT_A_PAGE = {
    "static",
    "campaigns.look",  # A style sheet.
    "health.alive",
    "health.ready",
    "metrics.show",
    "home.index",  # Leads on where there is one campaign; test_campaign_pages has its list.
    "home.robots",
    "mail_choice.moved",  # Leads to the page that took its place.
    "organise_record.copy",
    "record.chain",
    "record.heads_as_json",
    "record.heads_as_text",
    "api.asks",  # The API answers programs; its documentation is a page.
    "api.campaign",
    "api.campaigns",
    "api.candidate",
    "api.candidates",
    "api.constituencies",
    "api.constituency",
    "api.events",
    "api.totals",
    "api_documentation.openapi",
    "feeds.campaign",
    "feeds.constituency",
    "oembed.show",
    "press.candidates_csv",
    "press.note",
    "share.campaign_code",  # Pictures.
    "share.campaign_image",
    "share.constituency_code",
    "share.constituency_image",
    "tracker.csv",
    "tracker.json",
    "organise_exports.letters",
    "organise_exports.pledges",
    "security.tf_select",  # For two kinds of second step; there is one.
    "security.two_factor_rescue",  # Leads to the recovery codes.
}


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(survey: Survey, scheme: str, width: int) -> None:
    assert_none(survey, f"axe, {scheme}, {width} px")


@pytest.mark.parametrize("zoom", REFLOW)
def test_nothing_scrolls_sideways_is_cut_off_or_overlaps(survey: Survey, zoom: str) -> None:
    assert_none(survey, zoom)


def test_targets_are_large_enough_on_a_phone(survey: Survey) -> None:
    assert_none(survey, "targets")


def test_forced_colours_leave_everything_to_be_told_apart(survey: Survey) -> None:
    assert_none(survey, "forced colours")


def test_nothing_moves_where_less_motion_is_asked_for(survey: Survey) -> None:
    assert_none(survey, "motion")


def test_the_walk_leaves_no_page_out(survey: Survey, make_app: Callable[..., Flask]) -> None:
    app = make_app(is_demonstration=True)
    addresses = app.url_map.bind("localhost")
    seen = set()
    for path in survey.paths:
        try:
            seen.add(addresses.match(path, method="GET")[0])
        except HTTPException:
            continue
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    assert pages - seen - WITHOUT_A_PAGE == set()


def assert_none(survey: Survey, check: str) -> None:
    assert survey.names
    found = survey.faults[check]
    assert not found, f"{len(found)} faults\n" + "\n".join(found)
