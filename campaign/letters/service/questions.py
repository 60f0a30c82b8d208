"""Letters that had not left when their candidate answered: held, asked about, sent or let go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Campaign
from campaign.core.db import moment_by_key
from campaign.elections.queries import get_election
from campaign.letters.errors import LetterNotFound, QuestionClosed, TextInvalid
from campaign.letters.models import Action, Letter, LetterQuestion
from campaign.letters.queries import list_same_letters
from campaign.letters.rules import (
    CHOOSE_WITHIN,
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
    cancel_message_of,
    check_open,
    dispatch_letter,
    is_not_claimed,
    open_question,
)
from campaign.letters.service.life import SUPPORTER, WORKER, move_letter
from campaign.letters.service.mail import queue_question

BATCH = 200


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a supporter may still choose about one letter."""

    letter: Letter
    greeting: str
    text: str
    """What they wrote, between greeting and signature."""
    expires_at: datetime | None
    """None until the mail that asks has been written."""


def hold_answered_letters(
    session: Session,
    answered: Mapping[int, datetime],
    *,
    campaign_id: int,
    now: datetime,
    limit: int = BATCH,
) -> int:
    """Hold what a campaign has not sent yet to candidates who answered; return how many.

    ``answered`` says when each candidacy did. Who wrote after that saw the answer, and who was
    asked already is not asked again. A letter that a worker has in hand is left alone.
    """
    if not answered:
        return 0
    letters = session.scalars(
        select(Letter)
        .join(Letter.action)
        .where(
            Letter.campaign_id == campaign_id,
            or_(
                Letter.status == LetterStatus.QUEUED,
                and_(
                    Letter.status == LetterStatus.HELD,
                    Letter.held_reason == HeldReason.PAUSED,
                ),
            ),
            Letter.candidacy_id.in_(answered),
            Action.created_at < moment_by_key(Letter.candidacy_id, answered),
            is_not_claimed(),
            ~exists().where(LetterQuestion.letter_id == Letter.id),
        )
        .order_by(Letter.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Letter)
        .execution_options(populate_existing=True)
    ).all()
    held = [letter for letter in letters if cancel_message_of(session, letter, now=now)]
    for letter in held:
        move_letter(
            session,
            letter,
            LetterStatus.HELD,
            actor=WORKER,
            now=now,
            held_reason=HeldReason.CANDIDATE_ANSWERED,
        )
        open_question(session, letter.id, now=now)
    return len(held)


def keep_questions(
    session: Session, *, correspondence: Correspondence, now: datetime, limit: int = BATCH
) -> tuple[int, int]:
    """Ask whoever is to be asked, and let go what nobody chose; return how many letters of each."""
    asked = _ask(session, correspondence=correspondence, now=now, limit=limit)
    lapsed = session.scalars(
        _open_questions()
        .where(LetterQuestion.expires_at <= now)
        .order_by(LetterQuestion.letter_id)
        .limit(limit)
    ).all()
    for question in lapsed:
        _let_go(session, question, actor=WORKER, reason="no_choice_after_answer", now=now)
    return asked, len(lapsed)


def get_question(session: Session, action: Action, letter_id: int, *, now: datetime) -> Question:
    """Return what is asked about a letter; raises LetterNotFound, QuestionClosed."""
    question = _get_open(session, action, letter_id, now=now)
    greeting, text = split(question.letter.body)
    return Question(
        letter=question.letter, greeting=greeting, text=text, expires_at=question.expires_at
    )


def choose_nothing(session: Session, action: Action, letter_id: int, *, now: datetime) -> None:
    """Let a held letter go; raises LetterNotFound, QuestionClosed."""
    question = _get_open(session, action, letter_id, now=now)
    _let_go(session, question, actor=SUPPORTER, reason="", now=now)


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


def _ask(session: Session, *, correspondence: Correspondence, now: datetime, limit: int) -> int:
    questions = session.scalars(
        _open_questions()
        .where(LetterQuestion.asked_at.is_(None))
        .order_by(Letter.action_id, Letter.id)
        .limit(limit)
    ).all()
    for _, group in groupby(questions, key=lambda question: question.letter.action_id):
        together = list(group)
        letters = [question.letter for question in together]
        campaign = session.get_one(Campaign, letters[0].campaign_id)
        election = get_election(session, campaign.election_id)
        expires_at = min(now + CHOOSE_WITHIN, election.poll_closes_at)
        for question in together:
            question.asked_at, question.expires_at = now, expires_at
        if expires_at > now:
            queue_question(
                session,
                letters,
                campaign=campaign,
                election=election,
                expires_at=expires_at,
                correspondence=correspondence,
                now=now,
            )
    return len(questions)


def _let_go(
    session: Session, question: LetterQuestion, *, actor: str, reason: str, now: datetime
) -> None:
    question.choice, question.chosen_at = AnswerChoice.NOTHING, now
    move_letter(
        session, question.letter, LetterStatus.WITHDRAWN, actor=actor, now=now, reason=reason
    )


def _get_open(session: Session, action: Action, letter_id: int, *, now: datetime) -> LetterQuestion:
    if letter_id not in {each.id for each in action.letters}:
        raise LetterNotFound("This letter is not among yours.")
    question = session.scalar(
        _open_questions(waits=True).where(LetterQuestion.letter_id == letter_id)
    )
    if question is None or (question.expires_at is not None and question.expires_at <= now):
        raise QuestionClosed(
            "There is nothing left to choose about this letter. Your page says what became of it."
        )
    return question


def _open_questions(*, waits: bool = False) -> Select[LetterQuestion]:
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
        .options(joinedload(LetterQuestion.letter).joinedload(Letter.candidacy))
        .execution_options(populate_existing=True)
    )
