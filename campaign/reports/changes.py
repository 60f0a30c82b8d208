"""What has changed in the public record, newest first: for feeds.

What is said about an entry later is told in its own place: the entry keeps its number, comes to the
top again, and says that it is disputed, settled, struck or hidden. Whoever has shown the text of an
entry learns by this that it is gone, which a second entry beside the first would not undo.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from campaign.campaigns.models import AskVersion, Campaign
from campaign.candidates.models import Candidacy
from campaign.elections.models import Ballot
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import is_review, map_marks
from campaign.pledges.rules import (
    ENTRY_KINDS,
    MARK_KINDS,
    NO_MARKS,
    Channel,
    EventKind,
    Marks,
    Stance,
)
from campaign.reports.register import Standing, map_standings

CHANGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An answer or its withdrawal, from the moment at which the public could read it."""

    sequence: int
    """Place in the campaign's record; never given twice."""
    standing: Standing
    ask_title: str
    """Of the wording that was answered."""
    stance: Stance | None
    """None for a withdrawal."""
    statement: str
    """Empty where it is hidden."""
    public_at: datetime
    changed_at: datetime
    """When the newest event about it was added."""
    marks: Marks = NO_MARKS


def list_changes(
    session: Session, campaign: Campaign, *, constituency_id: int | None = None
) -> list[Change]:
    """Return the newest changes of a campaign, or of one constituency in it."""
    review, newest = aliased(PledgeEvent), aliased(PledgeEvent)
    events = _latest_about_each_entry(campaign.id)
    if constituency_id is not None:
        here = (
            select(Candidacy.id)
            .join(Candidacy.ballot)
            .where(
                Ballot.election_id == campaign.election_id,
                Ballot.constituency_id == constituency_id,
            )
        )
        events = events.where(PledgeEvent.candidacy_id.in_(here))
    latest = events.subquery()
    rows = (
        select(PledgeEvent, AskVersion.title, review.recorded_at, newest.recorded_at)
        .join(latest, latest.c.entry_id == PledgeEvent.id)
        .join(newest, and_(newest.campaign_id == campaign.id, newest.sequence == latest.c.sequence))
        .join(PledgeEvent.ask_version)
        .outerjoin(review, is_review(review, PledgeEvent))
        .where(or_(PledgeEvent.channel == Channel.LINK, review.id.is_not(None)))
        .order_by(latest.c.sequence.desc())
        .limit(CHANGES)
    )
    found = session.execute(rows).all()
    people = map_standings(session, [event.candidacy_id for event, *_ in found])
    marks = map_marks(session, campaign.id, event_ids=[event.id for event, *_ in found])
    return [
        _change(event, title, people[event.candidacy_id], marks.get(event.id, NO_MARKS), *moments)
        for event, title, *moments in found
    ]


def _latest_about_each_entry(campaign_id: int) -> Select[*tuple[Any, ...]]:
    """Select each entry with the newest event by which the public read something new of it.

    In one pass over the record: asked for each entry by itself, it would take the square of that.
    """
    entry_id = func.coalesce(PledgeEvent.refers_to_id, PledgeEvent.id)
    return (
        select(entry_id.label("entry_id"), func.max(PledgeEvent.sequence).label("sequence"))
        .where(
            PledgeEvent.campaign_id == campaign_id,
            or_(
                and_(PledgeEvent.kind.in_(ENTRY_KINDS), PledgeEvent.channel == Channel.LINK),
                PledgeEvent.kind.in_({EventKind.REVIEW, *MARK_KINDS}),
            ),
        )
        .group_by(entry_id)
    )


def _change(
    event: PledgeEvent,
    title: str,
    standing: Standing,
    marks: Marks,
    reviewed_at: datetime | None,
    changed_at: datetime,
) -> Change:
    return Change(
        sequence=event.sequence,
        standing=standing,
        ask_title=title,
        stance=event.stance if event.kind is EventKind.ANSWER else None,
        statement="" if marks.is_hidden else event.statement,
        public_at=reviewed_at or event.recorded_at,
        changed_at=changed_at,
        marks=marks,
    )
