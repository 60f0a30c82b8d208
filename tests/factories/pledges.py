"""Answers in a small world, by link or entered by the organiser of id 1."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import record_pledge, review_pledge
from tests.factories.worlds import PledgeWorld

NOW = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)


def answer(session: Session, world: PledgeWorld, **changes: Any) -> PledgeEvent:
    values: dict[str, Any] = {
        "campaign_id": world.campaign.id,
        "candidacy_id": world.candidacies[0].id,
        "ask_id": world.asks[0].id,
        "stance": Stance.YES,
        "channel": Channel.LINK,
        "entered_by": "candidate",
        "now": NOW,
    }
    return record_pledge(session, **(values | changes))


def entered(session: Session, world: PledgeWorld, **changes: Any) -> PledgeEvent:
    values = {
        "channel": Channel.HUSTINGS,
        "entered_by": "organiser:1",
        "quote": "“I will”, town hall, 30 April",
    }
    return answer(session, world, **(values | changes))


def published(session: Session, world: PledgeWorld, **changes: Any) -> PledgeEvent:
    """Enter an answer and let organiser 2 review it: it is public."""
    entry = entered(session, world, **changes)
    review_pledge(
        session,
        event_id=entry.id,
        is_right=True,
        reviewer="organiser:2",
        now=changes.get("now", NOW),
    )
    return entry
