"""From a campaign and a postcode to the constituency's address: the way of nearly every visitor."""

from contextlib import closing
from functools import cache

from sqlalchemy import Dialect, Select, bindparam, select

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.core.db import Database
from campaign.elections.models import Election
from campaign.geography.models import Constituency, Postcode


def find_constituency_slug(database: Database, *, campaign_slug: str, postcode: str) -> str | None:
    """Return the address of a living postcode's constituency in a public campaign's election.

    One statement by four keys on a connection of the pool: session, transaction and result of the
    library would take ten times as long as the database does. None says only that this short way
    leads nowhere, not why.
    """
    sql, order = _compiled(database.engine.dialect)
    values = {**_FIXED, "campaign_slug": campaign_slug, "postcode": postcode}
    with closing(database.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(sql, [values[name] for name in order] if order else values)
        row = cursor.fetchone()
        cursor.close()
    return str(row[0]) if row else None


_FIXED = {"draft": CampaignStatus.DRAFT.value}


@cache
def _compiled(dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    """Return the statement in a dialect, and its parameters' order where they have no names."""
    compiled = _statement().compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ())


def _statement() -> Select[str]:
    return (
        select(Constituency.slug)
        .select_from(Campaign)
        .join(Election, Election.id == Campaign.election_id)
        .join(Postcode, Postcode.postcode == bindparam("postcode"))
        .join(
            Constituency,
            (Constituency.id == Postcode.constituency_id)
            & (Constituency.boundary_set_id == Election.boundary_set_id),
        )
        .where(
            Campaign.slug == bindparam("campaign_slug"),
            Campaign.status != bindparam("draft"),
            Postcode.ended.is_(None),
        )
    )
