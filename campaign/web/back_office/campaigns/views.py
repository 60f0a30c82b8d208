"""All campaigns, and one campaign at a glance."""

from flask import Blueprint, render_template

from campaign.campaigns.queries import get_campaign, list_campaigns
from campaign.elections.queries import get_election
from campaign.organisers.rules import Role
from campaign.reports import office_figures
from campaign.reports.backlog import get_backlog
from campaign.reports.office_events import list_last_events
from campaign.reports.office_needs import shared_needs
from campaign.reports.progress import get_progress
from campaign.web.back_office.access import requires
from campaign.web.shared.context import letter_totals, now, session, toolkit

blueprint = Blueprint("organise_campaigns", __name__, url_prefix="/organise")


@blueprint.get("/")
@requires(Role.VIEWER)
def index() -> str:
    """List every campaign of the installation."""
    return render_template(
        "back_office/campaigns.html",
        campaigns=list_campaigns(session()),
        shared=shared_needs(session(), now=now()),
    )


@blueprint.get("/<campaign_slug>/")
@requires(Role.VIEWER)
def show(campaign_slug: str) -> str:
    """Show a campaign's figures and what waits for an organiser."""
    campaign = get_campaign(session(), campaign_slug, include_drafts=True)
    election = get_election(session(), campaign.election_id)
    letters = office_figures.letter_totals(session(), campaign.id)
    days = office_figures.letters_by_day(session(), campaign, now=now())
    return render_template(
        "back_office/overview.html",
        campaign=campaign,
        letters=letters,
        election=election,
        days=days,
        # Today as the election counts it, not as the server does.
        days_to_poll=(election.polling_day - days[0].day).days,
        constituencies=office_figures.letters_by_constituency(session(), campaign.id),
        candidates=get_progress(session(), campaign, letter_totals()),
        asks=office_figures.pledges_by_ask(session(), campaign),
        delivery=office_figures.delivery_figures(session(), campaign.id),
        todo=office_figures.things_to_do(session(), campaign.id, letters=letters, now=now()),
        shared=shared_needs(session(), now=now()),
        backlog=get_backlog(
            session(), campaign.id, mail=toolkit().settings.mail, now=now(), rows=0
        ),
        events=list_last_events(session(), campaign.id),
    )
