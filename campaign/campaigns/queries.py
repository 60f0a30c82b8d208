"""Reads of the campaigns domain."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.errors import CampaignNotFound
from campaign.campaigns.models import Ask, Campaign
from campaign.campaigns.rules import CampaignStatus

# Made once: to put a statement together costs more than to run it.
_CAMPAIGN = select(Campaign).where(Campaign.slug == bindparam("slug"))
_ASKS = (
    select(Ask)
    .where(Ask.campaign_id == bindparam("campaign_id"), Ask.is_retired.is_(False))
    .order_by(Ask.position)
    .options(joinedload(Ask.versions))
)


def get_campaign(session: Session, slug: str, *, include_drafts: bool = False) -> Campaign:
    """Return the campaign at this address; raises CampaignNotFound, also for drafts."""
    campaign = session.scalar(_CAMPAIGN, {"slug": slug})
    if campaign is None or (campaign.status is CampaignStatus.DRAFT and not include_drafts):
        raise CampaignNotFound("There is no campaign at this address.")
    return campaign


def list_public_campaigns(session: Session) -> list[Campaign]:
    """Return live and closed campaigns, live ones first, then by name."""
    campaigns = session.scalars(
        select(Campaign).where(Campaign.status != CampaignStatus.DRAFT).order_by(Campaign.name)
    ).all()
    return sorted(campaigns, key=lambda campaign: campaign.status is not CampaignStatus.LIVE)


def list_campaigns(session: Session) -> list[Campaign]:
    """Return every campaign by name, drafts too: for organisers."""
    return list(session.scalars(select(Campaign).order_by(Campaign.name)))


def list_campaigns_of(session: Session, election_id: str) -> list[Campaign]:
    """Return every campaign of an election, drafts too."""
    return list(
        session.scalars(
            select(Campaign).where(Campaign.election_id == election_id).order_by(Campaign.id)
        )
    )


def list_asks(session: Session, campaign_id: int) -> list[Ask]:
    """Return the asks that stand today, in their order, with their wordings loaded."""
    return list(session.scalars(_ASKS, {"campaign_id": campaign_id}).unique())


def list_asks_ever(session: Session, campaign_id: int) -> list[Ask]:
    """Return the asks of today, then the retired ones, to which the record may have answers."""
    return list(
        session.scalars(
            select(Ask)
            .where(Ask.campaign_id == campaign_id)
            .order_by(Ask.is_retired, Ask.position)
            .options(joinedload(Ask.versions))
        ).unique()
    )
