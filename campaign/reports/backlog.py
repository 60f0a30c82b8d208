"""Letters that wait for their turn: at whom, for how long, and which cannot leave in time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from campaign.candidates.models import Candidacy, Person
from campaign.core.config import MailSettings
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import find_lines, is_in_time
from campaign.delivery.rules import (
    Lane,
    MessageStatus,
    Pace,
    Waiting,
    campaign_scope,
    expect_places,
    plan_places,
)
from campaign.elections.models import Ballot
from campaign.geography.models import Constituency
from campaign.letters.models import Letter
from campaign.pledges.models import Invitation

ROWS = 20
MOST_PLANNED = 100
"""Lines that are followed letter by letter; of further ones only the length is compared."""


@dataclass(frozen=True, slots=True)
class BacklogRow:
    """One address at which letters wait."""

    names: str
    """Candidates at the address; more than one where they share it."""
    places: str
    person_id: int
    waiting: int
    """Letters of all campaigns: they share the limits."""
    of_campaign: int
    last_leaves_at: datetime | None
    """When the last that can still leave does; None where nothing is expected to."""
    too_late: int
    """Letters that cannot leave before the poll closes."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits at all addresses that a campaign, or any campaign, writes to."""

    letters: int
    """Of the campaign."""
    addresses: int
    rows: list[BacklogRow]
    """The longest lines first; not all of them."""
    late_addresses: int
    """Addresses where some letters cannot leave before the poll closes."""


@dataclass(frozen=True, slots=True)
class _Queue:
    key: str
    waiting: int
    of_campaign: int
    not_after: datetime | None
    timezone: str | None


def get_backlog(
    session: Session,
    campaign_id: int | None,
    *,
    mail: MailSettings,
    now: datetime,
    rows: int = ROWS,
) -> Backlog:
    """Return what waits for the recipients of a campaign, ``None`` for those of all."""
    pace = Pace(mail.letters_per_hour, mail.letters_per_day)
    queues = _list_queues(session, campaign_id, now)
    shown = queues[:rows]
    suspects = _list_suspects(queues, pace=pace, now=now)
    followed = {each.key for each in [*shown, *suspects[:MOST_PLANNED]]}
    leaving: dict[str, datetime | None] = {}
    late: dict[str, int] = {}
    for key, line in find_lines(session, followed, now).items():
        places = list(expect_places(line, now=now, pace=pace).values())
        leaving[key] = max((each for each in places if each is not None), default=None)
        late[key] = places.count(None)
    named = _name_recipients(session, [each.key for each in shown], campaign_id)
    return Backlog(
        letters=sum(each.of_campaign for each in queues),
        addresses=len(queues),
        rows=[
            BacklogRow(
                *named[each.key],
                waiting=each.waiting,
                of_campaign=each.of_campaign,
                last_leaves_at=leaving[each.key],
                too_late=late[each.key],
            )
            for each in shown
            if each.key in named
        ],
        late_addresses=sum(1 for each in late.values() if each)
        # Too many to follow each: all of these have more than a whole line can hold.
        + sum(1 for each in suspects[MOST_PLANNED:] if each.key not in followed),
    )


def describe_backlog(session: Session, *, mail: MailSettings, now: datetime) -> tuple[bool, str]:
    """Return whether all letters that wait can leave before the poll closes, and a sentence."""
    backlog = get_backlog(session, None, mail=mail, now=now, rows=0)
    if not backlog.late_addresses:
        return True, f"{backlog.letters} letters wait for their turn; all can leave in time."
    return False, (
        f"{backlog.letters} letters wait for their turn, and at {backlog.late_addresses} of "
        f"{backlog.addresses} addresses not all can leave before the poll closes; "
        "see Delivery in the back office."
    )


def _list_queues(session: Session, campaign_id: int | None, now: datetime) -> list[_Queue]:
    """Return the line of each recipient whom the campaign has mail for, the longest first.

    Counted in e-mails, as the limits are: a digest is one, and so is an invitation.
    """
    of_campaign = (
        func.count()
        if campaign_id is None
        else func.sum(case((OutboxMessage.scope == campaign_scope(campaign_id), 1), else_=0))
    )
    counted = (
        select(
            OutboxMessage.recipient_key,
            func.count().label("waiting"),
            of_campaign.label("own"),
            func.min(OutboxMessage.not_after).label("not_after"),
            func.min(OutboxMessage.timezone).label("timezone"),
        )
        .where(
            OutboxMessage.status == MessageStatus.QUEUED,
            OutboxMessage.lane == Lane.LETTER,
            is_in_time(now),
        )
        .group_by(OutboxMessage.recipient_key)
        .order_by(func.count().desc(), OutboxMessage.recipient_key)
    )
    return [
        _Queue(row.recipient_key, row.waiting, row.own, row.not_after, row.timezone)
        for row in session.execute(counted)
        if row.own
    ]


def _list_suspects(queues: list[_Queue], *, pace: Pace, now: datetime) -> list[_Queue]:
    """Return the lines that are longer than what surely leaves before the poll closes."""
    longest = max((each.waiting for each in queues), default=0)

    @lru_cache
    def capacity(not_after: datetime, timezone: str | None) -> int:
        letters = [Waiting(now, timezone, not_after, 0.5)] * longest
        places = plan_places(letters, sent=[], now=now, pace=pace)
        return sum(1 for each in places if each < not_after)

    return [
        each
        for each in queues
        if each.not_after is not None
        # What left in the last day takes places too, a day's worth of them at most.
        and each.waiting + pace.per_day > (room := capacity(each.not_after, each.timezone))
        and (each.waiting > 1 or not room)
    ]


def _name_recipients(
    session: Session, keys: Collection[str], campaign_id: int | None
) -> dict[str, tuple[str, str, int]]:
    """Return names, constituencies and the number of a person for each address."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    # From what carries letters, and from invitations, which carry none.
    for carried in (Letter, Invitation):
        query = (
            select(OutboxMessage.recipient_key, Person.id, Person.name, Constituency.name)
            .join(carried, carried.outbox_message_id == OutboxMessage.id)
            .join(Candidacy, Candidacy.id == carried.candidacy_id)
            .join(Person, Person.id == Candidacy.person_id)
            .join(Ballot, Ballot.id == Candidacy.ballot_id)
            .join(Constituency, Constituency.id == Ballot.constituency_id)
            .where(
                OutboxMessage.recipient_key.in_(keys),
                OutboxMessage.status == MessageStatus.QUEUED,
            )
            .distinct()
            .order_by(Person.name, Person.id)
        )
        if campaign_id is not None:
            query = query.where(carried.campaign_id == campaign_id)
        for key, person_id, name, place in session.execute(query):
            found.setdefault(key, []).append((person_id, name, place))
    return {
        key: (
            ", ".join(dict.fromkeys(each[1] for each in people)),
            ", ".join(dict.fromkeys(each[2] for each in people)),
            people[0][0],
        )
        for key, people in found.items()
    }
