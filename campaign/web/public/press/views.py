"""Facts of a constituency as a page that prints well, a plain text and a table."""

from typing import Any

from flask import Blueprint, Response, render_template

from campaign.campaigns.queries import get_campaign
from campaign.elections.queries import get_election
from campaign.elections.rules import ElectionPhase
from campaign.geography.queries import get_constituency
from campaign.reports.credits import LICENCE, credit_line
from campaign.reports.pledge_records import build_pledge_export, csv_lines
from campaign.reports.press_kit import build_press_kit
from campaign.web.public.press.figures import list_figures
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import now, session
from campaign.web.shared.sharing import for_all_sites
from campaign.web.shared.tables import csv_file

blueprint = Blueprint("press", __name__)


@blueprint.get("/<campaign_slug>/<constituency_slug>/press/")
def show(campaign_slug: str, constituency_slug: str) -> Response:
    """Show what a journalist needs to write of a constituency."""
    facts = _facts(campaign_slug, constituency_slug)
    return same_for_everybody(render_template("public/press/show.html", **facts))


@blueprint.get("/<campaign_slug>/<constituency_slug>/press/note.txt")
@for_all_sites
def note(campaign_slug: str, constituency_slug: str) -> Response:
    """Give the same as plain text, to be copied into an article or a mail."""
    facts = _facts(campaign_slug, constituency_slug)
    text = render_template("public/press/note.txt", **facts)
    return same_for_everybody(Response(text, mimetype="text/plain"))


@blueprint.get("/<campaign_slug>/<constituency_slug>/press/candidates.csv")
@for_all_sites
def candidates_csv(campaign_slug: str, constituency_slug: str) -> Response:
    """Give each answer of the constituency's candidates as CSV."""
    campaign = get_campaign(session(), campaign_slug)
    election = get_election(session(), campaign.election_id)
    place = get_constituency(
        session(), boundary_set_id=election.boundary_set_id, slug=constituency_slug
    )
    export = build_pledge_export(session(), campaign, constituency_id=place.id, now=now())
    return same_for_everybody(csv_file(csv_lines(export), f"{campaign.slug}-{place.slug}.csv"))


def _facts(campaign_slug: str, constituency_slug: str) -> dict[str, Any]:
    campaign = get_campaign(session(), campaign_slug)
    election = get_election(session(), campaign.election_id)
    place = get_constituency(
        session(), boundary_set_id=election.boundary_set_id, slug=constituency_slug
    )
    kit = build_press_kit(session(), campaign, election, place)
    is_over = election.phase(now()) is ElectionPhase.CLOSED
    return {
        "campaign": campaign,
        "election": election,
        "is_over": is_over,
        "kit": kit,
        "figures": list_figures(kit, is_over=is_over),
        "credit": credit_line(campaign, election),
        "licence": LICENCE,
        "now": now(),
    }
