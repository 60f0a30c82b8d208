"""What organisers see of a campaign at a glance: letters, pledges, delivery, things to do."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks
from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.models import DeliveryPause, OutboxMessage
from campaign.delivery.queries import find_pause
from campaign.delivery.rules import ALL_SCOPES, MessageStatus, campaign_scope
from campaign.elections.models import Ballot
from campaign.elections.queries import get_election
from campaign.geography.models import Constituency
from campaign.letters.models import Action, Letter
from campaign.letters.rules import CONFIRMED_STATUSES, HeldReason, LetterStatus
from campaign.pledges.queries import (
    count_open_disputes,
    count_suggestions,
    list_candidate_requests,
    list_current_answers,
    list_entries_to_review,
    list_failed_invitations,
)
from campaign.pledges.rules import Stance

DAYS_SHOWN = 14


@dataclass(frozen=True, slots=True)
class LetterTotals:
    """Letters by state; every accepted letter is in exactly one."""

    by_status: dict[LetterStatus, int]
    by_held_reason: dict[HeldReason, int]
    accepted: int
    writers: int
    """People with at least one letter, confirmed or not."""
    supporters: int
    """People with at least one confirmed letter."""

    @property
    def is_complete(self) -> bool:
        """Whether the states add up to the letters accepted, as they must."""
        return sum(self.by_status.values()) == self.accepted


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day, in the time zone of the election."""

    day: date
    accepted: int
    sent: int


@dataclass(frozen=True, slots=True)
class ConstituencyFigures:
    """Confirmed letters and their writers in one constituency."""

    name: str
    slug: str
    letters: int
    supporters: int


@dataclass(frozen=True, slots=True)
class AskFigures:
    """Answers of standing candidates to one ask."""

    title: str
    by_stance: dict[Stance, int]
    answered: int


@dataclass(frozen=True, slots=True)
class DeliveryFigures:
    """Where a campaign's messages stand, and what stops them."""

    by_status: dict[MessageStatus, int]
    pause: DeliveryPause | None
    pause_of_all: DeliveryPause | None


@dataclass(frozen=True, slots=True)
class ThingsToDo:
    """Counts of what waits for an organiser."""

    entries_to_review: int
    open_disputes: int
    """Entries that a candidate objects to."""
    suggestions: int
    """Evidence from the public that nobody has looked into."""
    candidate_requests: int
    letters_without_address: int
    letters_to_moderate: int
    returned_letters: int
    """Left us and came back."""
    failed_letters: int
    """Refused before they left us."""
    failed_invitations: int
    """The same of invitations and reminders to candidates who have not answered."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not (
            self.entries_to_review
            or self.open_disputes
            or self.suggestions
            or self.candidate_requests
            or self.letters_without_address
            or self.letters_to_moderate
            or self.returned_letters
            or self.failed_letters
            or self.failed_invitations
        )


def letter_totals(session: Session, campaign_id: int) -> LetterTotals:
    """Count a campaign's letters by state."""
    counts = session.execute(
        select(Letter.status, Letter.held_reason, func.count())
        .where(Letter.campaign_id == campaign_id)
        .group_by(Letter.status, Letter.held_reason)
    ).all()
    by_status: Counter[LetterStatus] = Counter()
    by_reason: Counter[HeldReason] = Counter()
    for status, reason, count in counts:
        by_status[status] += count
        if status is LetterStatus.HELD and reason is not None:
            by_reason[reason] += count
    mine = Letter.campaign_id == campaign_id
    people = select(func.count(Letter.supporter_id.distinct())).where(mine)
    confirmed = people.where(Letter.status.in_(CONFIRMED_STATUSES))
    return LetterTotals(
        by_status={status: by_status[status] for status in LetterStatus},
        by_held_reason=dict(by_reason),
        accepted=session.scalar(select(func.count()).where(mine)) or 0,
        writers=session.scalar(people) or 0,
        supporters=session.scalar(confirmed) or 0,
    )


def letters_by_day(session: Session, campaign: Campaign, *, now: datetime) -> list[DayFigures]:
    """Count letters accepted and sent on each of the last days, the newest first."""
    zone = ZoneInfo(get_election(session, campaign.election_id).timezone)
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS_SHOWN)]
    # Days begin at local midnight, so the database is given moments and not asked for dates.
    bounds = [
        (
            datetime.combine(day, time(), zone),
            datetime.combine(day + timedelta(days=1), time(), zone),
        )
        for day in days
    ]
    columns = [
        func.sum(case((and_(column >= start, column < end), 1), else_=0))
        for column in (Letter.created_at, Letter.sent_at)
        for start, end in bounds
    ]
    counts = session.execute(select(*columns).where(Letter.campaign_id == campaign.id)).one()
    numbers = [int(count or 0) for count in counts]
    return [
        DayFigures(day=day, accepted=accepted, sent=sent)
        for day, accepted, sent in zip(
            days, numbers[: len(days)], numbers[len(days) :], strict=True
        )
    ]


def letters_by_constituency(session: Session, campaign_id: int) -> list[ConstituencyFigures]:
    """Count confirmed letters by the constituency of their writers, the most first."""
    letters = func.count(Letter.id)
    rows = session.execute(
        select(
            Constituency.name,
            Constituency.slug,
            letters.label("letters"),
            func.count(Letter.supporter_id.distinct()).label("supporters"),
        )
        .join(Action, Letter.action_id == Action.id)
        .join(Constituency, Action.constituency_id == Constituency.id)
        .where(Letter.campaign_id == campaign_id, Letter.status.in_(CONFIRMED_STATUSES))
        .group_by(Constituency.id, Constituency.name, Constituency.slug)
        .order_by(letters.desc(), Constituency.name)
    )
    return [ConstituencyFigures(row.name, row.slug, row.letters, row.supporters) for row in rows]


def pledges_by_ask(session: Session, campaign: Campaign) -> list[AskFigures]:
    """Count the standing candidates' answers to each ask by stance."""
    ids = set(session.scalars(_standing_candidacies(campaign).with_only_columns(Candidacy.id)))
    answers = [
        answer
        for (candidacy_id, _), answer in list_current_answers(session, campaign.id).items()
        if candidacy_id in ids
    ]
    figures = []
    for ask in list_asks(session, campaign.id):
        counts = Counter(answer.stance for answer in answers if answer.ask_id == ask.id)
        figures.append(
            AskFigures(
                title=ask.current.title,
                by_stance={stance: counts[stance] for stance in Stance},
                answered=counts.total(),
            )
        )
    return figures


def delivery_figures(session: Session, campaign_id: int) -> DeliveryFigures:
    """Count a campaign's messages by where they stand."""
    scope = campaign_scope(campaign_id)
    rows = session.execute(
        select(OutboxMessage.status, func.count())
        .where(OutboxMessage.scope == scope)
        .group_by(OutboxMessage.status)
    )
    counts = {status: count for status, count in rows}  # noqa: C416 - rows are not tuples to mypy
    return DeliveryFigures(
        by_status={status: counts.get(status, 0) for status in MessageStatus},
        pause=find_pause(session, scope),
        pause_of_all=find_pause(session, ALL_SCOPES),
    )


def things_to_do(
    session: Session, campaign_id: int, *, letters: LetterTotals, now: datetime
) -> ThingsToDo:
    """Count what waits for an organiser of a campaign."""
    return ThingsToDo(
        entries_to_review=len(list_entries_to_review(session, campaign_id)),
        open_disputes=count_open_disputes(session, campaign_id),
        suggestions=count_suggestions(session, campaign_id),
        candidate_requests=len(list_candidate_requests(session, campaign_id)),
        letters_without_address=letters.by_held_reason.get(HeldReason.NO_ADDRESS, 0),
        letters_to_moderate=letters.by_held_reason.get(HeldReason.MODERATION, 0),
        returned_letters=letters.by_status[LetterStatus.BOUNCED],
        failed_letters=letters.by_status[LetterStatus.FAILED],
        failed_invitations=len(list_failed_invitations(session, campaign_id, now=now)),
    )


def _standing_candidacies(campaign: Campaign) -> Select[int, str | None]:
    return (
        select(Candidacy.id, Person.email)
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .where(
            Ballot.election_id == campaign.election_id,
            Ballot.is_cancelled.is_(False),
            Candidacy.status != CandidacyStatus.WITHDRAWN,
        )
    )
