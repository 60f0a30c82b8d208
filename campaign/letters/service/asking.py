"""Ask the writers of letters that an answer has overtaken, once, and let go what nobody chose."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.elections.queries import get_election
from campaign.letters.models import Letter, LetterQuestion
from campaign.letters.rules import CHOOSE_WITHIN
from campaign.letters.service.correspondence import Correspondence
from campaign.letters.service.dispatch import dispatch_letter
from campaign.letters.service.life import WORKER
from campaign.letters.service.outcome_mail import queue_question
from campaign.letters.service.questions import let_go, open_questions

BATCH = 50
"""Letters that are asked about in one transaction: each mail takes a millisecond or two."""


def keep_questions(
    session: Session, *, correspondence: Correspondence, now: datetime, limit: int = BATCH
) -> bool:
    """Ask whoever is to be asked, and let go what nobody chose; tell whether some are left."""
    is_left = _ask(session, correspondence=correspondence, now=now, limit=limit)
    lapsed = session.scalars(
        open_questions()
        .where(LetterQuestion.expires_at <= now)
        .order_by(LetterQuestion.letter_id)
        .limit(limit)
    ).all()
    for question in lapsed:
        let_go(session, question, actor=WORKER, reason="no_choice_after_answer", now=now)
    return is_left or len(lapsed) == limit


def _ask(session: Session, *, correspondence: Correspondence, now: datetime, limit: int) -> bool:
    questions = session.scalars(
        open_questions()
        .where(LetterQuestion.asked_at.is_(None))
        .order_by(Letter.campaign_id, Letter.supporter_id, Letter.id)
        .limit(limit)
    ).all()
    groups = [list(group) for _, group in groupby(questions, key=_asked_together)]
    if len(questions) == limit and len(groups) > 1:
        groups.pop()  # Perhaps not all of it is here, and it gets one mail.
    by_campaign = groupby(groups, key=lambda together: together[0].letter.campaign_id)
    for campaign_id, theirs in by_campaign:
        _ask_for(session, campaign_id, list(theirs), correspondence=correspondence, now=now)
    return len(questions) == limit


def _asked_together(question: LetterQuestion) -> tuple[int, int]:
    return question.letter.campaign_id, question.letter.supporter_id


def _ask_for(
    session: Session,
    campaign_id: int,
    groups: Sequence[Sequence[LetterQuestion]],
    *,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    """Ask the supporters of a campaign, each in one mail.

    Where nobody can choose any more, or the answer was struck before anybody was asked, the letter
    goes where it would be without the answer.
    """
    campaign = session.get_one(Campaign, campaign_id)
    election = get_election(session, campaign.election_id)
    expires_at = min(now + CHOOSE_WITHIN, election.poll_closes_at)
    candidacy_ids = {each.letter.candidacy_id for together in groups for each in together}
    times = correspondence.list_answer_times(campaign_id, candidacy_ids)
    headlines = correspondence.map_headlines(
        campaign_id,
        {
            (each.letter.candidacy_id, each.letter.created_at)
            for together in groups
            for each in together
        },
        now,
    )
    for together in groups:
        letters = []
        for question in together:
            letter = question.letter
            is_answered = times.get(letter.candidacy_id, letter.created_at) > letter.created_at
            if is_answered and expires_at > now:
                question.asked_at, question.expires_at = now, expires_at
                letters.append(letter)
            else:
                _let_go_on(
                    session, question, campaign=campaign, correspondence=correspondence, now=now
                )
        if letters:
            queue_question(
                session,
                letters,
                headlines=headlines,
                campaign=campaign,
                election=election,
                expires_at=expires_at,
                correspondence=correspondence,
                now=now,
            )


def _let_go_on(
    session: Session,
    question: LetterQuestion,
    *,
    campaign: Campaign,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    session.delete(question)
    session.flush()
    dispatch_letter(
        session,
        question.letter,
        action=question.letter.action,
        campaign=campaign,
        correspondence=correspondence,
        actor=WORKER,
        now=now,
    )
