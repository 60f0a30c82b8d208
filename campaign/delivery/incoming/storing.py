"""Storing what came back, each event once."""

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaign.delivery.models import DeliveryEvent, OutboxMessage
from campaign.delivery.returns import EventKind, Provider


def store_event(
    session: Session,
    *,
    provider: Provider,
    event_id: str,
    kind: EventKind,
    message: OutboxMessage | None,
    address_key: str,
    now: datetime,
    status: str = "",
    excerpt: str = "",
) -> DeliveryEvent | None:
    """Write an event unless the provider told of it before; None then.

    Two that come in at the same moment leave one row: the second waits for the first.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    added = session.scalar(
        insert(DeliveryEvent)
        .values(
            provider=provider,
            event_id=event_id[:200],
            outbox_message_id=message.id if message is not None else None,
            kind=kind,
            address_key=address_key,
            received_at=now,
            status=status,
            excerpt=excerpt,
            decided_by="",
        )
        .on_conflict_do_nothing()
        .returning(DeliveryEvent.id)
    )
    return None if added is None else session.get_one(DeliveryEvent, added)
