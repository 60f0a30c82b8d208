"""The head of a page and the colours of a campaign."""

import re

from sqlalchemy.orm import Session

from campaign.campaigns.rules import CampaignStatus
from campaign.campaigns.rules.accent import light_palette
from campaign.web.shared.caching import FRESH_SECONDS
from tests.factories import CampaignFactory
from tests.web.client import CheckingClient


def links_of(client: CheckingClient, path: str) -> list[str]:
    html = client.get(path).get_data(as_text=True)
    return re.findall(r'<link rel="stylesheet" href="([^"]+)"', html)


def test_a_campaign_without_a_colour_needs_no_stylesheet_of_its_own(
    client: CheckingClient, web_session: Session
) -> None:
    CampaignFactory(slug="safer")
    web_session.commit()
    assert [link.split("?")[0] for link in links_of(client, "/safer/")] == ["/static/css/site.css"]
    assert client.get("/safer/look.css").status_code == 404


def test_a_campaign_with_a_colour_brings_it_on_each_of_its_pages(
    client: CheckingClient, web_session: Session
) -> None:
    campaign = CampaignFactory(slug="safer", accent="#5b2a86")
    web_session.commit()
    for path in ("/safer/", "/safer/pledges/", "/safer/privacy/", "/safer/constituencies/"):
        site, own = links_of(client, path)
        assert site.startswith("/static/css/site.css")  # First, so that the other one wins.
    response = client.get(own)
    assert response.mimetype == "text/css"
    assert "Set-Cookie" not in response.headers
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    text = response.get_data(as_text=True)
    assert "--accent:#5b2a86;" in text
    assert f"--hero:{light_palette('#5b2a86').hero};" in text
    assert "prefers-color-scheme:dark" in text

    campaign.accent = "#a63a24"
    web_session.commit()
    assert links_of(client, "/safer/")[1] != own
    assert client.get(own).headers["Cache-Control"] == f"public, max-age={FRESH_SECONDS}"


def test_the_colours_of_a_draft_are_not_shown(client: CheckingClient, web_session: Session) -> None:
    CampaignFactory(slug="safer", accent="#5b2a86", status=CampaignStatus.DRAFT)
    web_session.commit()
    assert client.get("/safer/look.css").status_code == 404


def test_the_head_says_what_the_page_is(client: CheckingClient, web_session: Session) -> None:
    CampaignFactory(slug="safer", name="Safer “streets” & roads", summary="Ask for <light>.")
    web_session.commit()
    html = client.get("/safer/").get_data(as_text=True)
    assert '<meta name="description" content="Ask for &lt;light&gt;.">' in html
    assert '<meta property="og:title" content="Safer “streets” &amp; roads">' in html
    assert '<meta property="og:description" content="Ask for &lt;light&gt;.">' in html
    assert html.count('<meta name="theme-color"') == 2
