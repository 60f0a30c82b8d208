"""Publishing the end of each campaign's chain, once a day."""

from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.pledges.models import PledgeEvent, PledgeHead
from campaign.pledges.queries import find_head, find_published_head
from campaign.pledges.service.chaining import lock_record


def publish_heads(session: Session, now: datetime) -> int:
    """Publish the head of each record that has none of today (UTC); return how many.

    A chore of the worker. A campaign that is live gets one every day, also where nothing was added,
    so that a day without one shows; any other, when something was added since the last.
    """
    return sum(
        _publish(session, campaign_id, now=now) for campaign_id in _list_due(session, now=now)
    )


def _list_due(session: Session, *, now: datetime) -> list[int]:
    today = and_(PledgeHead.campaign_id == Campaign.id, PledgeHead.day == now.date())
    return list(
        session.scalars(
            select(Campaign.id)
            .outerjoin(PledgeHead, today)
            .where(
                PledgeHead.campaign_id.is_(None),
                Campaign.status != CampaignStatus.DRAFT,
                select(func.max(PledgeEvent.sequence))
                .where(PledgeEvent.campaign_id == Campaign.id)
                .scalar_subquery()
                .is_not(None),
            )
            .order_by(Campaign.id)
        )
    )


def _publish(session: Session, campaign_id: int, *, now: datetime) -> bool:
    campaign = lock_record(session, campaign_id)
    head = find_head(session, campaign_id)
    last = find_published_head(session, campaign_id)
    if head is None or (last is not None and last.day >= now.date()):
        return False
    sequence, head_hash = head
    if campaign.status is not CampaignStatus.LIVE and last and last.sequence == sequence:
        return False
    session.add(
        PledgeHead(
            campaign_id=campaign_id,
            day=now.date(),
            sequence=sequence,
            head_hash=head_hash,
            published_at=now,
        )
    )
    session.flush()
    return True
