"""Which entries count, whether they answer an ask or take the answer to it back."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries.answers import newest_public_entries


def list_current_entries(
    session: Session, campaign_id: int, *, candidacy_ids: Collection[int]
) -> dict[tuple[int, int], PledgeEvent]:
    """Return the entries that count today by (candidacy, ask), withdrawals among them."""
    newest = newest_public_entries().where(PledgeEvent.candidacy_id.in_(candidacy_ids))
    entries = session.scalars(
        select(PledgeEvent).where(PledgeEvent.id.in_(newest)), {"campaign_id": campaign_id}
    )
    return {(entry.candidacy_id, entry.ask_id): entry for entry in entries}
