"""A campaign's record as organisers look through it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, Person
from campaign.elections.models import Ballot
from campaign.organisers.queries import list_actor_names
from campaign.pledges.errors import PledgeEventNotFound
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import (
    HistoryEntry,
    find_event,
    find_history_entry,
    list_events_about,
    map_marks,
)
from campaign.pledges.rules import DECISION_KINDS, ENTRY_KINDS, Channel, DisputeState, Marks

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
    decided: set[int]
    """Entries that a second organiser has decided on."""
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


def record_page(
    session: Session, campaign: Campaign, *, words: str, state: RecordState | None, number: int
) -> RecordPage:
    """Return the entries of candidates whose name holds every word, or with that number."""
    entries = _narrowed(session, campaign, state)
    for word in words.split():
        pattern = f"%{word.replace('%', '').replace('_', '').casefold()}%"
        is_named = func.lower(Person.name).like(pattern)
        is_number = word.isascii() and word.isdigit() and len(word) < 10
        entries = entries.where(
            or_(is_named, PledgeEvent.sequence == int(word)) if is_number else is_named
        )
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
        decided=_list_decided(session, campaign, ids),
        count=count,
        number=number,
    )


def entry_page(session: Session, campaign: Campaign, *, sequence: int) -> EntryPage:
    """Return an entry with everything that was said about it; raises PledgeEventNotFound."""
    event = find_event(session, campaign.id, sequence=sequence)
    entry = find_history_entry(session, campaign.id, event.id) if event else None
    if event is None or entry is None:
        raise PledgeEventNotFound("There is no entry of this number.")
    about = list_events_about(session, event.id)
    actors = {event.entered_by, *(each.entered_by for each in about)}
    return EntryPage(event, entry, about, list_actor_names(session, actors))


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


def _list_decided(session: Session, campaign: Campaign, event_ids: Sequence[int]) -> set[int]:
    found = session.scalars(
        select(PledgeEvent.refers_to_id).where(
            PledgeEvent.campaign_id == campaign.id,
            PledgeEvent.refers_to_id.in_(event_ids),
            PledgeEvent.kind.in_(DECISION_KINDS),
        )
    )
    return {each for each in found if each is not None}
