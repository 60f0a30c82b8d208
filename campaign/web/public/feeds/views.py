"""The feed of a campaign and of each constituency."""

from flask import Blueprint, Response

from campaign.campaigns.queries import get_campaign
from campaign.elections.queries import get_election
from campaign.geography.queries import get_constituency
from campaign.reports.changes import list_changes
from campaign.web.public.feeds.atom import build_feed
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import session
from campaign.web.shared.sharing import for_all_sites

blueprint = Blueprint("feeds", __name__)


@blueprint.get("/<campaign_slug>/pledges/feed.atom", endpoint="campaign")
@for_all_sites
def campaign_feed(campaign_slug: str) -> Response:
    """Give a campaign's newest changes."""
    campaign = get_campaign(session(), campaign_slug)
    election = get_election(session(), campaign.election_id)
    return _answer(build_feed(campaign, election, list_changes(session(), campaign)))


@blueprint.get("/<campaign_slug>/<constituency_slug>/feed.atom", endpoint="constituency")
@for_all_sites
def constituency_feed(campaign_slug: str, constituency_slug: str) -> Response:
    """Give the newest changes of the candidates in one constituency."""
    campaign = get_campaign(session(), campaign_slug)
    election = get_election(session(), campaign.election_id)
    place = get_constituency(
        session(), boundary_set_id=election.boundary_set_id, slug=constituency_slug
    )
    changes = list_changes(session(), campaign, constituency_id=place.id)
    return _answer(build_feed(campaign, election, changes, place=place))


def _answer(feed: str) -> Response:
    return same_for_everybody(Response(feed, mimetype="application/atom+xml"))
