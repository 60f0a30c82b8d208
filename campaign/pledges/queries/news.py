"""When and how what the public reads of candidates has changed."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries.answers import map_answer_times
from campaign.pledges.queries.marks import is_about, is_review
from campaign.pledges.rules import ENTRY_KINDS, Channel, EventKind, PublicEntry


def map_news_times(session: Session, campaign_id: int, *, since: datetime) -> dict[int, datetime]:
    """Return by candidacy when what the public reads of its stances may last have changed.

    That is ``map_answer_times``, or later where an entry was struck after an objection: whoever
    was told of it must hear that it counts no more.
    """
    times = map_answer_times(session, campaign_id, since=since)
    strikes = select(PledgeEvent.candidacy_id, PledgeEvent.recorded_at).where(
        PledgeEvent.campaign_id == campaign_id,
        PledgeEvent.kind == EventKind.DISPUTE_STRUCK,
        PledgeEvent.recorded_at > since,
    )
    for candidacy_id, struck_at in session.execute(strikes):
        times[candidacy_id] = max(struck_at, times.get(candidacy_id, struck_at))
    return times


def map_public_entries(
    session: Session, campaign_id: int, candidacy_ids: Collection[int]
) -> dict[int, list[PublicEntry]]:
    """Return by candidacy every answer and withdrawal that is or was public."""
    review, strike = aliased(PledgeEvent), aliased(PledgeEvent)
    rows = session.execute(
        select(
            PledgeEvent.candidacy_id,
            PledgeEvent.ask_id,
            PledgeEvent.id,
            PledgeEvent.stance,
            func.coalesce(review.recorded_at, PledgeEvent.recorded_at),
            strike.recorded_at,
        )
        .outerjoin(review, is_review(review, PledgeEvent))
        .outerjoin(
            strike, and_(is_about(strike, PledgeEvent), strike.kind == EventKind.DISPUTE_STRUCK)
        )
        .where(
            PledgeEvent.campaign_id == campaign_id,
            PledgeEvent.candidacy_id.in_(candidacy_ids),
            PledgeEvent.kind.in_(ENTRY_KINDS),
            or_(PledgeEvent.channel == Channel.LINK, review.id.is_not(None)),
        )
    )
    entries: dict[int, list[PublicEntry]] = {}
    for row in rows:
        entry = PublicEntry(*row)
        entries.setdefault(entry.candidacy_id, []).append(entry)
    return entries
