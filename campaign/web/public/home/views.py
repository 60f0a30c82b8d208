"""The front page: the one campaign, or the list of all."""

from flask import Blueprint, Response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from campaign.campaigns import queries as campaigns
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import session

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def index() -> BaseResponse:
    """Lead to the only campaign, or list them."""
    found = campaigns.list_public_campaigns(session())
    if len(found) == 1:
        return redirect(url_for("campaigns.show", campaign_slug=found[0].slug))
    return same_for_everybody(render_template("public/home/index.html", campaigns=found))


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Ask search engines to leave personal links and the back office alone."""
    lines = ("User-agent: *", "Disallow: /action/", "Disallow: /answer/", "Disallow: /organise/")
    return Response("\n".join(lines) + "\n", mimetype="text/plain")
