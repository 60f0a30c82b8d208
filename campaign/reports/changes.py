"""What has changed in the public record, newest first: for feeds."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from campaign.campaigns.models import AskVersion, Campaign
from campaign.candidates.models import Candidacy
from campaign.elections.models import Ballot
from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import Channel, EventKind, Stance
from campaign.reports.open_events import DECISIONS, ENTRIES
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
    public_at: datetime


def list_changes(
    session: Session, campaign: Campaign, *, constituency_id: int | None = None
) -> list[Change]:
    """Return the newest changes of a campaign, or of one constituency in it."""
    review, other = aliased(PledgeEvent), aliased(PledgeEvent)
    became_public = func.coalesce(review.sequence, PledgeEvent.sequence)
    # Whoever hides an entry says so in a kind of event that is none of these.
    is_hidden = (
        select(other.id)
        .where(other.refers_to_id == PledgeEvent.id, other.kind.not_in(DECISIONS))
        .exists()
    )
    rows = (
        select(PledgeEvent, AskVersion.title, review.recorded_at)
        .join(PledgeEvent.ask_version)
        .outerjoin(
            review,
            and_(review.refers_to_id == PledgeEvent.id, review.kind == EventKind.REVIEW),
        )
        .where(
            PledgeEvent.campaign_id == campaign.id,
            PledgeEvent.kind.in_(ENTRIES),
            or_(PledgeEvent.channel == Channel.LINK, review.id.is_not(None)),
            ~is_hidden,
        )
        .order_by(became_public.desc())
        .limit(CHANGES)
    )
    if constituency_id is not None:
        rows = (
            rows.join(Candidacy, Candidacy.id == PledgeEvent.candidacy_id)
            .join(Ballot, Ballot.id == Candidacy.ballot_id)
            .where(Ballot.constituency_id == constituency_id)
        )
    found = session.execute(rows).all()
    people = map_standings(session, [event.candidacy_id for event, _title, _at in found])
    return [
        Change(
            sequence=event.sequence,
            standing=people[event.candidacy_id],
            ask_title=title,
            stance=event.stance if event.kind is EventKind.ANSWER else None,
            statement=event.statement,
            public_at=reviewed_at or event.recorded_at,
        )
        for event, title, reviewed_at in found
    ]
