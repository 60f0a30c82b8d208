"""Reads of the pledges domain."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased, joinedload

from campaign.campaigns.models import Ask, AskVersion, Campaign
from campaign.candidates.models import Candidacy, PersonAlias
from campaign.core.db import table_of
from campaign.pledges.models import (
    AnswerLink,
    CandidateRequest,
    Invitation,
    InvitationTimetable,
    PendingChange,
    PledgeEvent,
)
from campaign.pledges.rules import (
    FIRST_PREVIOUS_HASH,
    ChainEntry,
    Channel,
    EventKind,
    RequestKind,
    Stance,
    VerificationLevel,
    chain_hash,
)

_ENTRIES = (EventKind.ANSWER, EventKind.WITHDRAWAL)
_DECISIONS = (EventKind.REVIEW, EventKind.REJECTION)

_REFUSING = (RequestKind.NOT_ME, RequestKind.WRONG_ADDRESS, RequestKind.NOTHING_MORE)
# Made once: to put a statement together costs more than to run it.
_REFUSALS = select(
    table_of(CandidateRequest).c.candidacy_id, table_of(CandidateRequest).c.kind
).where(
    CandidateRequest.campaign_id == bindparam("campaign_id"),
    CandidateRequest.kind.in_(_REFUSING),
    CandidateRequest.settled_at.is_(None),
)
_REFUSALS_AMONG = _REFUSALS.where(
    CandidateRequest.candidacy_id.in_(bindparam("candidacy_ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class CurrentAnswer:
    """What a candidate's answer to an ask is today, as the public sees it."""

    candidacy_id: int
    ask_id: int
    ask_version: int
    """Number of the wording that was answered."""
    stance: Stance
    statement: str
    channel: Channel
    source_url: str
    quote: str
    verification_level: VerificationLevel
    recorded_at: datetime
    event_id: int


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One answer or withdrawal in a candidate's history, with what became of its review."""

    event_id: int
    sequence: int
    kind: EventKind
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

    @property
    def is_public(self) -> bool:
        """Whether the public sees this entry."""
        return self.channel is Channel.LINK or self.decision is EventKind.REVIEW


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where a campaign's chain breaks, and how."""

    sequence: int
    problem: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check of one campaign's chain found."""

    campaign_slug: str
    count: int
    head_hash: str
    faults: list[ChainFault]


def list_current_answers(
    session: Session, campaign_id: int, *, candidacy_ids: Collection[int] | None = None
) -> dict[tuple[int, int], CurrentAnswer]:
    """Return the public answers of today by (candidacy, ask); no entry means no answer yet.

    An answer from the candidate's own link is public at once; one that an organiser entered, once
    another organiser has reviewed it. A withdrawal ends the answer before it.
    """
    given: dict[str, object] = {"campaign_id": campaign_id}
    if candidacy_ids is not None:
        given["candidacy_ids"] = list(candidacy_ids)
    rows = session.execute(_answers(are_some=candidacy_ids is not None), given)
    answers = (
        CurrentAnswer(
            candidacy_id=candidacy_id,
            ask_id=ask_id,
            ask_version=version,
            stance=stance,
            statement=statement,
            channel=channel,
            source_url=source_url,
            quote=quote,
            verification_level=VerificationLevel(level),
            recorded_at=recorded_at,
            event_id=event_id,
        )
        for candidacy_id, ask_id, version, stance, statement, channel, source_url, quote, level,
        recorded_at, event_id in rows
        if stance is not None
    )  # fmt: skip
    return {(answer.candidacy_id, answer.ask_id): answer for answer in answers}


@cache  # Building it takes longer than the database takes for one constituency.
def _answers(*, are_some: bool) -> Select[*tuple[Any, ...]]:
    newest = newest_public_entries()
    if are_some:
        newest = newest.where(
            PledgeEvent.candidacy_id.in_(bindparam("candidacy_ids", expanding=True))
        )
    review = aliased(PledgeEvent)
    return (
        select(
            PledgeEvent.candidacy_id,
            PledgeEvent.ask_id,
            AskVersion.number,
            PledgeEvent.stance,
            PledgeEvent.statement,
            PledgeEvent.channel,
            PledgeEvent.source_url,
            PledgeEvent.quote,
            func.coalesce(review.verification_level, PledgeEvent.verification_level),
            PledgeEvent.recorded_at,
            PledgeEvent.id,
        )
        .join(PledgeEvent.ask_version)
        .outerjoin(review, _is_review(review, PledgeEvent))
        .where(
            PledgeEvent.id.in_(newest),
            PledgeEvent.kind == EventKind.ANSWER,
            PledgeEvent.stance.is_not(None),
        )
    )


def newest_public_entries() -> Select[int]:
    """Select the newest public entry of each candidate and ask: an answer or its withdrawal.

    The campaign is the parameter ``campaign_id``.
    """
    review = aliased(PledgeEvent)
    return (
        select(func.max(PledgeEvent.id))
        .outerjoin(review, _is_review(review, PledgeEvent))
        .where(
            PledgeEvent.campaign_id == bindparam("campaign_id"),
            PledgeEvent.kind.in_(_ENTRIES),
            or_(PledgeEvent.channel == Channel.LINK, review.id.is_not(None)),
        )
        .group_by(PledgeEvent.candidacy_id, PledgeEvent.ask_id)
    )


def list_history(
    session: Session, campaign_id: int, candidacy_id: int, *, public_only: bool = False
) -> list[HistoryEntry]:
    """Return a candidate's answers and withdrawals, oldest first, each with its review."""
    decision = aliased(PledgeEvent)
    rows = session.execute(
        select(PledgeEvent, AskVersion, decision.kind, decision.verification_level)
        .join(PledgeEvent.ask_version)
        .outerjoin(
            decision,
            and_(_is_about(decision, PledgeEvent), decision.kind.in_(_DECISIONS)),
        )
        .where(
            PledgeEvent.campaign_id == campaign_id,
            PledgeEvent.candidacy_id == candidacy_id,
            PledgeEvent.kind.in_(_ENTRIES),
        )
        .order_by(PledgeEvent.sequence)
    )
    history = [
        HistoryEntry(
            event_id=event.id,
            sequence=event.sequence,
            kind=event.kind,
            ask_id=event.ask_id,
            ask_title=version.title,
            ask_version=version.number,
            stance=event.stance,
            statement=event.statement,
            channel=event.channel,
            source_url=event.source_url,
            quote=event.quote,
            verification_level=VerificationLevel(
                level if verdict is EventKind.REVIEW else event.verification_level
            ),
            entered_by=event.entered_by,
            recorded_at=event.recorded_at,
            decision=verdict,
        )
        for event, version, verdict, level in rows
    ]
    return [entry for entry in history if entry.is_public or not public_only]


def list_entries_to_review(session: Session, campaign_id: int) -> list[PledgeEvent]:
    """Return what organisers entered and nobody has reviewed, oldest first, ready to be shown."""
    decision = aliased(PledgeEvent)
    return list(
        session.scalars(
            select(PledgeEvent)
            .where(
                PledgeEvent.campaign_id == campaign_id,
                PledgeEvent.kind.in_(_ENTRIES),
                PledgeEvent.channel != Channel.LINK,
                ~select(decision.id)
                .where(_is_about(decision, PledgeEvent), decision.kind.in_(_DECISIONS))
                .exists(),
            )
            .order_by(PledgeEvent.sequence)
            .options(
                joinedload(PledgeEvent.ask_version),
                joinedload(PledgeEvent.candidacy).joinedload(Candidacy.person),
                joinedload(PledgeEvent.candidacy).joinedload(Candidacy.ballot),
            )
        )
    )


def is_entry_of(session: Session, campaign_id: int, event_id: int) -> bool:
    """Tell whether a number belongs to something in this campaign's record, of whatever kind."""
    event = session.get(PledgeEvent, event_id)
    return event is not None and event.campaign_id == campaign_id


def list_candidate_requests(session: Session, campaign_id: int) -> list[CandidateRequest]:
    """Return what candidates asked for and nobody has settled, oldest first."""
    return list(
        session.scalars(
            select(CandidateRequest)
            .where(
                CandidateRequest.campaign_id == campaign_id,
                CandidateRequest.settled_at.is_(None),
            )
            .order_by(CandidateRequest.id)
        )
    )


def wants_no_mail(session: Session, campaign_id: int, candidacy_id: int) -> bool:
    """Tell whether no letter of the campaign may go to a candidate until the request is settled."""
    return bool(list_mail_refusals(session, campaign_id, candidacy_ids=[candidacy_id]))


def list_mail_refusals(
    session: Session, campaign_id: int, *, candidacy_ids: Collection[int] | None = None
) -> dict[int, RequestKind]:
    """Return the candidacies for which ``wants_no_mail`` holds, and what was asked for.

    ``nothing_more`` comes before what was said of the address.
    """
    values: dict[str, object] = {"campaign_id": campaign_id}
    if candidacy_ids is not None:
        values["candidacy_ids"] = list(candidacy_ids)
    session.flush()
    found = session.connection().execute(
        _REFUSALS if candidacy_ids is None else _REFUSALS_AMONG, values
    )
    return dict(
        sorted(
            ((row[0], RequestKind(row[1])) for row in found),
            key=lambda each: _REFUSING.index(each[1]),
        )
    )


def check_chain(session: Session, campaign: Campaign) -> ChainReport:
    """Compute every hash of a campaign's record again and say where it differs."""
    former_ids = _former_person_ids(session)
    faults: list[ChainFault] = []
    count, head_hash = 0, FIRST_PREVIOUS_HASH
    for entry, stored_hash in _chain_entries(session, campaign):
        expected = count + 1
        if entry.sequence != expected:
            faults.append(
                ChainFault(entry.sequence, f"entry {expected} should come here and is missing")
            )
        if entry.previous_hash != head_hash:
            faults.append(
                ChainFault(entry.sequence, "it is not chained to the entry that stands before it")
            )
        # Democracy Club merges two entries for one person; the hash keeps the id of its day.
        people = (entry.person_id, *former_ids.get(entry.person_id, ()))
        if stored_hash not in {chain_hash(replace(entry, person_id=person)) for person in people}:
            faults.append(
                ChainFault(entry.sequence, "its content is not what was hashed when it was added")
            )
        count, head_hash = entry.sequence, stored_hash
    return ChainReport(campaign.slug, count, head_hash, faults)


def _is_review(review: type[PledgeEvent], entry: type[PledgeEvent]) -> ColumnElement[bool]:
    return and_(_is_about(review, entry), review.kind == EventKind.REVIEW)


def _is_about(decision: type[PledgeEvent], entry: type[PledgeEvent]) -> ColumnElement[bool]:
    # The first three say nothing new; they let the index on them find the decision.
    return and_(
        decision.campaign_id == entry.campaign_id,
        decision.candidacy_id == entry.candidacy_id,
        decision.ask_id == entry.ask_id,
        decision.refers_to_id == entry.id,
    )


def _chain_entries(session: Session, campaign: Campaign) -> Iterator[tuple[ChainEntry, str]]:
    subject = aliased(PledgeEvent)
    rows = session.execute(
        select(
            PledgeEvent,
            Candidacy.person_id,
            Candidacy.ballot_id,
            Ask.slug,
            AskVersion.number,
            subject.sequence,
        )
        .join(PledgeEvent.candidacy)
        .join(PledgeEvent.ask)
        .join(PledgeEvent.ask_version)
        .outerjoin(subject, subject.id == PledgeEvent.refers_to_id)
        .where(PledgeEvent.campaign_id == campaign.id)
        .order_by(PledgeEvent.sequence)
        .execution_options(yield_per=1000, populate_existing=True)
    )
    for event, person_id, ballot_id, ask_slug, version, refers_to in rows:
        entry = ChainEntry(
            campaign=campaign.slug,
            sequence=event.sequence,
            kind=event.kind,
            person_id=person_id,
            ballot_id=ballot_id,
            ask=ask_slug,
            ask_version=version,
            refers_to=refers_to,
            stance=event.stance,
            statement=event.statement,
            channel=event.channel,
            source_url=event.source_url,
            quote=event.quote,
            verification_level=event.verification_level,
            entered_by=event.entered_by,
            recorded_at=event.recorded_at,
            previous_hash=event.previous_hash,
        )
        yield entry, event.hash


def _former_person_ids(session: Session) -> dict[int, list[int]]:
    former: dict[int, list[int]] = {}
    for alias in session.scalars(select(PersonAlias)):
        former.setdefault(alias.person_id, []).append(alias.old_person_id)
    return former


def list_open_changes(session: Session, campaign_id: int, candidacy_id: int) -> list[PendingChange]:
    """Return the changes of a candidate's answers that wait, oldest first, with their wordings."""
    return list(
        session.scalars(
            select(PendingChange)
            .where(
                PendingChange.campaign_id == campaign_id,
                PendingChange.candidacy_id == candidacy_id,
                PendingChange.settled_at.is_(None),
            )
            .order_by(PendingChange.id)
            .options(joinedload(PendingChange.ask_version))
        )
    )


def is_link_revoked(session: Session, campaign_id: int, candidacy_id: int) -> bool:
    """Tell whether a candidate's link is switched off and none has replaced it."""
    link = session.get(AnswerLink, (campaign_id, candidacy_id))
    return link is not None and link.is_revoked


def list_ever_answered(session: Session, campaign_id: int) -> set[int]:
    """Return the candidacies with any public answer to a campaign, also one that was withdrawn."""
    review = aliased(PledgeEvent)
    return set(
        session.scalars(
            select(PledgeEvent.candidacy_id)
            .distinct()
            .outerjoin(review, _is_review(review, PledgeEvent))
            .where(
                PledgeEvent.campaign_id == campaign_id,
                PledgeEvent.kind == EventKind.ANSWER,
                or_(PledgeEvent.channel == Channel.LINK, review.id.is_not(None)),
            )
        )
    )


def find_timetable(session: Session, campaign_id: int) -> InvitationTimetable | None:
    """Return the timetable by which a campaign invites its candidates, unless it was stopped."""
    return session.scalar(
        select(InvitationTimetable).where(
            InvitationTimetable.campaign_id == campaign_id,
            InvitationTimetable.stopped_at.is_(None),
        )
    )


def count_invitations(session: Session, campaign_id: int) -> dict[int, tuple[int, int]]:
    """Return by step how many invitations were queued, and how many of them have left."""
    rows = session.execute(
        select(Invitation.step, func.count(), func.count(Invitation.sent_at))
        .where(Invitation.campaign_id == campaign_id)
        .group_by(Invitation.step)
    )
    return {step: (queued, sent) for step, queued, sent in rows}


def list_invitations(session: Session, campaign_id: int, candidacy_id: int) -> list[Invitation]:
    """Return a candidate's invitation and reminders, in their order."""
    return list(
        session.scalars(
            select(Invitation)
            .where(Invitation.campaign_id == campaign_id, Invitation.candidacy_id == candidacy_id)
            .order_by(Invitation.step)
        )
    )


def has_open_request(
    session: Session, campaign_id: int, candidacy_id: int, kind: RequestKind
) -> bool:
    """Tell whether something that a candidate asked for still waits for an organiser."""
    found = session.scalar(
        select(CandidateRequest.id).where(
            CandidateRequest.campaign_id == campaign_id,
            CandidateRequest.candidacy_id == candidacy_id,
            CandidateRequest.kind == kind,
            CandidateRequest.settled_at.is_(None),
        )
    )
    return found is not None
