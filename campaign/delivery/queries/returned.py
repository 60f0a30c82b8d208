"""What came back, and whom nothing more goes to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, func, not_, or_, select
from sqlalchemy.orm import Session

from campaign.core.db import table_of
from campaign.delivery.errors import EventNotFound, SuppressionNotFound
from campaign.delivery.models import (
    DeliveryEvent,
    DeliveryProbe,
    OutboxMessage,
    Suppression,
)
from campaign.delivery.returns import (
    SOFT_KINDS,
    SUPPRESSED_IN,
    EventDecision,
    EventKind,
    Provider,
    SuppressionReason,
)
from campaign.delivery.rules import (
    Lane,
)

# Made once: to put a statement together costs more than to run it.
_SUPPRESSED = select(table_of(Suppression).c.address_key, table_of(Suppression).c.reason).where(
    Suppression.lifted_at.is_(None), Suppression.reason.in_(bindparam("reasons", expanding=True))
)


def has_been_written_to(session: Session, address_key: str) -> bool:
    """Tell whether any message was ever queued for an address."""
    found = select(OutboxMessage.id).where(OutboxMessage.recipient_key == address_key).limit(1)
    return session.scalar(found) is not None


def is_suppressed(session: Session, address_key: str, lane: Lane) -> bool:
    """Tell whether messages of a lane may not leave to an address."""
    found = session.scalar(
        select(Suppression.id)
        .where(
            Suppression.address_key == address_key,
            Suppression.lifted_at.is_(None),
            Suppression.reason.in_(SUPPRESSED_IN[lane]),
        )
        .limit(1)
    )
    return found is not None


def is_not_suppressed() -> ColumnElement[bool]:
    """Return the condition that a message's recipient may get messages of its lane."""
    messages, entries = table_of(OutboxMessage), table_of(Suppression)
    entry = select(entries.c.id).where(
        entries.c.address_key == messages.c.recipient_key,
        entries.c.lifted_at.is_(None),
        or_(
            *(
                and_(messages.c.lane == lane, entries.c.reason.in_(reasons))
                for lane, reasons in SUPPRESSED_IN.items()
                if reasons
            )
        ),
    )
    return not_(entry.correlate(messages).exists())


def map_suppressed_addresses(session: Session, lane: Lane) -> dict[str, SuppressionReason]:
    """Return every address that messages of a lane may not go to; a complaint comes first."""
    session.flush()
    rows = session.connection().execute(_SUPPRESSED, {"reasons": list(SUPPRESSED_IN[lane])})
    found: dict[str, SuppressionReason] = {}
    for key, reason in rows:
        if found.get(key) is not SuppressionReason.COMPLAINT:
            found[key] = reason
    return found


def list_suppressions(session: Session, *, limit: int, offset: int = 0) -> list[Suppression]:
    """Return the entries in force, the newest first."""
    return list(
        session.scalars(
            select(Suppression)
            .where(Suppression.lifted_at.is_(None))
            .order_by(Suppression.id.desc())
            .limit(limit)
            .offset(offset)
        )
    )


def count_suppressions(session: Session) -> int:
    """Return how many entries are in force."""
    return session.scalars(
        select(func.count()).select_from(Suppression).where(Suppression.lifted_at.is_(None))
    ).one()


def get_suppression(session: Session, suppression_id: int) -> Suppression:
    """Return an entry that is in force; raises SuppressionNotFound."""
    found = session.get(Suppression, suppression_id)
    if found is None or found.lifted_at is not None:
        raise SuppressionNotFound("No entry of this number is in force.")
    return found


def list_soft_bounce_times(
    session: Session, address_key: str, *, since: datetime
) -> Sequence[datetime]:
    """Return when softly bounced messages to an address came back, since a moment.

    What came before an organiser last let mail go there again no longer counts.
    """
    lifted_at = session.scalar(
        select(func.max(Suppression.lifted_at)).where(Suppression.address_key == address_key)
    )
    is_soft = or_(
        DeliveryEvent.kind.in_(SOFT_KINDS),
        DeliveryEvent.decision == EventDecision.SOFT,
    )
    return session.scalars(
        select(DeliveryEvent.received_at).where(
            DeliveryEvent.address_key == address_key,
            DeliveryEvent.received_at >= max(since, lifted_at or since),
            is_soft,
        )
    ).all()


def count_events(
    session: Session, message_id: int, *, since: datetime, kinds: Sequence[EventKind] = ()
) -> int:
    """Return how many events a message has had since a moment, of some kinds or of any."""
    query = select(func.count()).where(
        DeliveryEvent.outbox_message_id == message_id, DeliveryEvent.received_at > since
    )
    if kinds:
        query = query.where(DeliveryEvent.kind.in_(kinds))
    return session.scalars(query).one()


def list_undecided_events(session: Session, *, limit: int = 100) -> list[DeliveryEvent]:
    """Return bounces that no program could read and nobody has decided on, the oldest first."""
    return list(
        session.scalars(
            select(DeliveryEvent)
            .where(DeliveryEvent.kind == EventKind.UNREADABLE, DeliveryEvent.decision.is_(None))
            .order_by(DeliveryEvent.id)
            .limit(limit)
        )
    )


def list_events(session: Session, *, limit: int = 100) -> list[DeliveryEvent]:
    """Return what came back of late, the newest first."""
    return list(
        session.scalars(select(DeliveryEvent).order_by(DeliveryEvent.id.desc()).limit(limit))
    )


def map_last_events(session: Session) -> dict[Provider, datetime]:
    """Return when each of those who tell us of bounces last did."""
    query = select(DeliveryEvent.provider, func.max(DeliveryEvent.received_at))
    return {row[0]: row[1] for row in session.execute(query.group_by(DeliveryEvent.provider))}


def find_last_probe(session: Session) -> DeliveryProbe | None:
    """Return the newest try of the way back."""
    return session.scalar(select(DeliveryProbe).order_by(DeliveryProbe.id.desc()).limit(1))


def get_undecided_event(session: Session, event_id: int) -> DeliveryEvent:
    """Return a bounce that waits for a person, locked; raises EventNotFound."""
    found = session.scalar(
        select(DeliveryEvent)
        .where(
            DeliveryEvent.id == event_id,
            DeliveryEvent.kind == EventKind.UNREADABLE,
            DeliveryEvent.decision.is_(None),
        )
        .with_for_update()
    )
    if found is None:
        raise EventNotFound("Nothing is left to decide about this bounce.")
    return found
