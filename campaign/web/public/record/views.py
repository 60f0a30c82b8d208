"""The published heads and the public chain, for everybody to keep."""

from flask import Blueprint, Response

from campaign.campaigns.queries import get_campaign
from campaign.reports.pledge_chain import heads_json, heads_text, public_json_lines
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import session

blueprint = Blueprint("record", __name__, url_prefix="/<campaign_slug>/pledges")


@blueprint.get("/heads.txt")
def heads_as_text(campaign_slug: str) -> Response:
    """Give the head of every day as plain text."""
    campaign = get_campaign(session(), campaign_slug)
    return same_for_everybody(Response(heads_text(session(), campaign), mimetype="text/plain"))


@blueprint.get("/heads.json")
def heads_as_json(campaign_slug: str) -> Response:
    """Give the head of every day as JSON, for any site to read."""
    campaign = get_campaign(session(), campaign_slug)
    response = Response(heads_json(session(), campaign), mimetype="application/json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return same_for_everybody(response)


@blueprint.get("/record.jsonl")
def chain(campaign_slug: str) -> Response:
    """Give every event of the record: public ones whole, of the others their hashes."""
    campaign = get_campaign(session(), campaign_slug)
    text = "".join(public_json_lines(session(), campaign))
    return same_for_everybody(Response(text, mimetype="application/x-ndjson"))
