"""Changes of earlier answers that wait."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaign.pledges.models import PendingChange


def list_open_changes(session: Session, campaign_id: int, candidacy_id: int) -> list[PendingChange]:
    """Return the changes of a candidate's answers that wait, oldest first, with their wordings."""
    return list(
        session.scalars(
            select(PendingChange)
            .where(
                PendingChange.campaign_id == campaign_id,
                PendingChange.candidacy_id == candidacy_id,
                PendingChange.settled_at.is_(None),
            )
            .order_by(PendingChange.id)
            .options(joinedload(PendingChange.ask_version))
        )
    )
