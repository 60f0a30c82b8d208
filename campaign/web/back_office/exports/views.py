"""Downloads of a campaign's record as CSV."""

from flask import Blueprint, Response, render_template, stream_with_context

from campaign.campaigns.queries import get_campaign
from campaign.organisers.rules import Role
from campaign.organisers.service import record_audit
from campaign.reports.office_exports import candidates_csv, letters_csv, pledge_events_csv
from campaign.web.back_office.access import current_account, requires
from campaign.web.shared.context import now, session
from campaign.web.shared.tables import csv_file

blueprint = Blueprint("organise_exports", __name__, url_prefix="/organise/<campaign_slug>/export")


@blueprint.get("/")
@requires(Role.VIEWER)
def index(campaign_slug: str) -> str:
    """Say what can be downloaded and what each table holds."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    return render_template("back_office/exports.html", campaign=campaign)


@blueprint.get("/letters.csv")
@requires(Role.ORGANISER)
def letters(campaign_slug: str) -> Response:
    """Download the letters, without text or writers."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    lines = stream_with_context(letters_csv(session(), campaign))
    return csv_file(lines, f"{campaign.slug}-letters.csv")


@blueprint.get("/pledges.csv")
@requires(Role.ORGANISER)
def pledges(campaign_slug: str) -> Response:
    """Download every entry of the record of pledges."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    lines = stream_with_context(pledge_events_csv(session(), campaign))
    return csv_file(lines, f"{campaign.slug}-pledges.csv")


@blueprint.post("/candidates.csv")
@requires(Role.ORGANISER)
def candidates_submit(campaign_slug: str) -> Response:
    """Download candidates with their addresses; a POST, because it is logged."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    record_audit(
        session(),
        organiser_id=current_account().id,
        verb="export_candidate_addresses",
        subject=f"campaign:{campaign.id}",
        now=now(),
    )
    # Whole, so that the commit after the answer is not followed by more reading.
    lines = list(candidates_csv(session(), campaign))
    return csv_file(lines, f"{campaign.slug}-candidates.csv")
