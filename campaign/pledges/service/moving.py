"""What candidates have chosen goes with them to another ballot."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.core.languages import Language
from campaign.elections.models import Ballot
from campaign.pledges.models import AnswerLink, CandidateRequest
from campaign.pledges.rules import RequestKind
from campaign.pledges.service.links import choose_language
from campaign.pledges.service.requests import note_request


def carry_choices(session: Session, election_id: str, *, now: datetime) -> None:
    """Let who changed ballots in an election have no letters, and their language, there too.

    Their answers stay where they were given. Again it changes nothing.
    """
    moved = _list_moves(session, election_id)
    refusals = session.scalars(
        select(CandidateRequest).where(
            CandidateRequest.candidacy_id.in_(moved),
            CandidateRequest.kind == RequestKind.NOTHING_MORE,
            CandidateRequest.settled_at.is_(None),
        )
    ).all()
    for refusal in refusals:
        note_request(
            session,
            campaign_id=refusal.campaign_id,
            candidacy_id=moved[refusal.candidacy_id],
            kind=RequestKind.NOTHING_MORE,
            note=refusal.note,
            now=now,
        )
        refusal.settled_at = now  # Or it would come back after they want letters again.
    links = session.scalars(
        select(AnswerLink).where(
            AnswerLink.candidacy_id.in_(moved), AnswerLink.language != Language.ENGLISH
        )
    ).all()
    for link in links:
        whose = {"campaign_id": link.campaign_id, "candidacy_id": moved[link.candidacy_id]}
        if session.get(AnswerLink, tuple(whose.values())) is None:
            choose_language(session, language=link.language, **whose)


def _list_moves(session: Session, election_id: str) -> dict[int, int]:
    """Return by each candidacy that was given up the one that the same person has today."""
    today, its_ballot = aliased(Candidacy), aliased(Ballot)
    rows = session.execute(
        select(Candidacy.id, today.id)
        .join(Candidacy.ballot)
        .join(today, today.person_id == Candidacy.person_id)
        .join(its_ballot, its_ballot.id == today.ballot_id)
        .where(
            Ballot.election_id == election_id,
            its_ballot.election_id == election_id,
            Candidacy.status == CandidacyStatus.WITHDRAWN,
            today.status != CandidacyStatus.WITHDRAWN,
        )
    )
    return {row[0]: row[1] for row in rows}
