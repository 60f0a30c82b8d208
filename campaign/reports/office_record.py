"""A campaign's record as organisers look through it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import plain_text
from campaign.elections.models import Ballot
from campaign.organisers.queries import list_actor_names
from campaign.pledges.errors import PledgeEventNotFound
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import (
    HistoryEntry,
    find_event,
    find_history_entry,
    list_current_answers,
    list_events_about,
    map_marks,
)
from campaign.pledges.rules import (
    DECISION_KINDS,
    ENTRY_KINDS,
    Channel,
    DisputeState,
    EventKind,
    Marks,
)
from campaign.pledges.service import takes_answers
from campaign.reports.candidate_words import list_candidacies_with

PAGE_SIZE = 20


class RecordState(StrEnum):
    """Which entries somebody looks for."""

    REVIEW = "review"
    DISPUTED = "disputed"
    HIDDEN = "hidden"
    BY_OFFICE = "by_office"
    """All that organisers entered."""


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One page of entries, the newest first."""

    entries: list[PledgeEvent]
    marks: dict[int, Marks]
    verdicts: dict[int, EventKind]
    """What a second organiser found: review or rejection, by the entry's id."""
    count: int
    number: int

    @property
    def pages(self) -> int:
        """Return how many pages there are."""
        return max(1, -(-self.count // PAGE_SIZE))


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Everything about one entry."""

    event: PledgeEvent
    entry: HistoryEntry
    about: list[PledgeEvent]
    """Each event about it, oldest first."""
    names: dict[str, str]
    can_be_corrected: bool
    """Whether the record still takes answers: until the poll or the campaign closes."""
    can_be_taken_back: bool
    """Whether it is the answer that counts, too."""


def record_page(
    session: Session, campaign: Campaign, *, words: str, state: RecordState | None, number: int
) -> RecordPage:
    """Return the entries of candidates who match every word, or with that number.

    The number of what was said about an entry, as ``campaign pledges verify`` prints it, leads to
    the entry.
    """
    entries = _narrowed(session, campaign, state)
    for word in plain_text(words).split():
        entries = entries.where(_matches(session, campaign, word))
    count = session.scalar(select(func.count()).select_from(entries.subquery())) or 0
    number = min(max(1, number), max(1, -(-count // PAGE_SIZE)))
    found = session.scalars(
        entries.order_by(PledgeEvent.sequence.desc())
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
        .options(
            joinedload(PledgeEvent.ask_version),
            joinedload(PledgeEvent.candidacy).joinedload(Candidacy.person),
            joinedload(PledgeEvent.candidacy)
            .joinedload(Candidacy.ballot)
            .joinedload(Ballot.constituency),
        )
    ).all()
    ids = [event.id for event in found]
    return RecordPage(
        entries=list(found),
        marks=map_marks(session, campaign.id, event_ids=ids) if ids else {},
        verdicts=_map_verdicts(session, campaign, ids),
        count=count,
        number=number,
    )


def entry_page(session: Session, campaign: Campaign, *, sequence: int, now: datetime) -> EntryPage:
    """Return an entry with everything that was said about it; raises PledgeEventNotFound."""
    event = find_event(session, campaign.id, sequence=sequence)
    entry = find_history_entry(session, campaign.id, event.id) if event else None
    if event is None or entry is None:
        raise PledgeEventNotFound("There is no entry of this number.")
    about = list_events_about(session, event.id)
    actors = {event.entered_by, *(each.entered_by for each in about)}
    is_open = takes_answers(session, campaign, now=now)
    current = list_current_answers(session, campaign.id, candidacy_ids=[event.candidacy_id])
    counting = current.get((event.candidacy_id, event.ask_id))
    return EntryPage(
        event,
        entry,
        about,
        list_actor_names(session, actors),
        can_be_corrected=is_open and (event.kind is EventKind.ANSWER or entry.can_be_corrected),
        can_be_taken_back=is_open and counting is not None and counting.event_id == event.id,
    )


def _narrowed(
    session: Session, campaign: Campaign, state: RecordState | None
) -> Select[PledgeEvent]:
    entries = (
        select(PledgeEvent)
        .join(PledgeEvent.candidacy)
        .join(Candidacy.person)
        .where(PledgeEvent.campaign_id == campaign.id, PledgeEvent.kind.in_(ENTRY_KINDS))
    )
    if state is RecordState.BY_OFFICE:
        return entries.where(PledgeEvent.channel != Channel.LINK)
    if state is RecordState.REVIEW:
        decision = aliased(PledgeEvent)
        is_decided = (
            select(decision.id)
            .where(
                decision.campaign_id == campaign.id,
                decision.refers_to_id == PledgeEvent.id,
                decision.kind.in_(DECISION_KINDS),
            )
            .exists()
        )
        return entries.where(PledgeEvent.channel != Channel.LINK, ~is_decided)
    if state is None:
        return entries
    marked = map_marks(session, campaign.id)
    if state is RecordState.DISPUTED:
        ids = [key for key, marks in marked.items() if marks.dispute is DisputeState.OPEN]
    else:
        ids = [key for key, marks in marked.items() if marks.is_hidden]
    return entries.where(PledgeEvent.id.in_(ids))


def _matches(session: Session, campaign: Campaign, word: str) -> ColumnElement[bool]:
    is_of = PledgeEvent.candidacy_id.in_(list_candidacies_with(session, campaign, word))
    if not (word.isascii() and word.isdigit() and len(word) < 10):
        return is_of
    about = aliased(PledgeEvent)
    is_about = PledgeEvent.id.in_(
        select(about.refers_to_id).where(
            about.campaign_id == campaign.id, about.sequence == int(word)
        )
    )
    return or_(is_of, PledgeEvent.sequence == int(word), is_about)


def _map_verdicts(
    session: Session, campaign: Campaign, event_ids: Sequence[int]
) -> dict[int, EventKind]:
    found = session.execute(
        select(PledgeEvent.refers_to_id, PledgeEvent.kind).where(
            PledgeEvent.campaign_id == campaign.id,
            PledgeEvent.refers_to_id.in_(event_ids),
            PledgeEvent.kind.in_(DECISION_KINDS),
        )
    )
    return {event_id: kind for event_id, kind in found if event_id is not None}
