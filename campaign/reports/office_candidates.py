"""Candidates as organisers see them: found by a few words, with letters, answers and addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Campaign
from campaign.candidates.models import AddressCorrection, Candidacy, Person
from campaign.candidates.queries import get_candidacy_of_person
from campaign.candidates.rules import CandidacyStatus
from campaign.elections.models import Ballot
from campaign.geography.models import Constituency
from campaign.letters.models import Letter
from campaign.letters.rules import CONFIRMED_STATUSES, HeldReason, LetterStatus
from campaign.organisers.queries import list_actor_names
from campaign.pledges.queries import (
    HistoryEntry,
    list_candidate_requests,
    list_current_answers,
    list_person_history,
)
from campaign.reports.candidate_words import list_candidacies_with

MAXIMUM_ROWS = 100
_LETTERS_SHOWN = 200


_RETURNED = (LetterStatus.BOUNCED, LetterStatus.FAILED)


class Group(StrEnum):
    """Candidates whom an organiser looks for because there is something to do about them."""

    NO_ADDRESS = "no_address"
    RETURNED = "returned"
    """Letters to them came back or could not be sent."""
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One candidate in a list."""

    person_id: int
    candidacy_id: int
    name: str
    party: str
    constituency: str
    status: CandidacyStatus
    is_reachable: bool
    letters: int
    """Confirmed ones."""
    answers: int
    """Asks answered."""


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One letter in a list: never its text, nor who wrote it."""

    id: int
    created_at: datetime
    sent_at: datetime | None
    status: LetterStatus
    held_reason: HeldReason | None


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One change of a candidate's address."""

    at: datetime
    by: str
    old_email: str | None
    new_email: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class RequestRow:
    """What a candidate asked for on their page."""

    id: int
    person_id: int
    name: str
    constituency: str
    kind: str
    note: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """Everything that organisers see of one candidate in one campaign."""

    candidacy: Candidacy
    letters_by_status: dict[LetterStatus, int]
    letters: list[LetterRow]
    """The newest ones."""
    history: list[HistoryEntry]
    corrections: list[CorrectionRow]
    actor_names: dict[str, str]
    """Names behind ``organiser:7`` in the history."""
    public_now: frozenset[int]
    """Numbers of the entries that the public reads as the candidate's answers today."""


def count_out_of_the_race(
    session: Session, campaign: Campaign, *, words: str, group: Group | None = None
) -> int:
    """Count those of a search who are on no ballot that is held; public pages leave them out."""
    out = _matching(session, campaign, words, group).where(
        or_(Candidacy.status == CandidacyStatus.WITHDRAWN, Ballot.is_cancelled)
    )
    return session.scalar(select(func.count()).select_from(out.subquery())) or 0


def search_candidates(
    session: Session,
    campaign: Campaign,
    *,
    words: str,
    group: Group | None = None,
    limit: int = MAXIMUM_ROWS,
    offset: int = 0,
) -> tuple[list[CandidateRow], int]:
    """Find candidates whose name, party or constituency holds every word; and how many there are.

    In the order of the ballot paper within each constituency; at most ``limit`` of them, from
    ``offset`` on. ``group`` keeps those of one kind.
    """
    matching = _matching(session, campaign, words, group)
    count = session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    rows = session.execute(
        matching.order_by(Constituency.name, Person.sort_name, Person.id)
        .limit(limit)
        .offset(offset)
    ).all()
    ids = [row.candidacy_id for row in rows]
    letters = _count_confirmed_letters(session, campaign.id, ids)
    answers = list_current_answers(session, campaign.id, candidacy_ids=ids)
    return [
        CandidateRow(
            person_id=row.person_id,
            candidacy_id=row.candidacy_id,
            name=row.name,
            party=row.party_name,
            constituency=row.constituency,
            status=row.status,
            is_reachable=bool(row.email),
            letters=letters.get(row.candidacy_id, 0),
            answers=sum(1 for candidacy_id, _ in answers if candidacy_id == row.candidacy_id),
        )
        for row in rows
    ], count


def candidate_page(session: Session, campaign: Campaign, *, person_id: int) -> CandidatePage:
    """Collect a candidate's letters, answers and addresses; raises CandidacyNotFound."""
    candidacy = get_candidacy_of_person(
        session, person_id=person_id, election_id=campaign.election_id
    )
    mine = (Letter.campaign_id == campaign.id, Letter.candidacy_id == candidacy.id)
    counts = session.execute(
        select(Letter.status, func.count()).where(*mine).group_by(Letter.status)
    )
    letters = session.execute(
        select(Letter.id, Letter.created_at, Letter.sent_at, Letter.status, Letter.held_reason)
        .where(*mine)
        .order_by(Letter.id.desc())
        .limit(_LETTERS_SHOWN)
    )
    history = list_person_history(session, campaign.id, candidacy)
    return CandidatePage(
        candidacy=candidacy,
        letters_by_status={row.status: row[1] for row in counts},
        letters=[
            LetterRow(row.id, row.created_at, row.sent_at, row.status, row.held_reason)
            for row in letters
        ],
        history=history,
        corrections=_list_corrections(session, person_id),
        actor_names=list_actor_names(session, {entry.entered_by for entry in history}),
        public_now=frozenset(
            answer.sequence
            for answer in list_current_answers(
                session, campaign.id, candidacy_ids=[candidacy.id]
            ).values()
        ),
    )


def open_requests(session: Session, campaign_id: int) -> list[RequestRow]:
    """Return what candidates asked for and nobody has settled, oldest first."""
    requests = list_candidate_requests(session, campaign_id)
    candidacies = session.scalars(
        select(Candidacy)
        .where(Candidacy.id.in_({request.candidacy_id for request in requests}))
        .options(
            joinedload(Candidacy.person),
            joinedload(Candidacy.ballot).joinedload(Ballot.constituency),
        )
    )
    by_id = {candidacy.id: candidacy for candidacy in candidacies}
    return [
        RequestRow(
            id=request.id,
            person_id=by_id[request.candidacy_id].person_id,
            name=by_id[request.candidacy_id].person.name,
            constituency=by_id[request.candidacy_id].ballot.constituency.name,
            kind=request.kind,
            note=request.note,
            requested_at=request.requested_at,
        )
        for request in requests
    ]


def _matching(
    session: Session, campaign: Campaign, words: str, group: Group | None
) -> Select[int, int, str, str | None, str, CandidacyStatus, str]:
    query = (
        select(
            Person.id.label("person_id"),
            Candidacy.id.label("candidacy_id"),
            Person.name,
            Person.email,
            Candidacy.party_name,
            Candidacy.status,
            Constituency.name.label("constituency"),
        )
        .join(Candidacy, Candidacy.person_id == Person.id)
        .join(Ballot, Candidacy.ballot_id == Ballot.id)
        .join(Constituency, Ballot.constituency_id == Constituency.id)
        .where(Ballot.election_id == campaign.election_id)
    )
    if words:
        query = query.where(Candidacy.id.in_(list_candidacies_with(session, campaign, words)))
    return query if group is None else query.where(_belongs(session, campaign, group))


def _belongs(session: Session, campaign: Campaign, group: Group) -> ColumnElement[bool]:
    if group is Group.NO_ADDRESS:
        return and_(Person.email.is_(None), Candidacy.status != CandidacyStatus.WITHDRAWN)
    if group is Group.RETURNED:
        return (
            select(Letter.id)
            .where(
                Letter.campaign_id == campaign.id,
                Letter.candidacy_id == Candidacy.id,
                Letter.status.in_(_RETURNED),
            )
            .exists()
        )
    answers = list_current_answers(session, campaign.id)
    return Candidacy.id.in_({candidacy_id for candidacy_id, _ in answers})


def _count_confirmed_letters(
    session: Session, campaign_id: int, candidacy_ids: Sequence[int]
) -> dict[int, int]:
    rows = session.execute(
        select(Letter.candidacy_id, func.count())
        .where(
            Letter.campaign_id == campaign_id,
            Letter.candidacy_id.in_(candidacy_ids),
            Letter.status.in_(CONFIRMED_STATUSES),
        )
        .group_by(Letter.candidacy_id)
    )
    return {row.candidacy_id: row[1] for row in rows}


def _list_corrections(session: Session, person_id: int) -> list[CorrectionRow]:
    corrections = session.scalars(
        select(AddressCorrection)
        .where(AddressCorrection.person_id == person_id)
        .order_by(AddressCorrection.id.desc())
    ).all()
    names = list_actor_names(session, {correction.actor for correction in corrections})
    return [
        CorrectionRow(
            at=correction.corrected_at,
            by=names[correction.actor],
            old_email=correction.old_email,
            new_email=correction.new_email,
            reason=correction.reason,
        )
        for correction in corrections
    ]
