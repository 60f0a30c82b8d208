"""News of answers to those who wrote and asked for them: one mail a day for all candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Ask, Campaign
from campaign.campaigns.queries import list_asks
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Candidacy
from campaign.core.db import moment_by_key
from campaign.core.toolkit import Toolkit
from campaign.elections.models import Election
from campaign.followups.correspondence import correspondence
from campaign.letters.models import Letter
from campaign.letters.rules import LetterStatus
from campaign.letters.service import queue_notice
from campaign.pledges.queries import CurrentAnswer, list_current_answers, map_news_times
from campaign.pledges.rules import STANCE_WORDS
from campaign.supporters.models import NewsSubscription, Supporter

NEWS_AT = time(18)
"""Time of the election's own day at which the news of a day are written."""
LOOK_BACK = timedelta(days=7)
"""News that are older are no news; longer than any worker stands still."""
BATCH = 200


@dataclass(frozen=True, slots=True)
class AnsweredCandidate:
    """A candidate whose record grew, as the mail shows them."""

    candidacy: Candidacy
    stances: Sequence[tuple[str, str]]
    """Title of each ask answered today, and the stance in words; none where no answer stands."""


def tell_news(toolkit: Toolkit, session: Session, now: datetime, *, limit: int = BATCH) -> int:
    """Tell those who asked for news what their candidates answered; return how many were told.

    Each change is told once. Who wrote to nobody whose record grew gets nothing.
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
    return told


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
        since = subscription.told_at or subscription.subscribed_at
        letters = _letters_to(
            session,
            supporter.id,
            campaign.id,
            [each for each, moment in changed.items() if moment > since],
        )
        subscription.told_at = until
        answers = list_current_answers(
            session, campaign.id, candidacy_ids=[each.candidacy_id for each in letters]
        )
        text = means.emails.render(
            "answer_news",
            campaign=campaign,
            action=letters[-1].action,
            candidates=[
                AnsweredCandidate(each.candidacy, _stances(each.candidacy_id, asks, answers))
                for each in letters
            ],
            link=means.make_action_link(letters[-1].action),
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
    return exists().where(
        Letter.supporter_id == NewsSubscription.supporter_id,
        Letter.campaign_id == NewsSubscription.campaign_id,
        Letter.status == LetterStatus.SENT,
        Letter.candidacy_id.in_(changed),
        _known_since() < moment_by_key(Letter.candidacy_id, changed),
    )


def _letters_to(
    session: Session, supporter_id: int, campaign_id: int, candidacy_ids: Sequence[int]
) -> list[Letter]:
    """Return a supporter's newest sent letter to each of these, in the order of their sending."""
    letters = session.scalars(
        select(Letter)
        .where(
            Letter.supporter_id == supporter_id,
            Letter.campaign_id == campaign_id,
            Letter.status == LetterStatus.SENT,
            Letter.candidacy_id.in_(candidacy_ids),
        )
        .order_by(Letter.id)
        .options(joinedload(Letter.action), joinedload(Letter.candidacy))
    )
    return list({letter.candidacy_id: letter for letter in letters}.values())


def _stances(
    candidacy_id: int, asks: Sequence[Ask], answers: Mapping[tuple[int, int], CurrentAnswer]
) -> list[tuple[str, str]]:
    return [
        (ask.current.title, STANCE_WORDS[answers[candidacy_id, ask.id].stance])
        for ask in asks
        if (candidacy_id, ask.id) in answers
    ]
