"""What keeps messages back: kill switches, paused domains, the first steps of a campaign."""

from datetime import datetime

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from campaign.delivery.models import (
    DeliveryEvent,
    DeliveryPause,
    DeliveryRamp,
    DomainPause,
    OutboxMessage,
    RampMessage,
)
from campaign.delivery.returns import (
    EventDecision,
    EventKind,
)
from campaign.delivery.rules import (
    ALL_SCOPES,
    MessageStatus,
    StepFigures,
)


def find_pause(session: Session, scope: str) -> DeliveryPause | None:
    """Return the kill switch of a scope where it is on."""
    return session.get(DeliveryPause, scope)


def is_paused_by_person(session: Session, scope: str) -> bool:
    """Tell whether a scope's messages wait until somebody decides; a pause with an end is not."""
    query = select(DeliveryPause.scope).where(
        DeliveryPause.scope.in_((scope, ALL_SCOPES)), DeliveryPause.ends_at.is_(None)
    )
    return session.scalar(query.limit(1)) is not None


def list_pauses(session: Session) -> list[DeliveryPause]:
    """Return every kill switch that is on, the oldest first."""
    return list(session.scalars(select(DeliveryPause).order_by(DeliveryPause.paused_at)))


def list_domain_pauses(session: Session, now: datetime) -> list[DomainPause]:
    """Return the domains to which nothing leaves now, those paused the longest first."""
    query = select(DomainPause).where(DomainPause.ends_at > now)
    return list(session.scalars(query.order_by(DomainPause.ends_at.desc(), DomainPause.domain)))


def find_domain_pause(session: Session, domain: str, now: datetime) -> DomainPause | None:
    """Return the pause of a domain where nothing leaves to it now."""
    found = session.get(DomainPause, domain)
    return found if found is not None and found.ends_at > now else None


def find_ramp(session: Session, scope: str) -> DeliveryRamp | None:
    """Return how far a scope's letters have come; None before the first one leaves."""
    return session.get(DeliveryRamp, scope)


def list_stopped_ramps(session: Session) -> list[DeliveryRamp]:
    """Return the ramps at which too many letters came back, the oldest first."""
    query = select(DeliveryRamp).where(DeliveryRamp.stopped_at.is_not(None))
    return list(session.scalars(query.order_by(DeliveryRamp.stopped_at)))


def count_ramp_step(session: Session, scope: str, step: int) -> StepFigures:
    """Count the letters of one step of a ramp."""
    returned = (
        select(DeliveryEvent.id)
        .where(
            DeliveryEvent.outbox_message_id == OutboxMessage.id,
            or_(
                DeliveryEvent.kind == EventKind.HARD_BOUNCE,
                DeliveryEvent.decision == EventDecision.HARD,
            ),
        )
        .exists()
    )
    is_refused = OutboxMessage.status == MessageStatus.FAILED
    waits = OutboxMessage.status.in_((MessageStatus.QUEUED, MessageStatus.SENDING))
    row = session.execute(
        select(
            func.count(),
            func.count(case((waits & (OutboxMessage.attempt_count == 0), 1))),
            func.count(case((OutboxMessage.status == MessageStatus.SENT, 1))),
            func.count(case((or_(is_refused, returned), 1))),
        )
        .join(RampMessage, RampMessage.outbox_message_id == OutboxMessage.id)
        .where(RampMessage.scope == scope, RampMessage.step == step)
    ).one()
    return StepFigures(letters=row[0], untried=row[1], sent=row[2], bounced=row[3])
