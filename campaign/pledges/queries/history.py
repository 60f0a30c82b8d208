"""How candidates came to stand where they stand, and what waits for a second organiser."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session, aliased, joinedload

from campaign.campaigns.models import AskVersion
from campaign.candidates.models import Candidacy
from campaign.candidates.queries import map_places_of_person
from campaign.elections.models import Ballot
from campaign.geography.models import Constituency
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries.marks import is_about, map_marks
from campaign.pledges.rules import (
    DECISION_KINDS,
    ENTRY_KINDS,
    NO_MARKS,
    Channel,
    DisputeState,
    EntryLife,
    EventKind,
    Marks,
    Saying,
    Stance,
    VerificationLevel,
)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One answer or withdrawal in a candidate's history, with what became of it."""

    event_id: int
    sequence: int
    kind: EventKind
    candidacy_id: int
    ask_id: int
    ask_title: str
    """Title of the wording that was answered."""
    ask_version: int
    stance: Stance | None
    statement: str
    channel: Channel
    source_url: str
    quote: str
    verification_level: VerificationLevel
    entered_by: str
    recorded_at: datetime
    decision: EventKind | None
    """REVIEW or REJECTION by a second organiser; None for the candidate's own and for open ones."""
    decided_because: str = ""
    decided_by: str = ""
    """Who reviewed it, named as in ``entered_by``."""
    hash: str = ""
    previous_hash: str = ""
    valid_from: date | None = None
    archive_sha256: str = ""
    archive_url: str = ""
    reason: str = ""
    """Of a withdrawal that an organiser entered: how the candidate asked for it."""
    marks: Marks = NO_MARKS
    elsewhere: Constituency | None = None
    """Where they stood then; None for where they stand today. It is set in a person's history."""
    corrects: int | None = None
    """Number of the entry that this one corrects."""

    @property
    def is_public(self) -> bool:
        """Whether the public sees this entry."""
        return self.life.is_public

    @property
    def can_be_disputed(self) -> bool:
        """Whether the candidate can object: others entered it, it is public and in no dispute."""
        return self.life.find_obstacle(EventKind.DISPUTE) is None

    @property
    def can_be_corrected(self) -> bool:
        """Whether an organiser can record another answer in its place: they entered it."""
        return self.life.find_obstacle(EventKind.ANSWER) is None

    @property
    def saying(self) -> Saying:
        """Return the place of the entry and the day on which it was said."""
        return Saying(self.sequence, self.valid_from or self.recorded_at.date(), self.corrects)

    @property
    def life(self) -> EntryLife:
        """Return what has become of the entry, which decides what can be said about it next."""
        return EntryLife(
            self.kind,
            self.channel,
            self.entered_by,
            self.decision,
            self.marks.dispute,
            self.marks.is_hidden,
        )

    def as_public(self) -> "HistoryEntry":
        """Return the entry without the texts that are hidden."""
        if not self.marks.is_hidden:
            return self
        return replace(self, statement="", quote="", source_url="", archive_url="")


def list_history(
    session: Session, campaign_id: int, candidacy_id: int, *, public_only: bool = False
) -> list[HistoryEntry]:
    """Return a candidate's answers and withdrawals, oldest first, each with its review.

    With ``public_only``, what the public sees: hidden texts are empty.
    """
    return _list_history(session, campaign_id, [candidacy_id], public_only=public_only)


def list_person_history(
    session: Session, campaign_id: int, candidacy: Candidacy, *, public_only: bool = False
) -> list[HistoryEntry]:
    """Return ``list_history`` of everything that the person said, wherever they stood then.

    Who changed ballots has more than one candidacy in an election, and keeps one history.
    """
    places = map_places_of_person(session, candidacy)
    places[candidacy.id] = None
    history = _list_history(session, campaign_id, places, public_only=public_only)
    return [replace(entry, elsewhere=places[entry.candidacy_id]) for entry in history]


def _list_history(
    session: Session, campaign_id: int, candidacy_ids: Collection[int], *, public_only: bool
) -> list[HistoryEntry]:
    rows = session.execute(
        _entries().where(
            PledgeEvent.campaign_id == campaign_id, PledgeEvent.candidacy_id.in_(candidacy_ids)
        )
    ).all()
    ids = [event.id for event, *_ in rows]
    marks = map_marks(session, campaign_id, event_ids=ids) if ids else {}
    history = [_history_entry(*row, marks.get(row[0].id, NO_MARKS)) for row in rows]
    if not public_only:
        return history
    return [entry.as_public() for entry in history if entry.is_public]


def find_history_entry(session: Session, campaign_id: int, event_id: int) -> HistoryEntry | None:
    """Return one answer or withdrawal of a campaign with what became of it."""
    row = session.execute(
        _entries().where(PledgeEvent.campaign_id == campaign_id, PledgeEvent.id == event_id)
    ).first()
    if row is None:
        return None
    marks = map_marks(session, campaign_id, event_ids=[event_id])
    return _history_entry(*row, marks.get(event_id, NO_MARKS))


def find_numbered_entry(
    session: Session, campaign_id: int, *, sequence: int
) -> HistoryEntry | None:
    """Return the answer or withdrawal at this place of a campaign's chain."""
    event = find_event(session, campaign_id, sequence=sequence)
    return None if event is None else find_history_entry(session, campaign_id, event.id)


def _entries() -> Select[PledgeEvent, AskVersion, EventKind, int, str, str]:
    decision = aliased(PledgeEvent)
    return (
        select(
            PledgeEvent,
            AskVersion,
            decision.kind,
            decision.verification_level,
            decision.reason,
            decision.entered_by,
        )
        .join(PledgeEvent.ask_version)
        .outerjoin(
            decision, and_(is_about(decision, PledgeEvent), decision.kind.in_(DECISION_KINDS))
        )
        .where(PledgeEvent.kind.in_(ENTRY_KINDS))
        .order_by(PledgeEvent.sequence)
        .options(joinedload(PledgeEvent.subject))
    )


def _history_entry(
    event: PledgeEvent,
    version: AskVersion,
    verdict: EventKind | None,
    level: int | None,
    because: str | None,
    decided_by: str | None,
    marks: Marks,
) -> HistoryEntry:
    return HistoryEntry(
        event_id=event.id,
        sequence=event.sequence,
        kind=event.kind,
        candidacy_id=event.candidacy_id,
        ask_id=event.ask_id,
        ask_title=version.title,
        ask_version=version.number,
        stance=event.stance,
        statement=event.statement,
        channel=event.channel,
        source_url=event.source_url,
        quote=event.quote,
        verification_level=VerificationLevel(
            level if verdict is EventKind.REVIEW and level is not None else event.verification_level
        ),
        entered_by=event.entered_by,
        recorded_at=event.recorded_at,
        decision=verdict,
        decided_because=because or "",
        decided_by=decided_by or "",
        hash=event.hash,
        previous_hash=event.previous_hash,
        valid_from=event.valid_from,
        archive_sha256=event.archive_sha256,
        archive_url=event.archive_url,
        reason=event.reason,
        marks=marks,
        corrects=event.subject.sequence if event.subject else None,
    )


def list_entries_to_review(session: Session, campaign_id: int) -> list[PledgeEvent]:
    """Return what organisers entered and nobody has reviewed, oldest first, ready to be shown."""
    decision = aliased(PledgeEvent)
    return list(
        session.scalars(
            select(PledgeEvent)
            .where(
                PledgeEvent.campaign_id == campaign_id,
                PledgeEvent.kind.in_(ENTRY_KINDS),
                PledgeEvent.channel != Channel.LINK,
                ~select(decision.id)
                .where(is_about(decision, PledgeEvent), decision.kind.in_(DECISION_KINDS))
                .exists(),
            )
            .order_by(PledgeEvent.sequence)
            .options(
                joinedload(PledgeEvent.ask_version),
                joinedload(PledgeEvent.subject),
                joinedload(PledgeEvent.candidacy).joinedload(Candidacy.person),
                joinedload(PledgeEvent.candidacy)
                .joinedload(Candidacy.ballot)
                .joinedload(Ballot.constituency),
            )
        )
    )


def is_entry_of(session: Session, campaign_id: int, event_id: int) -> bool:
    """Tell whether a number belongs to something in this campaign's record, of whatever kind."""
    event = session.get(PledgeEvent, event_id)
    return event is not None and event.campaign_id == campaign_id


def find_event(session: Session, campaign_id: int, *, sequence: int) -> PledgeEvent | None:
    """Return the event at this place of a campaign's chain."""
    return session.scalar(
        select(PledgeEvent).where(
            PledgeEvent.campaign_id == campaign_id, PledgeEvent.sequence == sequence
        )
    )


def list_events_about(session: Session, event_id: int) -> list[PledgeEvent]:
    """Return every event about an entry, oldest first."""
    entry = session.get_one(PledgeEvent, event_id)
    return list(
        session.scalars(
            select(PledgeEvent)
            .where(
                PledgeEvent.campaign_id == entry.campaign_id, PledgeEvent.refers_to_id == event_id
            )
            .order_by(PledgeEvent.sequence)
        )
    )


def count_open_disputes(session: Session, campaign_id: int) -> int:
    """Return how many objections of candidates no organiser has settled."""
    marks = map_marks(session, campaign_id)
    return sum(each.dispute is DisputeState.OPEN for each in marks.values())
