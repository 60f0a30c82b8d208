"""The addresses of the API: each reads one thing and says it with licence and credit."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Response, request
from flask_smorest.pagination import PaginationParameters
from marshmallow import Schema

from campaign.campaigns.errors import CampaignNotFound
from campaign.campaigns.queries import (
    get_campaign,
    list_asks,
    list_asks_ever,
    list_public_campaigns,
)
from campaign.campaigns.rules import SLUG_PATTERN
from campaign.candidates.queries import get_candidacy_of_person
from campaign.elections.queries import get_election
from campaign.geography.errors import ConstituencyNotFound
from campaign.geography.queries import get_constituency, list_constituencies
from campaign.reports import open_data
from campaign.reports.credits import LICENCE, credits_of
from campaign.reports.pledge_chain import count_events, describe_events
from campaign.reports.register import count_candidacies, list_standings, map_standings
from campaign.web.api.v1 import schemas
from campaign.web.api.v1.paging import Blueprint, cut, site
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import letter_totals, now, session
from campaign.web.shared.limits import OPEN_DATA, limited
from campaign.web.shared.problems import MIMETYPE, open_to_all_sites

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

_AT = "/campaigns/<campaign_slug>"

Json = dict[str, Any]
View = TypeVar("View", bound=Callable[..., Any])


@blueprint.after_request  # type: ignore[untyped-decorator]
def share(response: Response) -> Response:
    """Let everybody read and keep what is the same for everybody."""
    if response.status_code == 200 and request.method != "OPTIONS":
        response = same_for_everybody(response)
    return open_to_all_sites(response)


def _problem(status: int, description: str) -> Any:
    return blueprint.alt_response(
        status, schema=schemas.Problem, description=description, content_type=MIMETYPE
    )


_EVERYWHERE = (
    blueprint.alt_response(304, description="What If-None-Match names is still right."),
    _problem(404, "There is nothing at this address, or no such page of the list."),
    _problem(429, "Too many requests; Retry-After says for how many seconds to wait."),
)


def _read(rule: str, schema: type[Schema], *, is_list: bool = False) -> Callable[[View], View]:
    """Make a view an address of the API: limited, documented, and in pages where it is a list."""

    def mark(view: View) -> View:
        if is_list:
            view = blueprint.paginate()(view)
        view = blueprint.response(200, schema)(view)
        for describe in _EVERYWHERE:
            view = describe(view)
        return cast(View, blueprint.route(rule)(limited(OPEN_DATA)(view)))

    return mark


@_read("/campaigns", schemas.CampaignList, is_list=True)
def campaigns(pagination_parameters: PaginationParameters) -> Json:
    """List the campaigns, live ones first."""
    found = list_public_campaigns(session())
    part = cut(pagination_parameters, len(found))
    shown = found[part["offset"] : part["offset"] + part["limit"]]
    items = [open_data.describe_campaign(each, site=site()) for each in shown]
    credit = "; ".join(dict.fromkeys(each.organisation for each in shown))
    return {"licence": LICENCE, "credit": credit, "items": items}


@_read(_AT, schemas.CampaignAnswer)
def campaign(campaign_slug: str) -> Json:
    """Show one campaign with its election and its asks."""
    found, election = _at(campaign_slug)
    return {
        **credits_of(found, election),
        "campaign": open_data.describe_campaign(found, site=site()),
        "election": open_data.describe_election(election),
        "asks": [open_data.describe_ask(ask) for ask in list_asks(session(), found.id)],
    }


@_read(f"{_AT}/asks", schemas.AskList, is_list=True)
def asks(pagination_parameters: PaginationParameters, campaign_slug: str) -> Json:
    """List the asks of a campaign, retired ones too, with every wording that they have had."""
    found, election = _at(campaign_slug)
    every = list_asks_ever(session(), found.id)
    part = cut(pagination_parameters, len(every))
    shown = every[part["offset"] : part["offset"] + part["limit"]]
    items = [open_data.describe_ask(ask) for ask in shown]
    return {**credits_of(found, election), "items": items}


@_read(f"{_AT}/totals", schemas.TotalsAnswer)
def totals(campaign_slug: str) -> Json:
    """Count candidates and answers, each with its denominator."""
    found, election = _at(campaign_slug)
    letters = letter_totals().get(session(), found.id)
    return {
        **credits_of(found, election),
        "campaign": found.slug,
        **open_data.describe_totals(session(), found, letters, now=now()),
    }


@_read(f"{_AT}/constituencies", schemas.ConstituencyList, is_list=True)
def constituencies(pagination_parameters: PaginationParameters, campaign_slug: str) -> Json:
    """List the constituencies with the counts of their candidates."""
    found, election = _at(campaign_slug)
    every = list_constituencies(session(), election.boundary_set_id)
    part = cut(pagination_parameters, len(every))
    shown = every[part["offset"] : part["offset"] + part["limit"]]
    items = open_data.describe_places(session(), found, shown, site=site())
    return {**credits_of(found, election), "items": items}


@_read(f"{_AT}/constituencies/<constituency_slug>", schemas.ConstituencyAnswer)
def constituency(campaign_slug: str, constituency_slug: str) -> Json:
    """Show one constituency and where everybody who stands there stands."""
    found, election = _at(campaign_slug)
    place = _place(election, constituency_slug)
    standings = list_standings(session(), election.id, constituency_id=place.id)
    return {
        **credits_of(found, election),
        "constituency": open_data.describe_places(session(), found, [place], site=site())[0],
        "candidates": open_data.describe_candidates(session(), found, standings, site=site()),
    }


@_read(f"{_AT}/candidates", schemas.CandidateList, is_list=True)
@blueprint.arguments(schemas.CandidateFilter, location="query")  # type: ignore[untyped-decorator]
def candidates(
    wanted: Json, pagination_parameters: PaginationParameters, campaign_slug: str
) -> Json:
    """List the candidates with their stance on each ask."""
    found, election = _at(campaign_slug)
    name = wanted.get("constituency")
    place_id = _place(election, name).id if name else None
    total = count_candidacies(session(), election.id, constituency_id=place_id)
    part = cut(pagination_parameters, total)
    standings = list_standings(session(), election.id, constituency_id=place_id, **part)
    items = open_data.describe_candidates(session(), found, standings, site=site())
    return {**credits_of(found, election), "items": items}


@_read(f"{_AT}/candidates/<int:person_id>", schemas.CandidateAnswer)
def candidate(campaign_slug: str, person_id: int) -> Json:
    """Show one candidate by Democracy Club's id of the person."""
    found, election = _at(campaign_slug)
    candidacy = get_candidacy_of_person(session(), person_id=person_id, election_id=election.id)
    standings = map_standings(session(), [candidacy.id]).values()
    described = open_data.describe_candidates(session(), found, list(standings), site=site())
    return {**credits_of(found, election), "candidate": described[0]}


@_read(f"{_AT}/events", schemas.EventList, is_list=True)
def events(pagination_parameters: PaginationParameters, campaign_slug: str) -> Json:
    """List the record of answers, oldest first: public entries in full, hashes of all."""
    found, election = _at(campaign_slug)
    part = cut(pagination_parameters, count_events(session(), found))
    items = describe_events(session(), found, **part)
    return {**credits_of(found, election), "items": items}


def _at(slug: str) -> tuple[Any, Any]:
    """Return a public campaign and its election; raises CampaignNotFound."""
    if not SLUG_PATTERN.fullmatch(slug):
        raise CampaignNotFound("There is no campaign of this name.")
    found = get_campaign(session(), slug)
    return found, get_election(session(), found.election_id)


def _place(election: Any, slug: str) -> Any:
    if not SLUG_PATTERN.fullmatch(slug):
        raise ConstituencyNotFound("There is no constituency of this name in this election.")
    return get_constituency(session(), boundary_set_id=election.boundary_set_id, slug=slug)
