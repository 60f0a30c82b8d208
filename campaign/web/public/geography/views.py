"""From a postcode, or a name in a list, to a constituency and its candidates."""

from itertools import groupby

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from campaign.campaigns import queries as campaigns
from campaign.elections import queries as elections
from campaign.geography import queries as geography
from campaign.geography.rules import PostcodeOutcome, format_postcode, normalise_postcode
from campaign.reports import constituency as reports
from campaign.reports.postcode_search import find_constituency_slug
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import now, session, toolkit
from campaign.web.shared.limits import LOOKUP, limited

blueprint = Blueprint("geography", __name__)

_STATUS = {PostcodeOutcome.NOT_A_POSTCODE: 422, PostcodeOutcome.UNKNOWN: 404}


@blueprint.get("/<campaign_slug>/find")
@limited(LOOKUP)
def find(campaign_slug: str) -> BaseResponse | tuple[str, int]:
    """Lead from a postcode to its constituency, or say why there is none."""
    typed = request.args.get("postcode", "").strip()[:20]
    slug = find_constituency_slug(
        toolkit().database, campaign_slug=campaign_slug, postcode=normalise_postcode(typed) or ""
    )
    if slug is not None:
        return _to_constituency(campaign_slug, slug)
    campaign = campaigns.get_campaign(session(), campaign_slug)
    election = elections.get_election(session(), campaign.election_id)
    lookup = geography.look_up_postcode(session(), typed, boundary_set_id=election.boundary_set_id)
    if lookup.constituency is not None:
        return _to_constituency(campaign_slug, lookup.constituency.slug)
    page = render_template(
        "public/geography/not_found.html",
        campaign=campaign,
        typed=typed,
        lookup=lookup,
        suggestions=[format_postcode(postcode) for postcode in lookup.suggestions],
    )
    return page, _STATUS.get(lookup.outcome, 200)


def _to_constituency(campaign_slug: str, slug: str) -> BaseResponse:
    # By hand, because url_for and redirect would take as long as the look-up.
    location = f"{request.script_root}/{campaign_slug}/{slug}/"
    return Response(status=302, headers={"Location": location})


@blueprint.get("/<campaign_slug>/constituencies/")
def constituencies(campaign_slug: str) -> Response:
    """List every constituency, for those whose postcode leads nowhere."""
    campaign = campaigns.get_campaign(session(), campaign_slug)
    election = elections.get_election(session(), campaign.election_id)
    found = geography.list_constituencies(session(), election.boundary_set_id)
    return same_for_everybody(
        render_template(
            "public/geography/constituencies.html",
            campaign=campaign,
            election=election,
            phase=election.phase(now()),
            groups=[
                (letter, list(members))
                for letter, members in groupby(found, key=lambda place: place.name[:1].upper())
            ],
        )
    )


@blueprint.get("/<campaign_slug>/<constituency_slug>/")
def constituency(campaign_slug: str, constituency_slug: str) -> Response:
    """Show who stands in a constituency and where each stands."""
    campaign = campaigns.get_campaign(session(), campaign_slug)
    election = elections.get_election(session(), campaign.election_id)
    place = geography.get_constituency(
        session(), boundary_set_id=election.boundary_set_id, slug=constituency_slug
    )
    ballot = elections.find_ballot(session(), election_id=election.id, constituency_id=place.id)
    asks = campaigns.list_asks(session(), campaign.id)
    return same_for_everybody(
        render_template(
            "public/geography/constituency.html",
            campaign=campaign,
            election=election,
            constituency=place,
            ballot=ballot,
            phase=election.phase(now()),
            now=now(),
            asks=asks,
            stands=reports.list_stands(session(), campaign, ballot, asks) if ballot else [],
            postcode_release=geography.find_postcode_release(session()),
        )
    )
