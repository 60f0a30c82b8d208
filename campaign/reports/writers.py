"""How many people wrote to a candidate."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.letters.models import Letter
from campaign.letters.rules import CONFIRMED_STATUSES


def count_writers(session: Session, *, campaign_id: int, candidacy_id: int) -> int:
    """Return the number of supporters with a confirmed letter to the candidate."""
    return (
        session.scalar(
            select(func.count(Letter.supporter_id.distinct())).where(
                Letter.campaign_id == campaign_id,
                Letter.candidacy_id == candidacy_id,
                Letter.status.in_(CONFIRMED_STATUSES),
            )
        )
        or 0
    )
