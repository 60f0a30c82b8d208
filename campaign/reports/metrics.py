"""What a monitoring program reads: numbers of the moment, counted when they are asked for.

Counted in the database, so that every web process gives the same. Each count reads an index, or a
bounded number of rows: a million messages take about half a second.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.queries import list_open_repairs
from campaign.core.config import MailSettings
from campaign.core.db import table_of
from campaign.delivery import queries
from campaign.delivery.models import (
    DeliveryAttempt,
    DeliveryEvent,
    DeliveryPause,
    OutboxMessage,
    WorkerHeartbeat,
)
from campaign.delivery.rules import ALL_SCOPES, DAY, HOUR, Lane, MessageStatus
from campaign.letters.models import Letter

NEWEST_TRIES = 50_000
"""Tries that are looked at: those of the last hour, but no more than this."""
WAITING_LETTERS = 20_000
"""Letters in the queue that are looked at to find recipients who have had enough."""
ALIVE = timedelta(minutes=3)

_MESSAGES = table_of(OutboxMessage)
_ATTEMPTS = table_of(DeliveryAttempt)


@dataclass(frozen=True)
class Measure:
    """One family of numbers, by the values of its labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    values: Mapping[Any, float]
    """The labels' values, as a tuple, to the number."""
    only_grows: bool = False


def list_measures(session: Session, *, mail: MailSettings, now: datetime) -> Iterator[Measure]:
    """Yield every family; ages are seconds."""
    yield from _queue(session, now)
    yield from _limits(session, mail, now)
    yield _tries(session, now)
    yield from _worker(session, now)
    yield _pauses(session)
    yield _letters(session)
    yield from _returned(session, now)


def _queue(session: Session, now: datetime) -> Iterator[Measure]:
    counted = session.execute(
        select(OutboxMessage.status, OutboxMessage.lane, func.count()).group_by(
            OutboxMessage.status, OutboxMessage.lane
        )
    )
    numbers = {(lane.value, status.value): 0.0 for lane in Lane for status in MessageStatus}
    numbers |= {(row[1].value, row[0].value): row[2] for row in counted}
    yield Measure("campaign_messages", "Messages of the outbox.", ("lane", "status"), numbers)
    oldest = {lane: queries.find_oldest_due_at(session, now, lane) for lane in Lane}
    yield Measure(
        "campaign_queue_oldest_seconds",
        "How long the longest waiting message that may leave has been due; 0 where none is.",
        ("lane",),
        {(lane.value,): _age(now, since) for lane, since in oldest.items()},
    )


def _limits(session: Session, mail: MailSettings, now: datetime) -> Iterator[Measure]:
    waits = (
        _MESSAGES.c.status == MessageStatus.QUEUED,
        _MESSAGES.c.lane == Lane.LETTER,
        _MESSAGES.c.due_at > now,
    )
    yield Measure(
        "campaign_letters_waiting",
        "Letters in the queue whose time has not come.",
        (),
        {(): queries.count_letters_not_due(session, now)},
    )
    some = select(_MESSAGES.c.recipient_key).where(*waits).limit(WAITING_LETTERS).subquery()
    each = select(some.c.recipient_key.label("key")).distinct().subquery()

    def nth_newest(number: int) -> ColumnElement[datetime]:
        # By the index alone: the few messages of other lanes to such an address count too.
        sent = select(_MESSAGES.c.sent_at).where(
            _MESSAGES.c.recipient_key == each.c.key, _MESSAGES.c.sent_at.is_not(None)
        )
        newest = sent.order_by(_MESSAGES.c.sent_at.desc()).limit(1).offset(number - 1)
        return newest.correlate(each).scalar_subquery()

    full = or_(
        nth_newest(mail.letters_per_hour) > now - HOUR,
        nth_newest(mail.letters_per_day) > now - DAY,
    )
    yield Measure(
        "campaign_recipients_at_limit",
        "Addresses with letters waiting that have had all of an hour or a day.",
        (),
        {(): session.scalars(select(func.count()).select_from(each).where(full)).one()},
    )


def _tries(session: Session, now: datetime) -> Measure:
    newest = (
        select(_ATTEMPTS.c.outcome, _ATTEMPTS.c.started_at)
        .order_by(_ATTEMPTS.c.id.desc())
        .limit(NEWEST_TRIES)
        .subquery()
    )
    rows = session.execute(
        select(newest.c.outcome, func.count())
        .where(newest.c.started_at > now - HOUR)
        .group_by(newest.c.outcome)
    )
    return Measure(
        "campaign_tries_last_hour",
        f"Tries to deliver that began within an hour, the newest {NEWEST_TRIES} at most.",
        ("outcome",),
        {(row[0].value,): row[1] for row in rows},
    )


def _worker(session: Session, now: datetime) -> Iterator[Measure]:
    seen_at = queries.find_last_heartbeat(session)
    yield Measure(
        "campaign_worker_silence_seconds",
        "Since when no delivery worker has shown that it lives; nothing where none has run.",
        (),
        {} if seen_at is None else {(): _age(now, seen_at)},
    )
    alive = select(func.count()).where(WorkerHeartbeat.seen_at > now - ALIVE)
    yield Measure(
        "campaign_workers", "Delivery workers that live.", (), {(): session.scalars(alive).one()}
    )


def _pauses(session: Session) -> Measure:
    scopes = session.scalars(select(DeliveryPause.scope)).all()
    return Measure(
        "campaign_paused",
        "1 for each kill switch that is on; the scope all stands for everything.",
        ("scope",),
        {(ALL_SCOPES,): 0.0} | {(scope,): 1.0 for scope in scopes},
    )


def _letters(session: Session) -> Measure:
    slugs = {row[0]: row[1] for row in session.execute(select(Campaign.id, Campaign.slug))}
    rows = session.execute(
        select(Letter.campaign_id, Letter.status, func.count()).group_by(
            Letter.campaign_id, Letter.status
        )
    )
    return Measure(
        "campaign_letters",
        "Letters of supporters by what became of them.",
        ("campaign", "status"),
        {(slugs[row[0]], row[1].value): row[2] for row in rows},
    )


def _returned(session: Session, now: datetime) -> Iterator[Measure]:
    rows = session.execute(select(DeliveryEvent.kind, func.count()).group_by(DeliveryEvent.kind))
    yield Measure(
        "campaign_returned_mail",
        "Bounces, complaints and replies that were taken in.",
        ("kind",),
        {(row[0].value,): row[1] for row in rows},
        only_grows=True,
    )
    yield Measure(
        "campaign_addresses_to_repair",
        "Candidates whose address does not work.",
        (),
        {(): len(list_open_repairs(session))},
    )
    yield Measure(
        "campaign_suppressed_addresses",
        "Entries that keep an address from getting mail.",
        (),
        {(): queries.count_suppressions(session)},
    )
    probe = queries.find_last_probe(session)
    if probe is not None:
        yield Measure(
            "campaign_probe_age_seconds",
            "When the way back was last tried.",
            (),
            {(): _age(now, probe.sent_at)},
        )
        yield Measure(
            "campaign_probe_returned",
            "Whether that try came back.",
            (),
            {(): float(probe.returned_at is not None)},
        )


def _age(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
