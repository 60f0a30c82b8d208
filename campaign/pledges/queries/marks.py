"""What later events say about the entries of a record."""

from collections.abc import Collection
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, select
from sqlalchemy.orm import Session

from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import MARK_KINDS, EventKind, Mark, Marks, read_marks


def map_marks(
    session: Session, campaign_id: int, *, event_ids: Collection[int] | None = None
) -> dict[int, Marks]:
    """Return how each entry that anything was said about is shown, by the entry's id."""
    given: dict[str, object] = {"campaign_id": campaign_id}
    if event_ids is not None:
        given["event_ids"] = list(event_ids)
    rows = session.execute(_marks(are_some=event_ids is not None), given)
    return {
        event_id: read_marks(Mark(*row[1:]) for row in group)
        for event_id, group in groupby(rows, lambda row: row[0])
    }


@cache
def _marks(*, are_some: bool) -> Select[*tuple[Any, ...]]:
    marks = select(
        PledgeEvent.refers_to_id,
        PledgeEvent.kind,
        PledgeEvent.statement,
        PledgeEvent.reason,
        PledgeEvent.entered_by,
    ).where(
        PledgeEvent.campaign_id == bindparam("campaign_id"),
        PledgeEvent.refers_to_id.is_not(None),
        PledgeEvent.kind.in_(MARK_KINDS),
    )
    if are_some:
        marks = marks.where(PledgeEvent.refers_to_id.in_(bindparam("event_ids", expanding=True)))
    return marks.order_by(PledgeEvent.refers_to_id, PledgeEvent.sequence)


def struck_entries() -> Select[int | None]:
    """Select the ids of entries that no longer count; the campaign is ``campaign_id``."""
    return select(PledgeEvent.refers_to_id).where(
        PledgeEvent.campaign_id == bindparam("campaign_id"),
        PledgeEvent.refers_to_id.is_not(None),
        PledgeEvent.kind == EventKind.DISPUTE_STRUCK,
    )


def is_review(review: type[PledgeEvent], entry: type[PledgeEvent]) -> ColumnElement[bool]:
    """Compare: one event is the review that makes another public."""
    return and_(is_about(review, entry), review.kind == EventKind.REVIEW)


def is_about(decision: type[PledgeEvent], entry: type[PledgeEvent]) -> ColumnElement[bool]:
    """Compare: one event speaks about another."""
    # The first three say nothing new; they let the indexes on them find the decision.
    return and_(
        decision.campaign_id == entry.campaign_id,
        decision.candidacy_id == entry.candidacy_id,
        decision.ask_id == entry.ask_id,
        decision.refers_to_id == entry.id,
    )
