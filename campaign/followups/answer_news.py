"""News of answers to those who wrote and asked for them: one mail a day for all candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Ask, Campaign
from campaign.campaigns.queries import list_asks
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Candidacy
from campaign.core.db import moments_table
from campaign.core.toolkit import Toolkit
from campaign.delivery.service import UNSUBSCRIBE_HERE
from campaign.elections.models import Election
from campaign.followups.correspondence import correspondence
from campaign.letters.models import Letter, LetterQuestion
from campaign.letters.rules import LetterStatus
from campaign.letters.service import queue_notice
from campaign.pledges.queries import CurrentAnswer, list_current_answers, map_news_times
from campaign.pledges.rules import STANCE_WORDS, DisputeState
from campaign.supporters.models import NewsSubscription, Supporter

NEWS_AT = time(18)
"""Time of the election's own day at which the news of a day are written."""
LOOK_BACK = timedelta(days=7)
"""News that are older are no news; longer than any worker stands still."""
BATCH = 50
"""Supporters who are told in one transaction."""

_DISPUTED = {
    DisputeState.OPEN: " (disputed by the candidate)",
    DisputeState.KEPT: " (disputed by the candidate; the entry stands)",
}
"""What is struck is no answer, so it has no words here."""


@dataclass(frozen=True, slots=True)
class AnsweredCandidate:
    """A candidate whose record grew, as the mail shows them."""

    candidacy: Candidacy
    stances: Sequence[tuple[str, str]]
    """Title of each ask answered today, and the stance in words; none where no answer stands."""


def tell_news(toolkit: Toolkit, session: Session, now: datetime, *, limit: int = BATCH) -> bool:
    """Tell those who asked for news what their candidates answered; tell if some are left.

    Each change is told once. Who wrote to nobody whose record grew gets nothing, and neither does
    who saw the answer before they wrote or was asked what to send after it.
    """
    told = 0
    campaigns = session.execute(
        select(Campaign, Election)
        .join(Election, Election.id == Campaign.election_id)
        .where(Campaign.status == CampaignStatus.LIVE)
    ).all()
    for campaign, election in campaigns:
        told += _tell(
            toolkit,
            session,
            campaign,
            until=last_news_time(now, timezone=election.timezone),
            now=now,
            limit=limit - told,
        )
    return told == limit


def last_news_time(now: datetime, *, timezone: str) -> datetime:
    """Return the last moment at which news were due, at or before now."""
    local = now.astimezone(ZoneInfo(timezone))
    due = datetime.combine(local.date(), NEWS_AT, tzinfo=local.tzinfo)
    if due > local:
        due = datetime.combine(local.date() - timedelta(days=1), NEWS_AT, tzinfo=local.tzinfo)
    return due.astimezone(now.tzinfo)


def _tell(
    toolkit: Toolkit,
    session: Session,
    campaign: Campaign,
    *,
    until: datetime,
    now: datetime,
    limit: int,
) -> int:
    changed = {
        candidacy_id: moment
        for candidacy_id, moment in map_news_times(
            session, campaign.id, since=until - LOOK_BACK
        ).items()
        if moment <= until
    }
    if not changed or limit < 1:
        return 0
    rows = session.execute(
        select(NewsSubscription, Supporter)
        .join(Supporter, Supporter.id == NewsSubscription.supporter_id)
        .where(
            NewsSubscription.campaign_id == campaign.id,
            NewsSubscription.unsubscribed_at.is_(None),
            _known_since() < until,
            _has_written_to(changed),
        )
        .order_by(NewsSubscription.supporter_id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=NewsSubscription)
    ).all()
    if not rows:
        return 0
    asks = list_asks(session, campaign.id)
    means = correspondence(toolkit, session)
    for subscription, supporter in rows:
        letters = _letters_with_news(session, subscription, changed)
        subscription.told_at = until
        if not letters:
            continue
        answers = list_current_answers(
            session, campaign.id, candidacy_ids=[each.candidacy_id for each in letters]
        )
        text = means.emails.render(
            "answer_news",
            campaign=campaign,
            action=letters[-1].action,
            places=list(dict.fromkeys(each.action.constituency.name for each in letters)),
            candidates=[
                AnsweredCandidate(each.candidacy, _stances(each.candidacy_id, asks, answers))
                for each in letters
            ],
            link=means.make_action_link(letters[-1].action),
            unsubscribe=UNSUBSCRIBE_HERE,
        )
        queue_notice(
            session,
            text,
            recipient=supporter.email,
            campaign=campaign,
            correspondence=means,
            now=now,
            is_declinable=True,
        )
    return len(rows)


def _known_since() -> ColumnElement[datetime]:
    return func.coalesce(NewsSubscription.told_at, NewsSubscription.subscribed_at)


def _has_written_to(changed: Mapping[int, datetime]) -> ColumnElement[bool]:
    """Return the condition that a letter went to somebody whose record has grown since."""
    moments = moments_table(changed)
    changed_at = (
        select(moments.c.moment).where(moments.c.key == Letter.candidacy_id).scalar_subquery()
    )
    return (
        select(Letter.id)
        .where(
            Letter.supporter_id == NewsSubscription.supporter_id,
            Letter.campaign_id == NewsSubscription.campaign_id,
            Letter.status == LetterStatus.SENT,
            # First the few letters to any of them, since SQLite reads all moments to find one. As a
            # sum, so that it goes from the supporter's letters, not from everybody who changed.
            (Letter.candidacy_id + 0).in_(changed),
            Letter.created_at < changed_at,
            _known_since() < changed_at,
        )
        .correlate(NewsSubscription)
        .exists()
    )


def _letters_with_news(
    session: Session, subscription: NewsSubscription, changed: Mapping[int, datetime]
) -> list[Letter]:
    """Return the newest letter to each candidate whose record holds what the writer has not seen.

    They have seen what stood there when they wrote, and when they were asked what to send instead.
    """
    since = subscription.told_at or subscription.subscribed_at
    seen_at = func.coalesce(LetterQuestion.chosen_at, LetterQuestion.asked_at)
    rows = session.execute(
        select(Letter, seen_at)
        .outerjoin(LetterQuestion, LetterQuestion.letter_id == Letter.id)
        .where(
            Letter.supporter_id == subscription.supporter_id,
            Letter.campaign_id == subscription.campaign_id,
            Letter.candidacy_id.in_([each for each, moment in changed.items() if moment > since]),
        )
        .order_by(Letter.id)
        .options(joinedload(Letter.action), joinedload(Letter.candidacy))
    ).all()
    known: dict[int, datetime] = {}
    sent: dict[int, Letter] = {}
    for letter, asked_at in rows:
        seen = max(letter.created_at, asked_at or letter.created_at)
        known[letter.candidacy_id] = max(seen, known.get(letter.candidacy_id, seen))
        if letter.status is LetterStatus.SENT:
            sent[letter.candidacy_id] = letter
    return [letter for each, letter in sent.items() if known[each] < changed[each]]


def _stances(
    candidacy_id: int, asks: Sequence[Ask], answers: Mapping[tuple[int, int], CurrentAnswer]
) -> list[tuple[str, str]]:
    return [
        (ask.current.title, _in_words(answers[candidacy_id, ask.id]))
        for ask in asks
        if (candidacy_id, ask.id) in answers
    ]


def _in_words(answer: CurrentAnswer) -> str:
    dispute = answer.marks.dispute
    return STANCE_WORDS[answer.stance] + (_DISPUTED.get(dispute, "") if dispute else "")
