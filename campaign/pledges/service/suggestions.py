"""Evidence that anybody can suggest, and two organisers look into."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy
from campaign.candidates.queries import get_candidacy, get_candidacy_of_person
from campaign.candidates.rules import CandidacyStatus
from campaign.pledges.errors import (
    AlreadyDecided,
    AnswersClosed,
    PledgeInvalid,
    RecordClosed,
    TooManySuggestions,
)
from campaign.pledges.models import EvidenceSuggestion, PledgeEvent
from campaign.pledges.queries import get_suggestion
from campaign.pledges.rules import (
    QUOTE_LIMIT,
    Stance,
    SuggestionStatus,
    check_said_on,
    clean_reason,
    clean_source_url,
    clean_text,
)
from campaign.pledges.service.chaining import lock_record
from campaign.pledges.service.links import takes_answers, today_in

MOST_WAITING = 20
"""Suggestions about one candidate that may wait: more than organisers read is noise or spite."""


@dataclass(frozen=True, slots=True)
class SuggestionBox:
    """For which candidate of which campaign somebody suggests evidence."""

    campaign: Campaign
    candidacy: Candidacy


def open_suggestion_box(
    session: Session, campaign: Campaign, *, person_id: int, now: datetime
) -> SuggestionBox:
    """Return for whom evidence can be suggested.

    Raises CandidacyNotFound, or AnswersClosed when the campaign or the poll is over, or the
    candidate is in no count: they stand no more, or their poll is cancelled.
    """
    candidacy = get_candidacy_of_person(
        session, person_id=person_id, election_id=campaign.election_id
    )
    if not takes_answers(session, campaign, now=now):
        raise AnswersClosed("The campaign or the poll has closed, so nothing more is recorded.")
    if candidacy.status is CandidacyStatus.WITHDRAWN or candidacy.ballot.is_cancelled:
        raise AnswersClosed(
            "This candidate no longer stands, or the poll there is cancelled, so nothing more is "
            "recorded."
        )
    return SuggestionBox(campaign, candidacy)


def suggest_evidence(
    session: Session,
    *,
    campaign_id: int,
    candidacy_id: int,
    ask_id: int,
    stance: Stance,
    source_url: str,
    quote: str,
    said_on: date | None,
    email: str | None,
    now: datetime,
) -> EvidenceSuggestion:
    """Keep a suggestion until an organiser decides; the same one again adds nothing.

    Raises PledgeInvalid, RecordClosed, or TooManySuggestions about this candidate.
    """
    source_url, quote = clean_source_url(source_url), clean_text(quote, limit=QUOTE_LIMIT)
    if not (source_url or quote):
        raise PledgeInvalid("Give a web address or the words that were said: one is enough.")
    campaign = lock_record(session, campaign_id)
    _check_candidacy(session, campaign, candidacy_id, now=now)
    check_said_on(said_on, today=today_in(session, campaign, now=now))
    waiting = (
        EvidenceSuggestion.campaign_id == campaign_id,
        EvidenceSuggestion.candidacy_id == candidacy_id,
        EvidenceSuggestion.status == SuggestionStatus.WAITING,
    )
    same = session.scalar(
        select(EvidenceSuggestion).where(
            *waiting,
            EvidenceSuggestion.ask_id == ask_id,
            EvidenceSuggestion.stance == stance,
            EvidenceSuggestion.source_url == source_url,
            EvidenceSuggestion.quote == quote,
        )
    )
    if same is not None:
        return same
    if (session.scalar(select(func.count()).where(*waiting)) or 0) >= MOST_WAITING:
        raise TooManySuggestions(
            "Many suggestions about this candidate wait already. Please come back in a day or two."
        )
    suggestion = EvidenceSuggestion(
        campaign_id=campaign_id,
        candidacy_id=candidacy_id,
        ask_id=ask_id,
        stance=stance,
        source_url=source_url,
        quote=quote,
        said_on=said_on,
        email=email or None,
        suggested_at=now,
        status=SuggestionStatus.WAITING,
    )
    session.add(suggestion)
    return suggestion


def take_up_suggestion(
    session: Session,
    *,
    campaign_id: int,
    suggestion_id: int,
    event_id: int,
    organiser: str,
    now: datetime,
) -> None:
    """Note which entry was made of a suggestion; its sender's address is forgotten.

    Raises SuggestionNotFound, AlreadyDecided, or PledgeInvalid for an entry of somebody else.
    """
    suggestion = _waiting(session, campaign_id, suggestion_id)
    if session.get_one(PledgeEvent, event_id).candidacy_id != suggestion.candidacy_id:
        raise PledgeInvalid("This suggestion is about another candidate.")
    suggestion.event_id = event_id
    _decide(suggestion, SuggestionStatus.TAKEN_UP, organiser=organiser, now=now)


def reject_suggestion(
    session: Session,
    *,
    campaign_id: int,
    suggestion_id: int,
    reason: str,
    organiser: str,
    now: datetime,
) -> None:
    """Decide against a suggestion; its sender's address is forgotten.

    Raises SuggestionNotFound, AlreadyDecided, or PledgeInvalid for the reason.
    """
    suggestion = _waiting(session, campaign_id, suggestion_id)
    suggestion.reason = clean_reason(reason)
    _decide(suggestion, SuggestionStatus.REJECTED, organiser=organiser, now=now)


def _waiting(session: Session, campaign_id: int, suggestion_id: int) -> EvidenceSuggestion:
    lock_record(session, campaign_id)
    suggestion = get_suggestion(session, campaign_id, suggestion_id)
    session.refresh(suggestion)
    if suggestion.status is not SuggestionStatus.WAITING:
        raise AlreadyDecided("A colleague has decided on this suggestion already.")
    return suggestion


def _decide(
    suggestion: EvidenceSuggestion, status: SuggestionStatus, *, organiser: str, now: datetime
) -> None:
    suggestion.status = status
    suggestion.email = None
    suggestion.decided_by = organiser
    suggestion.decided_at = now


def _check_candidacy(
    session: Session, campaign: Campaign, candidacy_id: int, *, now: datetime
) -> None:
    if get_candidacy(session, candidacy_id).ballot.election_id != campaign.election_id:
        raise PledgeInvalid("This candidate does not stand in the election of the campaign.")
    if not takes_answers(session, campaign, now=now):
        raise RecordClosed("The campaign or the poll has closed, so nothing more is recorded.")
