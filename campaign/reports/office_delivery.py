"""What keeps letters back and what became of those that failed, as organisers see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, Person
from campaign.delivery.models import DeliveryRamp, OutboxMessage
from campaign.delivery.queries import count_ramp_step, find_ramp, list_stopped_ramps
from campaign.delivery.rules import (
    STEPS,
    Lane,
    MessageStatus,
    Step,
    StepFigures,
    campaign_scope,
    is_past,
)
from campaign.letters.models import Letter
from campaign.letters.service.retrying import can_be_tried_again

SHOWN = 200
"""Failed letters on one page."""


class StepState(StrEnum):
    """Where one step of a ramp stands."""

    DONE = "done"
    SENDING = "sending"
    WAITING = "waiting"
    STOPPED = "stopped"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One step of a campaign's first letters."""

    number: int
    step: Step
    figures: StepFigures
    state: StepState


@dataclass(frozen=True, slots=True)
class RampFigures:
    """The steps of a campaign's first letters; none where it never had any."""

    steps: list[ShownStep]
    is_past: bool
    waits_until: datetime | None
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Letters that failed for one cause."""

    error: str
    count: int
    retriable: int
    latest_at: datetime
    example_id: int
    """One of its messages, by which the group is named."""


@dataclass(frozen=True, slots=True)
class FailedLetter:
    """A letter that could not be delivered."""

    message_id: int
    person_id: int
    candidate: str
    failed_at: datetime
    tries: int
    is_retriable: bool


@dataclass(frozen=True, slots=True)
class LaneFigures:
    """How many messages of a lane wait."""

    lane: Lane
    waiting: int
    oldest_due_at: datetime | None


def ramp_figures(session: Session, campaign_id: int) -> RampFigures:
    """Return the steps of a campaign's first letters with their numbers."""
    scope = campaign_scope(campaign_id)
    ramp = find_ramp(session, scope)
    steps = [
        ShownStep(
            number + 1, step, count_ramp_step(session, scope, number), _state_of(ramp, number)
        )
        for number, step in enumerate(STEPS)
    ]
    has_passed = ramp is not None and is_past(ramp.step)
    if has_passed and not any(each.figures.letters for each in steps):
        steps = []
    return RampFigures(
        steps=steps,
        is_past=has_passed,
        waits_until=ramp.waits_until if ramp else None,
        stopped_at=ramp.stopped_at if ramp else None,
    )


def _state_of(ramp: DeliveryRamp | None, number: int) -> StepState:
    current = 0 if ramp is None else ramp.step
    if number != current:
        return StepState.DONE if number < current else StepState.AHEAD
    if ramp is not None and ramp.stopped_at is not None:
        return StepState.STOPPED
    waits = ramp is not None and ramp.waits_until is not None
    return StepState.WAITING if waits else StepState.SENDING


def list_failures(session: Session, campaign_id: int, *, now: datetime) -> list[FailureGroup]:
    """Return a campaign's failed letters by what went wrong, the most frequent first."""
    count = func.count()
    rows = session.execute(
        select(
            OutboxMessage.last_error,
            count,
            func.count(case((can_be_tried_again(now), 1))),
            func.max(OutboxMessage.failed_at),
            func.min(OutboxMessage.id),
        )
        .join(Letter, Letter.outbox_message_id == OutboxMessage.id)
        .where(
            OutboxMessage.status == MessageStatus.FAILED,
            OutboxMessage.lane == Lane.LETTER,
            OutboxMessage.scope == campaign_scope(campaign_id),
        )
        .group_by(OutboxMessage.last_error)
        .order_by(count.desc(), OutboxMessage.last_error)
    )
    return [FailureGroup(row[0], row[1], row[2], row[3] or now, row[4]) for row in rows]


def list_failed_letters(
    session: Session, campaign_id: int, error: str, *, now: datetime
) -> list[FailedLetter]:
    """Return the letters of a campaign that failed with this error, the latest first."""
    rows = session.execute(
        select(
            OutboxMessage.id,
            Person.id,
            Person.name,
            OutboxMessage.failed_at,
            OutboxMessage.attempt_count,
            case((can_be_tried_again(now), 1), else_=0),
        )
        .join(Letter, Letter.outbox_message_id == OutboxMessage.id)
        .join(Candidacy, Candidacy.id == Letter.candidacy_id)
        .join(Person, Person.id == Candidacy.person_id)
        .where(
            OutboxMessage.status == MessageStatus.FAILED,
            OutboxMessage.lane == Lane.LETTER,
            OutboxMessage.scope == campaign_scope(campaign_id),
            OutboxMessage.last_error == error,
        )
        .order_by(OutboxMessage.failed_at.desc(), OutboxMessage.id.desc())
        .limit(SHOWN)
    )
    return [
        FailedLetter(row[0], row[1], row[2], row[3] or now, row[4], bool(row[5])) for row in rows
    ]


def queue_figures(session: Session) -> list[LaneFigures]:
    """Return for each lane how much waits and since when the first of it has been due."""
    rows = session.execute(
        select(OutboxMessage.lane, func.count(), func.min(OutboxMessage.due_at))
        .where(OutboxMessage.status == MessageStatus.QUEUED)
        .group_by(OutboxMessage.lane)
    )
    found = {row[0]: LaneFigures(row[0], row[1], row[2]) for row in rows}
    return [found.get(lane, LaneFigures(lane, 0, None)) for lane in Lane]


def list_ramp_warnings(session: Session) -> Iterator[str]:
    """Yield a sentence for the doctor for each campaign whose first letters have stopped."""
    for ramp in list_stopped_ramps(session):
        number = ramp.scope.partition(":")[2]
        campaign = session.get(Campaign, int(number)) if number.isdigit() else None
        figures = count_ramp_step(session, ramp.scope, ramp.step)
        yield (
            f"{figures.bounced} of {figures.letters} letters in step {ramp.step + 1} of "
            f"{campaign.slug if campaign else ramp.scope} came back, so the campaign has stopped. "
            "An organiser must look at them on its page Delivery."
        )
