"""The published heads and the public chain, for everybody to keep, and how to check them."""

import json
from typing import Any

from flask import Blueprint, Response, render_template

from campaign.campaigns.queries import get_campaign
from campaign.elections.queries import get_election
from campaign.pledges.queries import find_published_head
from campaign.pledges.rules import Stance, VerificationLevel
from campaign.reports.credits import credits_of
from campaign.reports.pledge_chain import describe_heads, heads_text, public_json_lines
from campaign.web.shared.caching import same_for_everybody
from campaign.web.shared.context import now, session
from campaign.web.shared.limits import OPEN_DATA, limited
from campaign.web.shared.sharing import for_all_sites

blueprint = Blueprint("record", __name__, url_prefix="/<campaign_slug>/pledges")


@blueprint.get("/check/")
def check(campaign_slug: str) -> Response:
    """Say what the record's words mean, and how to check it."""
    campaign = get_campaign(session(), campaign_slug)
    election = get_election(session(), campaign.election_id)
    page = render_template(
        "public/record/check.html",
        campaign=campaign,
        phase=election.phase(now()),
        stances=list(Stance),
        levels=list(VerificationLevel),
        head=find_published_head(session(), campaign.id),
    )
    return same_for_everybody(page)


@blueprint.get("/heads.txt")
@for_all_sites
def heads_as_text(campaign_slug: str) -> Response:
    """Give the head of every day as plain text, after lines of comment."""
    campaign, notes = _at(campaign_slug)
    # Each on one line: a line without the sign is a head.
    comment = "".join(f"# {' '.join(str(note).split())}\n" for note in notes.values())
    text = f"{comment}{heads_text(session(), campaign)}"
    return same_for_everybody(Response(text, mimetype="text/plain"))


@blueprint.get("/heads.json")
@for_all_sites
def heads_as_json(campaign_slug: str) -> Response:
    """Give the head of every day as JSON, for any site to read."""
    campaign, notes = _at(campaign_slug)
    heads = {"campaign": campaign.slug, **notes, "heads": describe_heads(session(), campaign)}
    text = json.dumps(heads, ensure_ascii=False)
    return same_for_everybody(Response(text, mimetype="application/json"))


@blueprint.get("/record.jsonl")
@for_all_sites
@limited(OPEN_DATA)
def chain(campaign_slug: str) -> Response:
    """Give every event of the record: public ones whole, of the others their hashes.

    The first line says licence, credit and imprint, and is no event.
    """
    campaign, notes = _at(campaign_slug)
    first = json.dumps(notes, ensure_ascii=False, separators=(",", ":"))
    text = "".join((f"{first}\n", *public_json_lines(session(), campaign)))
    return same_for_everybody(Response(text, mimetype="application/x-ndjson"))


def _at(campaign_slug: str) -> tuple[Any, dict[str, object]]:
    """Return a public campaign, and what must stand in its files."""
    campaign = get_campaign(session(), campaign_slug)
    return campaign, credits_of(campaign, get_election(session(), campaign.election_id))
