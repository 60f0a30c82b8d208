"""Makes the main pages once before a server divides into workers.

What the first pages load, compile and keep is then there once, and shared; otherwise each worker
would hold it for itself, and its first visitor would wait for it.
"""

from collections.abc import Iterator

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from campaign.campaigns.queries import list_public_campaigns
from campaign.core.toolkit import Toolkit
from campaign.elections.queries import get_election
from campaign.geography.queries import list_constituencies

_log = structlog.get_logger(__name__)


def warm_up(app: Flask) -> None:
    """Ask for the main pages of the first live campaign; a database in trouble stops nothing."""
    toolkit: Toolkit = app.extensions["campaign"]
    client = app.test_client()
    try:
        for path in ("/organise/login", *_campaign_pages(toolkit)):
            client.get(path, base_url=toolkit.settings.base_url).close()
    except SQLAlchemyError as error:
        _log.warning("not_warmed_up", error=type(error).__name__)
    # The workers open their own connections: one must never be used by two processes.
    toolkit.database.dispose()


def _campaign_pages(toolkit: Toolkit) -> Iterator[str]:
    with toolkit.database.reader() as session:
        for campaign in list_public_campaigns(session)[:1]:
            yield from (f"/{campaign.slug}/{page}" for page in ("", "pledges/", "constituencies/"))
            election = get_election(session, campaign.election_id)
            for place in list_constituencies(session, election.boundary_set_id)[:1]:
                yield f"/{campaign.slug}/{place.slug}/"
                yield f"/{campaign.slug}/{place.slug}/write"
