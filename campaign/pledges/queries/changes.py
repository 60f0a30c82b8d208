"""Changes of earlier answers that wait."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaign.pledges.models import PendingChange, PledgeEvent
from campaign.pledges.rules import EventKind


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


def has_moved_on(session: Session, change: PendingChange, *, since: datetime) -> bool:
    """Tell whether what a change would change is another answer than at a moment before.

    While a change waits, only organisers can do that: by a review, or by striking an entry.
    """
    found = session.scalar(
        select(PledgeEvent.id)
        .where(
            PledgeEvent.campaign_id == change.campaign_id,
            PledgeEvent.candidacy_id == change.candidacy_id,
            PledgeEvent.ask_id == change.ask_id,
            PledgeEvent.kind.in_((EventKind.REVIEW, EventKind.DISPUTE_STRUCK)),
            PledgeEvent.recorded_at > since,
        )
        .limit(1)
    )
    return found is not None
