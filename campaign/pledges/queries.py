"""Reads of the pledges domain."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import Channel, EventKind, Stance


@dataclass(frozen=True, slots=True)
class CurrentAnswer:
    """What a candidate's answer to an ask is today, as the public sees it."""

    candidacy_id: int
    ask_id: int
    stance: Stance
    statement: str
    channel: Channel
    source_url: str
    quote: str
    verification_level: int
    recorded_at: datetime
    event_id: int


def list_current_answers(
    session: Session, campaign_id: int, *, candidacy_ids: Collection[int] | None = None
) -> dict[tuple[int, int], CurrentAnswer]:
    """Return the public answers of today by (candidacy, ask); no entry means no answer yet.

    An answer from the candidate's own link is public at once; one that an organiser entered, once
    another organiser has reviewed it. A withdrawal ends the answer before it.
    """
    review = aliased(PledgeEvent)
    is_public = or_(
        PledgeEvent.channel == Channel.LINK,
        exists().where(
            and_(review.refers_to_id == PledgeEvent.id, review.kind == EventKind.REVIEW)
        ),
    )
    newest = (
        select(func.max(PledgeEvent.id))
        .where(
            PledgeEvent.campaign_id == campaign_id,
            PledgeEvent.kind.in_((EventKind.ANSWER, EventKind.WITHDRAWAL)),
            is_public,
        )
        .group_by(PledgeEvent.candidacy_id, PledgeEvent.ask_id)
    )
    if candidacy_ids is not None:
        newest = newest.where(PledgeEvent.candidacy_id.in_(candidacy_ids))
    events = session.scalars(select(PledgeEvent).where(PledgeEvent.id.in_(newest)))
    return {
        (event.candidacy_id, event.ask_id): CurrentAnswer(
            candidacy_id=event.candidacy_id,
            ask_id=event.ask_id,
            stance=event.stance,
            statement=event.statement,
            channel=event.channel,
            source_url=event.source_url,
            quote=event.quote,
            verification_level=event.verification_level,
            recorded_at=event.recorded_at,
            event_id=event.id,
        )
        for event in events
        if event.kind is EventKind.ANSWER and event.stance is not None
    }
