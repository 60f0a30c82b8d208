"""What happened last in a campaign, for the first page of its organisers."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaign.candidates.models import Candidacy
from campaign.organisers.queries import list_actor_names
from campaign.pledges.models import CandidateRequest, PledgeEvent
from campaign.pledges.rules import EventKind, RequestKind, Stance

EVENTS_SHOWN = 6
_MOST_ASKS = 12
"""A candidate who answers this many asks at once still leaves room for the others."""


@dataclass(frozen=True, slots=True)
class OfficeEvent:
    """One thing that a candidate or an organiser did, at one time."""

    at: datetime
    person_id: int
    name: str
    kind: EventKind | RequestKind
    by: str = ""
    """Name of the organiser who entered it; empty for the candidate."""
    stances: tuple[Stance | None, ...] = ()
    """Of each answer given then; empty for a request."""
    ask_titles: tuple[str, ...] = ()
    """Title of each wording that was answered."""


def list_last_events(
    session: Session, campaign_id: int, *, limit: int = EVENTS_SHOWN
) -> list[OfficeEvent]:
    """Return answers, withdrawals, reviews and requests of candidates, newest first.

    What somebody answered in one go is one event.
    """
    events = [
        *_list_entries(session, campaign_id, limit=limit),
        *_list_requests(session, campaign_id, limit=limit),
    ]
    return sorted(events, key=lambda event: event.at, reverse=True)[:limit]


def _list_entries(session: Session, campaign_id: int, *, limit: int) -> list[OfficeEvent]:
    entries = session.scalars(
        select(PledgeEvent)
        .where(PledgeEvent.campaign_id == campaign_id)
        .order_by(PledgeEvent.sequence.desc())
        .limit(limit * _MOST_ASKS)
        .options(
            joinedload(PledgeEvent.ask_version),
            joinedload(PledgeEvent.candidacy).joinedload(Candidacy.person),
        )
    ).all()
    names = list_actor_names(session, {entry.entered_by for entry in entries})
    groups = groupby(
        entries, lambda each: (each.recorded_at, each.candidacy_id, each.kind, each.entered_by)
    )
    return [
        OfficeEvent(
            at=at,
            person_id=together[0].candidacy.person_id,
            name=together[0].candidacy.person.name,
            kind=kind,
            by="" if entered_by == "candidate" else names[entered_by],
            stances=tuple(entry.stance for entry in together),
            ask_titles=tuple(entry.ask_version.title for entry in together),
        )
        for (at, _candidacy_id, kind, entered_by), group in groups
        if (together := list(group))
    ]


def _list_requests(session: Session, campaign_id: int, *, limit: int) -> list[OfficeEvent]:
    requests = session.execute(
        select(CandidateRequest, Candidacy)
        .join(Candidacy, CandidateRequest.candidacy_id == Candidacy.id)
        .where(CandidateRequest.campaign_id == campaign_id)
        .order_by(CandidateRequest.id.desc())
        .limit(limit)
        .options(joinedload(Candidacy.person))
    )
    return [
        OfficeEvent(
            at=request.requested_at,
            person_id=candidacy.person_id,
            name=candidacy.person.name,
            kind=RequestKind(request.kind),
        )
        for request, candidacy in requests
    ]
