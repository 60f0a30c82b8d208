"""The page "Share and embed", of a campaign, a place and a candidate; share images and QR codes."""

from typing import Any

from flask import Blueprint, Response, render_template, request

from campaign.campaigns.queries import get_campaign
from campaign.candidates.queries import get_candidacy_of_person
from campaign.elections.queries import get_election
from campaign.geography.queries import get_constituency
from campaign.reports.qr_codes import draw_qr_code, make_qr_code
from campaign.web.public.share.pictures import draw_campaign, draw_constituency
from campaign.web.shared.addresses import absolute
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import session
from campaign.web.shared.frames import (
    COLUMNS,
    Frame,
    campaign_frame,
    candidate_frame,
    constituency_frame,
)
from campaign.web.shared.limits import PICTURE, limited
from campaign.web.shared.sharing import for_all_sites

blueprint = Blueprint("share", __name__)


@blueprint.get("/<campaign_slug>/share/")
def campaign(campaign_slug: str) -> Response:
    """Show how to pass a campaign on."""
    found = get_campaign(session(), campaign_slug)
    page = absolute("campaigns.show", campaign_slug=found.slug)
    return _page(found, None, page=page, frame=campaign_frame(found))


@blueprint.get("/<campaign_slug>/<constituency_slug>/share/")
def constituency(campaign_slug: str, constituency_slug: str) -> Response:
    """Show how to pass a constituency's page on."""
    found, place = _at(campaign_slug, constituency_slug)
    values = {"campaign_slug": found.slug, "constituency_slug": place.slug}
    page = absolute("geography.constituency", **values)
    return _page(found, place, page=page, frame=constituency_frame(found, place))


@blueprint.get("/<campaign_slug>/candidates/<int:person_id>/share/")
def candidate(campaign_slug: str, person_id: int) -> Response:
    """Show how to show a candidate's answers elsewhere."""
    found = get_campaign(session(), campaign_slug)
    candidacy = get_candidacy_of_person(
        session(), person_id=person_id, election_id=found.election_id
    )
    page = absolute("tracker.candidate", campaign_slug=found.slug, person_id=candidacy.person_id)
    frame = candidate_frame(found, candidacy)
    return _page(found, candidacy.ballot.constituency, page=page, frame=frame, candidacy=candidacy)


@blueprint.get("/<campaign_slug>/share.png")
@for_all_sites
@limited(PICTURE)
def campaign_image(campaign_slug: str) -> Response:
    """Give the picture that stands beside links to a campaign."""
    return _picture(draw_campaign(get_campaign(session(), campaign_slug)))


@blueprint.get("/<campaign_slug>/<constituency_slug>/share.png")
@for_all_sites
@limited(PICTURE)
def constituency_image(campaign_slug: str, constituency_slug: str) -> Response:
    """Give the picture that stands beside links to a constituency."""
    return _picture(draw_constituency(*_at(campaign_slug, constituency_slug)))


@blueprint.get("/<campaign_slug>/qr.png")
@for_all_sites
@limited(PICTURE)
def campaign_code(campaign_slug: str) -> Response:
    """Give the QR code of a campaign's address."""
    found = get_campaign(session(), campaign_slug)
    return _picture(draw_qr_code(absolute("campaigns.show", campaign_slug=found.slug)))


@blueprint.get("/<campaign_slug>/<constituency_slug>/qr.png")
@for_all_sites
@limited(PICTURE)
def constituency_code(campaign_slug: str, constituency_slug: str) -> Response:
    """Give the QR code of a constituency's address."""
    found, place = _at(campaign_slug, constituency_slug)
    values = {"campaign_slug": found.slug, "constituency_slug": place.slug}
    return _picture(draw_qr_code(absolute("geography.constituency", **values)))


def _at(campaign_slug: str, constituency_slug: str) -> tuple[Any, Any]:
    found = get_campaign(session(), campaign_slug)
    election = get_election(session(), found.election_id)
    place = get_constituency(
        session(), boundary_set_id=election.boundary_set_id, slug=constituency_slug
    )
    return found, place


def _page(campaign: Any, place: Any, *, page: str, frame: Frame, candidacy: Any = None) -> Response:
    column = request.args.get("column", type=int)
    return same_for_everybody(
        render_template(
            "public/share/show.html",
            campaign=campaign,
            place=place,
            candidacy=candidacy,
            page=page,
            frame=frame,
            columns=COLUMNS,
            column=column if column in COLUMNS else None,
            code=make_qr_code(page),
        )
    )


def _picture(content: bytes) -> Response:
    return same_for_everybody(Response(content, mimetype="image/png"))
