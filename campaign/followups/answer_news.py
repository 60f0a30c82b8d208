"""News of answers to those who wrote and asked for them: one mail a day for all candidates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks
from campaign.campaigns.rules import CampaignStatus
from campaign.core.db import moments_table
from campaign.core.toolkit import Toolkit
from campaign.delivery.service import UNSUBSCRIBE_HERE
from campaign.elections.models import Election
from campaign.followups.correspondence import correspondence
from campaign.letters.models import Letter, LetterQuestion
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.letters.service import queue_notice
from campaign.pledges.queries import map_marks, map_news_times, map_public_entries
from campaign.pledges.rules import (
    NO_MARKS,
    AnswerNews,
    DisputeState,
    Marks,
    PublicEntry,
    list_news,
    news_headline,
    news_words,
)
from campaign.supporters.models import NewsSubscription, Supporter

NEWS_AT = time(18)
"""Time of the election's own day at which the news of a day are written."""
LOOK_BACK = timedelta(days=7)
"""News that are older are no news; longer than any worker stands still."""
SETTLED = timedelta(minutes=1)
"""What was entered within it may not be committed yet, so it is told the next time."""
BATCH = 50
"""Supporters who are told in one transaction."""

_DISPUTED = {
    DisputeState.OPEN: " (disputed by the candidate)",
    DisputeState.KEPT: " (disputed by the candidate; the entry stands)",
}
"""What is struck is no answer, so it has no words here."""


@dataclass(frozen=True, slots=True)
class CandidateNews:
    """A candidate with news for one supporter, as the mail shows them."""

    letter: Letter
    """The newest to them; of those that reached them, where one did."""
    headline: str
    """What they have done, to stand after their name."""
    lines: Sequence[tuple[str, str]]
    """Title of each ask with news, and where they stand on it now."""
    is_silent: bool
    """Whether an ask has no answer any more."""


@dataclass(frozen=True, slots=True)
class _Written:
    """The letter to a candidate that counts, and when its writer last saw the record."""

    letter: Letter
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class _Record:
    """What the mails of a batch are written from."""

    titles: Mapping[int, str]
    """By ask, in the campaign's order."""
    entries: Mapping[int, Sequence[PublicEntry]]
    """By candidacy."""
    marks: Mapping[int, Marks]


def tell_news(toolkit: Toolkit, session: Session, now: datetime, *, limit: int = BATCH) -> bool:
    """Tell those who asked for news what their candidates answered; tell if some are left.

    Each change is told once. Who wrote to nobody whose record changed gets nothing, and neither
    does who saw the answer before they wrote or was asked what to send after it.
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
            due_at=last_news_time(now, timezone=election.timezone),
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
    due_at: datetime,
    now: datetime,
    limit: int,
) -> int:
    """Tell those to whom news of before ``due_at`` are due how everything stands now."""
    until = max(due_at, now - SETTLED)
    changed = map_news_times(session, campaign.id, since=due_at - LOOK_BACK)
    due = {each: moment for each, moment in changed.items() if moment <= due_at}
    if not due or limit < 1:
        return 0
    rows = session.execute(
        select(NewsSubscription, Supporter)
        .join(Supporter, Supporter.id == NewsSubscription.supporter_id)
        .where(
            NewsSubscription.campaign_id == campaign.id,
            NewsSubscription.unsubscribed_at.is_(None),
            _known_since() < due_at,
            _has_written_to(due),
        )
        .order_by(NewsSubscription.supporter_id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=NewsSubscription)
    ).all()
    if not rows:
        return 0
    written = {
        supporter: _list_written(session, subscription, changed) for subscription, supporter in rows
    }
    record = _read_record(
        session,
        campaign.id,
        {each.letter.candidacy_id for letters in written.values() for each in letters},
    )
    for subscription, supporter in rows:
        subscription.told_at = until
        news = [_find_news(each, record, until=until) for each in written[supporter]]
        candidates = [each for each in news if each is not None]
        if candidates:
            _write_to(toolkit, session, campaign, supporter, candidates, now=now)
    return len(rows)


def _write_to(
    toolkit: Toolkit,
    session: Session,
    campaign: Campaign,
    supporter: Supporter,
    candidates: Sequence[CandidateNews],
    *,
    now: datetime,
) -> None:
    means = correspondence(toolkit, session)
    # The newest action of each place: its page leads to the answers there.
    actions = {
        each.action.constituency.name: each.action
        for each in sorted((each.letter for each in candidates), key=lambda letter: letter.id)
    }
    text = means.emails.render(
        "answer_news",
        campaign=campaign,
        name=candidates[-1].letter.action.supporter_name,
        candidates=candidates,
        links={place: means.make_action_link(action) for place, action in actions.items()},
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


def _known_since() -> ColumnElement[datetime]:
    return func.coalesce(NewsSubscription.told_at, NewsSubscription.subscribed_at)


def _is_written() -> ColumnElement[bool]:
    """Return the condition that a letter has left, or cannot: its writer has had their say.

    What waits for anything else is asked about when it may leave, with the answer before it.
    """
    return and_(
        Letter.status.in_(
            (LetterStatus.SENT, LetterStatus.BOUNCED, LetterStatus.FAILED, LetterStatus.HELD)
        ),
        or_(Letter.status != LetterStatus.HELD, Letter.held_reason == HeldReason.NO_ADDRESS),
    )


def _has_written_to(changed: Mapping[int, datetime]) -> ColumnElement[bool]:
    """Return the condition that a letter is to somebody whose record has changed since."""
    moments = moments_table(changed)
    changed_at = (
        select(moments.c.moment).where(moments.c.key == Letter.candidacy_id).scalar_subquery()
    )
    return (
        select(Letter.id)
        .where(
            Letter.supporter_id == NewsSubscription.supporter_id,
            Letter.campaign_id == NewsSubscription.campaign_id,
            _is_written(),
            # First the few letters to any of them, since SQLite reads all moments to find one. As a
            # sum, so that it goes from the supporter's letters, not from everybody who changed.
            (Letter.candidacy_id + 0).in_(changed),
            Letter.created_at < changed_at,
            _known_since() < changed_at,
        )
        .correlate(NewsSubscription)
        .exists()
    )


def _list_written(
    session: Session, subscription: NewsSubscription, changed: Collection[int]
) -> list[_Written]:
    """Return what somebody wrote to candidates whose record has changed, one letter for each.

    They have seen what stood there when they were told, when they wrote, and when they were asked
    what to send instead.
    """
    asked_at = func.coalesce(LetterQuestion.chosen_at, LetterQuestion.asked_at)
    rows = session.execute(
        select(Letter, asked_at, _is_written())
        .outerjoin(LetterQuestion, LetterQuestion.letter_id == Letter.id)
        .where(
            Letter.supporter_id == subscription.supporter_id,
            Letter.campaign_id == subscription.campaign_id,
            Letter.candidacy_id.in_(changed),
        )
        .order_by(Letter.status == LetterStatus.SENT, Letter.id)
        .options(joinedload(Letter.action), joinedload(Letter.candidacy))
    ).all()
    known_since = subscription.told_at or subscription.subscribed_at
    seen: dict[int, datetime] = {}
    written: dict[int, Letter] = {}
    for letter, asked, is_written in rows:
        seen[letter.candidacy_id] = max(
            letter.created_at, asked or known_since, seen.get(letter.candidacy_id, known_since)
        )
        if is_written:
            written[letter.candidacy_id] = letter
    return [_Written(letter, seen[each]) for each, letter in written.items()]


def _read_record(session: Session, campaign_id: int, candidacy_ids: Collection[int]) -> _Record:
    entries = map_public_entries(session, campaign_id, candidacy_ids)
    event_ids = [each.event_id for theirs in entries.values() for each in theirs]
    return _Record(
        titles={ask.id: ask.current.title for ask in list_asks(session, campaign_id)},
        entries=entries,
        marks=map_marks(session, campaign_id, event_ids=event_ids),
    )


def _find_news(written: _Written, record: _Record, *, until: datetime) -> CandidateNews | None:
    """Return what a writer has not seen of a candidate; None where there is nothing."""
    entries = record.entries.get(written.letter.candidacy_id, ())
    # Who wrote since then has seen more than is told now.
    until = max(until, written.seen_at)
    found = {each.ask_id: each for each in list_news(entries, since=written.seen_at, until=until)}
    news = [found[ask_id] for ask_id in record.titles if ask_id in found]
    if not news:
        return None
    return CandidateNews(
        written.letter,
        headline=news_headline([each.kind for each in news]),
        lines=[(record.titles[each.ask_id], _in_words(each, record)) for each in news],
        is_silent=any(each.after is None for each in news),
    )


def _in_words(news: AnswerNews, record: _Record) -> str:
    dispute = record.marks.get(news.event_id or 0, NO_MARKS).dispute
    return news_words(news) + (_DISPUTED.get(dispute, "") if dispute else "")
