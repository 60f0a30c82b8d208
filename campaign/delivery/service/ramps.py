"""How a new campaign's letters begin: steps that wait for bounces, and stop at too many."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaign.delivery.models import DeliveryPause, DeliveryRamp, OutboxMessage, RampMessage
from campaign.delivery.queries import count_ramp_step
from campaign.delivery.rules import STEPS, MessageStatus, Move, StepFigures, is_past, judge_step

RAMP = "ramp"
"""Actor of a pause that too many bounces have caused."""


@dataclass(frozen=True, slots=True)
class RampMove:
    """That a ramp did something, with the figures that it looked at."""

    scope: str
    step: int
    move: Move
    figures: StepFigures


def pass_ramp(session: Session, scope: str, now: datetime) -> None:
    """Let all letters of a scope leave from now on, without steps.

    For letters that have shown before what a ramp shows, or that go nowhere.
    """
    ramp = _begin(session, scope, now)
    ramp.step, ramp.waits_until, ramp.stopped_at = len(STEPS), None, None
    session.flush()


def advance_ramps(session: Session, now: datetime) -> list[RampMove]:
    """Take every ramp on where its time has come; return what has changed.

    A ramp with too many bounces stops its letters as a kill switch does, until a person decides.
    """
    moves = []
    ramps = session.scalars(
        select(DeliveryRamp)
        .where(DeliveryRamp.step < len(STEPS), DeliveryRamp.stopped_at.is_(None))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for ramp in ramps:
        step = ramp.step
        if ramp.waits_until is None:
            _forget_taken_back(session, ramp)
        figures = count_ramp_step(session, ramp.scope, step)
        move = judge_step(step, figures, waits_until=ramp.waits_until, now=now)
        if move is Move.STAY:
            continue
        if move is Move.WAIT:
            ramp.waits_until = now + STEPS[step].wait
        elif move is Move.GO_ON:
            ramp.step, ramp.waits_until = step + 1, None
        else:
            ramp.stopped_at, ramp.waits_until = now, None
            _stop(session, ramp.scope, figures, now=now)
        moves.append(RampMove(ramp.scope, step, move, figures))
    session.flush()
    return moves


def accept_bounces(session: Session, scope: str) -> bool:
    """Take a ramp that has stopped to its next step; tell whether it had stopped."""
    ramp = session.get(DeliveryRamp, scope, with_for_update=True)
    if ramp is None or ramp.stopped_at is None or is_past(ramp.step):
        return False
    ramp.step, ramp.stopped_at, ramp.waits_until = ramp.step + 1, None, None
    return True


def _begin(session: Session, scope: str, now: datetime) -> DeliveryRamp:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(
        dialect.insert(DeliveryRamp)
        .values(scope=scope, step=0, begun_at=now)
        .on_conflict_do_nothing()
    )
    return session.get_one(DeliveryRamp, scope, with_for_update=True, populate_existing=True)


def _forget_taken_back(session: Session, ramp: DeliveryRamp) -> None:
    """Give the places of messages that were taken back to others."""
    cancelled = select(OutboxMessage.id).where(OutboxMessage.status == MessageStatus.CANCELLED)
    session.execute(
        delete(RampMessage)
        .where(
            RampMessage.scope == ramp.scope,
            RampMessage.step == ramp.step,
            RampMessage.outbox_message_id.in_(cancelled),
        )
        .execution_options(synchronize_session=False)
    )


def _stop(session: Session, scope: str, figures: StepFigures, *, now: datetime) -> None:
    if session.get(DeliveryPause, scope) is None:
        reason = f"{figures.bounced} of {figures.letters} letters of this step came back for good."
        session.add(DeliveryPause(scope=scope, actor=RAMP, reason=reason, paused_at=now))
