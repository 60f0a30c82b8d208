"""From a campaign and a postcode to the constituency's address: the way of nearly every visitor."""

from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.elections.models import Election
from campaign.geography.models import Constituency, Postcode


def find_constituency_slug(session: Session, *, campaign_slug: str, postcode: str) -> str | None:
    """Return the address of a living postcode's constituency in a public campaign's election.

    One statement by four keys. None says only that this short way leads nowhere, not why.
    """
    return session.scalar(_statement(), {"campaign_slug": campaign_slug, "postcode": postcode})


@cache
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
            Campaign.status != CampaignStatus.DRAFT,
            Postcode.ended.is_(None),
        )
    )
