"""The ends of campaigns' chains: as they are, and as they were published."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.pledges.models import PledgeEvent, PledgeHead


def find_head(session: Session, campaign_id: int) -> tuple[int, str] | None:
    """Return how many events a campaign's record has, and the hash of the last; None for none."""
    row = session.execute(
        select(PledgeEvent.sequence, PledgeEvent.hash)
        .where(PledgeEvent.campaign_id == campaign_id)
        .order_by(PledgeEvent.sequence.desc())
        .limit(1)
    ).first()
    return (row.sequence, row.hash) if row else None


def find_published_head(session: Session, campaign_id: int) -> PledgeHead | None:
    """Return the head that was published last."""
    return session.scalar(
        select(PledgeHead)
        .where(PledgeHead.campaign_id == campaign_id)
        .order_by(PledgeHead.day.desc())
        .limit(1)
    )


def list_published_heads(session: Session, campaign_id: int) -> list[PledgeHead]:
    """Return every head that was published, oldest first: one a day."""
    return list(
        session.scalars(
            select(PledgeHead).where(PledgeHead.campaign_id == campaign_id).order_by(PledgeHead.day)
        )
    )
