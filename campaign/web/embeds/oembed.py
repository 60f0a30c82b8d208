"""oEmbed 1.0: from the address of a page to the frame that stands for it elsewhere."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from campaign.campaigns.queries import get_campaign, list_public_campaigns
from campaign.candidates.queries import get_candidacy_of_person
from campaign.core.errors import InvalidInput, NotFound
from campaign.elections.queries import get_election
from campaign.geography.queries import get_constituency
from campaign.web.shared.addresses import absolute
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import session, toolkit
from campaign.web.shared.frames import (
    WIDEST,
    WIDTH,
    Frame,
    campaign_frame,
    candidate_frame,
    constituency_frame,
)
from campaign.web.shared.limits import OPEN_DATA, limited
from campaign.web.shared.problems import problem
from campaign.web.shared.sharing import for_all_sites

IMAGE_WIDTH, IMAGE_HEIGHT = 1200, 630
CACHE_SECONDS = 86_400
"""The frame stays the same, whatever it shows; only its height may suit less."""
LARGEST = 99_999
"""Pixels, for who names no limit; nobody may name more."""

_PIXELS = re.compile(r"[1-9]\d{0,4}", re.ASCII)

blueprint = Blueprint("oembed", __name__)

_CAMPAIGN = ("campaigns.show", "tracker.show", "tracker.search", "embeds.campaign")
_PLACE = ("geography.constituency", "embeds.constituency")
_CANDIDATE = ("tracker.candidate", "embeds.candidate")


class NoFrame(NotFound):
    """Nothing is shown in a frame for this address."""


class SizeInvalid(InvalidInput):
    """A greatest width or height is no number of pixels."""


@blueprint.get("/oembed")
@for_all_sites
@limited(OPEN_DATA)
def show() -> Response:
    """Return the frame of a page: 404 for other addresses, 501 for other forms than JSON."""
    if request.args.get("format", "json") != "json":
        return problem(501)
    room, low = _size("maxwidth"), _size("maxheight")
    frame, image, campaign = _find(request.args.get("url", ""))
    width = min(room, WIDEST) if room else WIDTH
    height = min(frame.height(width), low or LARGEST)
    described: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "title": frame.title,
        "provider_name": campaign.name,
        "provider_url": absolute("campaigns.show", campaign_slug=frame.values["campaign_slug"]),
        "cache_age": CACHE_SECONDS,
        "width": width,
        "height": height,
        "html": frame.markup(width=width, height=height),
    }
    if (room or LARGEST) >= IMAGE_WIDTH and (low or LARGEST) >= IMAGE_HEIGHT:
        described |= {
            "thumbnail_url": image,
            "thumbnail_width": IMAGE_WIDTH,
            "thumbnail_height": IMAGE_HEIGHT,
        }
    return same_for_everybody(jsonify(described))


def _find(url: str) -> tuple[Frame, str, Any]:
    """Return the frame for a page's address, its picture and campaign; raises NotFound."""
    endpoint, values = _match(url)
    if endpoint == "home.index":
        endpoint, values = _only_campaign()
    slug = str(values.get("campaign_slug", ""))
    if endpoint not in (*_CAMPAIGN, *_PLACE, *_CANDIDATE):
        raise NoFrame("No frame stands for this address. Name a campaign, place or candidate.")
    campaign = get_campaign(session(), slug)
    image = absolute("share.campaign_image", campaign_slug=slug)
    if endpoint in _CAMPAIGN:
        return campaign_frame(campaign), image, campaign
    election = get_election(session(), campaign.election_id)
    if endpoint in _CANDIDATE:
        candidacy = get_candidacy_of_person(
            session(), person_id=int(values["person_id"]), election_id=election.id
        )
        return candidate_frame(campaign, candidacy), image, campaign
    place = get_constituency(
        session(),
        boundary_set_id=election.boundary_set_id,
        slug=str(values["constituency_slug"]),
    )
    image = absolute("share.constituency_image", **values)
    return constituency_frame(campaign, place), image, campaign


def _match(url: str) -> tuple[str, dict[str, Any]]:
    """Return the endpoint and values of an address of ours; nothing for any other."""
    try:
        parts, own = urlsplit(url), urlsplit(toolkit().settings.base_url)
    except ValueError:
        return "", {}
    if (parts.scheme, parts.netloc) not in ((own.scheme, own.netloc), ("http", own.netloc)):
        return "", {}
    adapter = current_app.url_map.bind(own.netloc, url_scheme=own.scheme)
    try:
        endpoint, values = adapter.match(parts.path, method="GET")
    except RequestRedirect as elsewhere:  # The same with a slash at its end.
        return _match(elsewhere.new_url)
    except HTTPException:
        return "", {}
    return endpoint, dict(values)


def _only_campaign() -> tuple[str, dict[str, Any]]:
    """Return where the front page leads while there is one campaign; nothing for a list."""
    found = list_public_campaigns(session())
    return ("campaigns.show", {"campaign_slug": found[0].slug}) if len(found) == 1 else ("", {})


def _size(name: str) -> int | None:
    """Return the greatest size that the asker has room for; None where nothing is said."""
    given = request.args.get(name, "")
    if given and not _PIXELS.fullmatch(given):
        raise SizeInvalid(f"{name} is a number of pixels, such as {WIDTH}.")
    return int(given) if given else None
