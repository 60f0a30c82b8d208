"""An answer in the record of a small world, as a candidate or an organiser gives it."""

from datetime import datetime

from sqlalchemy.orm import Session

from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import record_pledge
from tests.factories import EARLY
from tests.factories.worlds import PledgeWorld


def record_answer(
    session: Session,
    world: PledgeWorld,
    *,
    stance: Stance,
    candidate: int = 0,
    ask: int = 0,
    statement: str = "",
    channel: Channel = Channel.LINK,
    quote: str = "",
    now: datetime = EARLY,
) -> int:
    """Return the id of the new entry; by letter it waits for a second organiser."""
    event = record_pledge(
        session,
        campaign_id=world.campaign.id,
        candidacy_id=world.candidacies[candidate].id,
        ask_id=world.asks[ask].id,
        stance=stance,
        statement=statement,
        channel=channel,
        quote=quote,
        entered_by="candidate" if channel is Channel.LINK else "organiser:1",
        now=now,
    )
    return event.id
