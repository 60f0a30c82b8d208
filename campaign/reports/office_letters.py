"""One letter, opened by somebody who said why: text and state, and who reads it is logged."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaign.candidates.models import Candidacy
from campaign.core.errors import NotFound
from campaign.letters.models import HiddenWords, Letter
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.organisers.rules import actor_of, check_reason
from campaign.organisers.service import record_audit


class LetterUnknown(NotFound):
    """No letter of this number belongs to the campaign."""


@dataclass(frozen=True, slots=True)
class LetterHead:
    """What may be seen of a letter without a reason."""

    id: int
    candidate: str
    person_id: int
    created_at: datetime
    status: LetterStatus
    held_reason: HeldReason | None
    shows_words: bool
    """Whether the candidate's page may show the supporter's words from it."""


@dataclass(frozen=True, slots=True)
class OpenedLetter:
    """A letter with its text."""

    head: LetterHead
    subject: str
    body: str


def letter_head(session: Session, *, campaign_id: int, letter_id: int) -> LetterHead:
    """Return a letter without its text; raises LetterUnknown."""
    return _head(session, _get_letter(session, campaign_id=campaign_id, letter_id=letter_id))


def open_letter(
    session: Session,
    *,
    campaign_id: int,
    letter_id: int,
    organiser_id: int,
    reason: str,
    now: datetime,
) -> OpenedLetter:
    """Return a letter with its text and log who read it and why.

    Raises LetterUnknown, or ReasonTooShort and then shows nothing.
    """
    reason = check_reason(reason)
    letter = _get_letter(session, campaign_id=campaign_id, letter_id=letter_id)
    record_audit(
        session,
        organiser_id=organiser_id,
        verb="read_letter",
        subject=f"letter:{letter.id}",
        reason=reason,
        now=now,
    )
    return OpenedLetter(head=_head(session, letter), subject=letter.subject, body=letter.body)


def hide_words(
    session: Session, *, campaign_id: int, letter_id: int, organiser_id: int, now: datetime
) -> LetterHead:
    """Keep a letter's words off the candidate's page for good, and log it; again does nothing.

    Raises LetterUnknown.
    """
    letter = _get_letter(session, campaign_id=campaign_id, letter_id=letter_id)
    if session.get(HiddenWords, letter.id) is None:
        session.add(HiddenWords(letter_id=letter.id, hidden_at=now, actor=actor_of(organiser_id)))
        record_audit(
            session,
            organiser_id=organiser_id,
            verb="hide_words",
            subject=f"letter:{letter.id}",
            now=now,
        )
    return _head(session, letter)


def _get_letter(session: Session, *, campaign_id: int, letter_id: int) -> Letter:
    letter = session.scalar(
        select(Letter)
        .where(Letter.id == letter_id, Letter.campaign_id == campaign_id)
        .options(joinedload(Letter.candidacy).joinedload(Candidacy.person))
    )
    if letter is None:
        raise LetterUnknown("This campaign has no letter of this number.")
    return letter


def _head(session: Session, letter: Letter) -> LetterHead:
    person = letter.candidacy.person
    return LetterHead(
        id=letter.id,
        candidate=person.name,
        person_id=person.id,
        created_at=letter.created_at,
        status=letter.status,
        held_reason=letter.held_reason,
        shows_words=bool(letter.action.words_text)
        and letter.is_personal
        and session.get(HiddenWords, letter.id) is None,
    )
