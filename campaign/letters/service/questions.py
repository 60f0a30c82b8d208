"""What a supporter chooses about a letter that had not left when its candidate answered."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy
from campaign.elections.queries import get_election
from campaign.letters.errors import LetterNotFound, QuestionClosed, TextInvalid
from campaign.letters.models import Action, Letter, LetterQuestion
from campaign.letters.queries import list_same_letters
from campaign.letters.rules import (
    AnswerChoice,
    HeldReason,
    LetterStatus,
    clean_body,
    clean_subject,
    compose,
    split,
    text_hash,
)
from campaign.letters.service.correspondence import Correspondence
from campaign.letters.service.dispatch import (
    check_open,
    dispatch_letter,
)
from campaign.letters.service.life import SUPPORTER, move_letter


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a supporter may still choose about one letter."""

    letter: Letter
    greeting: str
    text: str
    """What they wrote, between greeting and signature."""
    expires_at: datetime | None
    """None until the mail that asks has been written."""


def get_question(session: Session, action: Action, letter_id: int, *, now: datetime) -> Question:
    """Return what is asked about a letter; raises what ``send_instead`` raises."""
    question = _get_open(session, action, letter_id, now=now)
    campaign = session.get_one(Campaign, action.campaign_id)
    check_open(campaign, get_election(session, campaign.election_id), now)
    greeting, text = split(question.letter.body)
    return Question(
        letter=question.letter, greeting=greeting, text=text, expires_at=question.expires_at
    )


def choose_nothing(session: Session, action: Action, letter_id: int, *, now: datetime) -> None:
    """Let a held letter go; raises LetterNotFound, QuestionClosed."""
    question = _get_open(session, action, letter_id, now=now)
    let_go(session, question, actor=SUPPORTER, reason="", now=now)


def send_instead(
    session: Session,
    action: Action,
    letter_id: int,
    *,
    choice: AnswerChoice,
    subject: str,
    text: str,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    """Send a thank-you or a follow-up in place of a letter that the answer overtook.

    It is the same letter with another text, between the same greeting and signature. Raises
    LetterNotFound, QuestionClosed, LettersClosed, TextInvalid.
    """
    question = _get_open(session, action, letter_id, now=now)
    letter = question.letter
    campaign = session.get_one(Campaign, action.campaign_id)
    check_open(campaign, get_election(session, campaign.election_id), now)
    greeting, _ = split(letter.body)
    subject, text = clean_subject(subject), clean_body(text)
    body = compose(
        greeting=greeting, body=text, name=action.supporter_name, postcode=action.postcode
    )
    digest = text_hash(subject, body)
    same = list_same_letters(
        session, supporter_id=action.supporter_id, text_hashes={letter.candidacy_id: digest}
    )
    if any(each.id != letter.id for each in same):
        raise TextInvalid("You have written this to the candidate before. Change a sentence of it.")
    letter.subject, letter.body, letter.text_hash = subject, body, digest
    letter.is_personal = True
    question.choice, question.chosen_at = choice, now
    session.flush()
    dispatch_letter(
        session,
        letter,
        action=action,
        campaign=campaign,
        correspondence=correspondence,
        actor=SUPPORTER,
        now=now,
    )


def let_go(
    session: Session, question: LetterQuestion, *, actor: str, reason: str, now: datetime
) -> None:
    """Let the letter of a question go, chosen or not."""
    question.choice, question.chosen_at = AnswerChoice.NOTHING, now
    move_letter(
        session, question.letter, LetterStatus.WITHDRAWN, actor=actor, now=now, reason=reason
    )


def open_questions(*, waits: bool = False) -> Select[LetterQuestion]:
    """Select what nobody has chosen yet, locked; others' locks are waited for or passed over."""
    return (
        select(LetterQuestion)
        .join(LetterQuestion.letter)
        .where(
            LetterQuestion.choice.is_(None),
            Letter.status == LetterStatus.HELD,
            Letter.held_reason == HeldReason.CANDIDATE_ANSWERED,
        )
        .with_for_update(skip_locked=not waits, of=LetterQuestion)
        .options(
            joinedload(LetterQuestion.letter).options(
                joinedload(Letter.candidacy).joinedload(Candidacy.person),
                joinedload(Letter.action).joinedload(Action.supporter),
            )
        )
        .execution_options(populate_existing=True)
    )


def _get_open(session: Session, action: Action, letter_id: int, *, now: datetime) -> LetterQuestion:
    if letter_id not in {each.id for each in action.letters}:
        raise LetterNotFound("This letter is not among yours.")
    question = session.scalar(
        open_questions(waits=True).where(LetterQuestion.letter_id == letter_id)
    )
    if question is None or (question.expires_at is not None and question.expires_at <= now):
        raise QuestionClosed(
            "There is nothing left to choose about this letter. Your page says what became of it."
        )
    return question
