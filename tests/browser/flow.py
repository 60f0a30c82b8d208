"""Trouble with delivery in the running demonstration, so that its pages have something to show."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.core.db import Database
from campaign.delivery.models import OutboxMessage, RampMessage
from campaign.delivery.rules import Lane, MessageStatus
from campaign.delivery.service.domains import pause_domain

BUSY = "busy.example.org"


def let_delivery_falter(folder: Path) -> None:
    """Pause a domain that nobody in the demonstration has, and show steps that are over."""
    database = Database(f"sqlite:///{folder / 'instance' / 'demo' / 'campaign.sqlite'}")
    # Some hours on, so that the pause outlasts the walk.
    later = datetime.now(UTC) + timedelta(hours=3)
    with database.transaction() as session:
        pause_domain(
            session, BUSY, reason="The mail server refused the recipient (421 4.7.0).", now=later
        )
        show_first_step(session)
    database.dispose()


def show_first_step(session: Session) -> None:
    """Count the oldest letters as the first step of their campaign, as a new campaign has it."""
    sent = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.lane == Lane.LETTER, OutboxMessage.status == MessageStatus.SENT)
        .order_by(OutboxMessage.id)
        .limit(50)
    ).all()
    session.add_all(
        RampMessage(outbox_message_id=each.id, scope=each.scope, step=0) for each in sent
    )
