"""The tracker, a candidate's page, and the same as open data."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from campaign.campaigns.queries import get_campaign
from campaign.candidates.queries import get_candidacy_of_person
from campaign.elections.queries import get_election
from campaign.elections.rules import ElectionPhase
from campaign.geography.rules import looks_like_postcode
from campaign.pledges.queries import find_published_head, map_invited
from campaign.pledges.rules import Stance
from campaign.pledges.service import takes_answers
from campaign.reports.candidate_record import build_candidate_record
from campaign.reports.candidate_search import (
    CandidateQuestion,
    list_search_choices,
    search_candidates,
)
from campaign.reports.hexmap import Shade
from campaign.reports.pledge_records import build_pledge_export, csv_lines, json_text
from campaign.reports.tracker import build_tracker
from campaign.web.public.tracker.forms import CandidateSearchForm
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import now, session
from campaign.web.shared.limits import OPEN_DATA, SEARCH, limited
from campaign.web.shared.sharing import for_all_sites
from campaign.web.shared.tables import csv_file

blueprint = Blueprint("tracker", __name__)


@blueprint.get("/<campaign_slug>/pledges/")
def show(campaign_slug: str) -> Response:
    """Show counts with their denominators, the map and its table."""
    campaign = get_campaign(session(), campaign_slug)
    tracker = build_tracker(session(), campaign, now=now())
    page = render_template(
        "public/tracker/show.html",
        campaign=campaign,
        tracker=tracker,
        phase=tracker.election.phase(now()),
        stances=list(Stance),
        shades=list(Shade),
        head=find_published_head(session(), campaign.id),
        now=now(),
    )
    return same_for_everybody(page)


@blueprint.get("/<campaign_slug>/candidates/")
@limited(SEARCH)
def search(campaign_slug: str) -> BaseResponse | tuple[str, int]:
    """Show the candidates who match what somebody looks for, on the map and as a list."""
    campaign = get_campaign(session(), campaign_slug)
    phase = get_election(session(), campaign.election_id).phase(now())
    form = CandidateSearchForm(
        request.args,
        list_search_choices(session(), campaign),
        is_over=phase is ElectionPhase.CLOSED,
    )
    is_valid = form.validate()
    if is_valid and looks_like_postcode(form.q.data or ""):
        return redirect(
            url_for("geography.find", campaign_slug=campaign.slug, postcode=form.q.data)
        )
    found = search_candidates(
        session(),
        campaign,
        form.question if is_valid else CandidateQuestion(),
        page=request.args.get("page", 1, type=int),
    )
    page = render_template(
        "public/tracker/search.html",
        campaign=campaign,
        form=form,
        found=found,
        phase=phase,
        shades=[each for each in Shade if each is not Shade.NO_YES],
        now=now(),
    )
    return same_for_everybody(page) if is_valid else (page, 422)


@blueprint.get("/<campaign_slug>/candidates/<int:person_id>/")
def candidate(campaign_slug: str, person_id: int) -> Response:
    """Show where one candidate stands, with every change of it."""
    campaign = get_campaign(session(), campaign_slug)
    candidacy = get_candidacy_of_person(
        session(), person_id=person_id, election_id=campaign.election_id
    )
    election = get_election(session(), campaign.election_id)
    page = render_template(
        "public/tracker/candidate.html",
        campaign=campaign,
        election=election,
        phase=election.phase(now()),
        record=build_candidate_record(session(), campaign, candidacy),
        invited_at=map_invited(session(), campaign.id, [candidacy.id]).get(candidacy.id),
        is_open=takes_answers(session(), campaign, now=now()),
        now=now(),
    )
    return same_for_everybody(page)


@blueprint.get("/<campaign_slug>/pledges.csv", endpoint="csv")
@for_all_sites
@limited(OPEN_DATA)
def pledges_csv(campaign_slug: str) -> Response:
    """Give every answer as CSV."""
    campaign = get_campaign(session(), campaign_slug)
    export = build_pledge_export(session(), campaign, now=now())
    return same_for_everybody(csv_file(csv_lines(export), f"{campaign.slug}-pledges.csv"))


@blueprint.get("/<campaign_slug>/pledges.json", endpoint="json")
@for_all_sites
@limited(OPEN_DATA)
def pledges_json(campaign_slug: str) -> Response:
    """Give every answer as JSON, for any site to read."""
    campaign = get_campaign(session(), campaign_slug)
    export = build_pledge_export(session(), campaign, now=now())
    response = Response(json_text(export), mimetype="application/json")
    return same_for_everybody(response)
