"""Where every candidate stands on every ask, as far as it is counted."""

from functools import cache
from typing import NamedTuple

from sqlalchemy import Select, String, select, type_coerce
from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import newest_public_entries
from campaign.pledges.rules import EventKind, Stance


class CurrentStance(NamedTuple):
    """Of a current answer only what is counted: there can be twenty thousand of them."""

    event_id: int
    candidacy_id: int
    ask_id: int
    stance: Stance


def list_current_stances(session: Session, campaign_id: int) -> list[CurrentStance]:
    """Return the current answers to the asks of today as far as they are counted, newest first."""
    known = {stance.value: stance for stance in Stance}
    rows = session.execute(_stances(), {"campaign_id": campaign_id})
    return [
        CurrentStance(event_id, candidacy_id, ask_id, known[stance])
        for event_id, candidacy_id, ask_id, stance in rows
    ]


@cache
def _stances() -> Select[int, int, int, str]:
    return (
        select(
            PledgeEvent.id,
            PledgeEvent.candidacy_id,
            PledgeEvent.ask_id,
            type_coerce(PledgeEvent.stance, String),
        )
        .join(PledgeEvent.ask)
        .where(
            Ask.is_retired.is_(False),
            PledgeEvent.id.in_(newest_public_entries()),
            PledgeEvent.kind == EventKind.ANSWER,
            PledgeEvent.stance.is_not(None),
        )
        .order_by(PledgeEvent.id.desc())
    )
