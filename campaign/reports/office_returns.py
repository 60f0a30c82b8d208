"""What came back, as organisers see it: bounces, broken addresses, who gets nothing more."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.candidates.models import Candidacy, ContactRepair, Person
from campaign.candidates.queries import get_open_repair, list_open_repairs, list_people_at
from campaign.delivery.models import DeliveryEvent, OutboxMessage, Suppression
from campaign.delivery.queries import list_events, list_suppressions, list_undecided_events
from campaign.delivery.returns import EventDecision, EventKind, Provider, SuppressionReason
from campaign.elections.models import Ballot
from campaign.geography.models import Constituency
from campaign.letters.models import Letter
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.organisers.queries import list_actor_names


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that came back; a supporter is not named."""

    id: int
    kind: EventKind
    received_at: datetime
    provider: Provider
    status: str
    excerpt: str
    candidates: str
    """Names of the candidates at the address; empty where it is somebody else's."""
    decision: EventDecision | None
    decided_by: str
    subject: str
    """Subject of the message, where it was not a letter."""


@dataclass(frozen=True, slots=True)
class RepairRow:
    """One candidate whose address does not work."""

    id: int
    name: str
    places: str
    email: str
    cause: str
    opened_at: datetime
    waiting: int
    """Letters that wait for a better address or came back."""


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """One address that gets nothing more."""

    id: int
    address: str
    reason: SuppressionReason
    source: str
    since: datetime
    candidates: str


def undecided_events(session: Session) -> list[EventRow]:
    """Return bounces that a person has to decide on, the oldest first."""
    return _event_rows(session, list_undecided_events(session))


def latest_events(session: Session) -> list[EventRow]:
    """Return what came back of late, the newest first."""
    return _event_rows(session, list_events(session))


def open_repairs(session: Session) -> list[RepairRow]:
    """Return the candidates whose address does not work, the oldest first."""
    return _repair_rows(session, list_open_repairs(session))


def repair_row(session: Session, repair_id: int) -> RepairRow:
    """Return one of them; raises RepairNotFound."""
    return _repair_rows(session, [get_open_repair(session, repair_id)])[0]


def suppression_rows(session: Session, *, limit: int, offset: int) -> list[SuppressionRow]:
    """Return the addresses that get nothing more, the newest first."""
    return rows_of_suppressions(session, list_suppressions(session, limit=limit, offset=offset))


def rows_of_suppressions(session: Session, entries: Sequence[Suppression]) -> list[SuppressionRow]:
    """Return entries with the names of candidates and of whoever made them."""
    names = _candidate_names(session, {entry.address_key for entry in entries})
    sources = list_actor_names(session, {entry.source for entry in entries})
    return [
        SuppressionRow(
            id=entry.id,
            address=entry.address_key,
            reason=entry.reason,
            source=sources[entry.source],
            since=entry.since,
            candidates=names.get(entry.address_key, ""),
        )
        for entry in entries
    ]


def _event_rows(session: Session, events: Sequence[DeliveryEvent]) -> list[EventRow]:
    names = _candidate_names(session, {event.address_key for event in events})
    actors = list_actor_names(session, {event.decided_by for event in events})
    ids = {event.outbox_message_id for event in events if event.outbox_message_id is not None}
    carried = select(Letter.outbox_message_id).where(Letter.outbox_message_id.in_(ids))
    subjects = {
        row[0]: row[1]
        for row in session.execute(
            select(OutboxMessage.id, OutboxMessage.subject).where(
                OutboxMessage.id.in_(ids), OutboxMessage.id.not_in(carried)
            )
        )
    }
    return [
        EventRow(
            id=event.id,
            kind=event.kind,
            received_at=event.received_at,
            provider=event.provider,
            status=event.status,
            excerpt=event.excerpt,
            candidates=names.get(event.address_key, ""),
            decision=event.decision,
            decided_by=actors[event.decided_by],
            subject=subjects.get(event.outbox_message_id or 0, ""),
        )
        for event in events
    ]


def _candidate_names(session: Session, address_keys: Collection[str]) -> dict[str, str]:
    names: dict[str, list[str]] = defaultdict(list)
    for person in list_people_at(session, address_keys):
        names[(person.email or "").casefold()].append(person.name)
    return {key: ", ".join(found) for key, found in names.items()}


def _repair_rows(session: Session, repairs: Sequence[ContactRepair]) -> list[RepairRow]:
    ids = {repair.person_id for repair in repairs}
    places: dict[int, list[str]] = defaultdict(list)
    for person_id, place in session.execute(
        select(Candidacy.person_id, Constituency.name)
        .join(Ballot, Ballot.id == Candidacy.ballot_id)
        .join(Constituency, Constituency.id == Ballot.constituency_id)
        .where(Candidacy.person_id.in_(ids))
        .order_by(Constituency.name)
    ):
        places[person_id].append(place)
    is_waiting = (Letter.status == LetterStatus.BOUNCED) | (
        Letter.held_reason == HeldReason.NO_ADDRESS
    )
    waiting = {
        row[0]: row[1]
        for row in session.execute(
            select(Person.id, func.count())
            .join(Candidacy, Candidacy.person_id == Person.id)
            .join(Letter, Letter.candidacy_id == Candidacy.id)
            .where(Person.id.in_(ids), is_waiting)
            .group_by(Person.id)
        )
    }
    return [
        RepairRow(
            id=repair.id,
            name=repair.person.name,
            places=", ".join(dict.fromkeys(places[repair.person_id])),
            email=repair.email,
            cause=repair.cause,
            opened_at=repair.opened_at,
            waiting=waiting.get(repair.person_id, 0),
        )
        for repair in repairs
    ]
