"""The description of the API for programs, and the same as a page for people."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, render_template

from campaign.campaigns.queries import list_public_campaigns
from campaign.reports.register import list_standings
from campaign.web.api.v1.paging import MAX_PAGE_SIZE, PAGE_SIZE, site
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import session
from campaign.web.shared.sharing import for_all_sites

blueprint = Blueprint("api_documentation", __name__, url_prefix="/api/v1")


@blueprint.get("/openapi.json")
@for_all_sites
def openapi() -> Response:
    """Give the OpenAPI document."""
    return same_for_everybody(Response(_text(site()), mimetype="application/json"))


@blueprint.get("/")
def show() -> Response:
    """Show every address of the API with examples that work here."""
    spec = json.loads(_text(site()))
    campaigns = list_public_campaigns(session())
    page = render_template(
        "api/documentation.html",
        spec=spec,
        examples=_examples(spec["paths"], campaigns),
        campaigns=campaigns,
        site=site(),
        page_size=PAGE_SIZE,
        max_page_size=MAX_PAGE_SIZE,
    )
    return same_for_everybody(page)


def _examples(paths: Iterable[str], campaigns: Sequence[Any]) -> dict[str, str]:
    """Return each path with names in it that are known here, so that its example works."""
    first = list_standings(session(), campaigns[0].election_id, limit=1) if campaigns else []
    names = {
        "{campaign_slug}": campaigns[0].slug if campaigns else "safer-streets",
        "{constituency_slug}": first[0].constituency_slug if first else "northmoor",
        "{person_id}": str(first[0].person_id) if first else "1",
    }
    examples = {}
    for path in paths:
        examples[path] = path
        for name, value in names.items():
            examples[path] = examples[path].replace(name, value)
    return examples


@lru_cache(maxsize=4)
def _text(server: str) -> str:
    # What makes the document takes memory that few processes ever need.
    from campaign.web.api.v1.spec import build_spec

    document: dict[str, Any] = build_spec(server=server)
    return json.dumps(document, separators=(",", ":"))
