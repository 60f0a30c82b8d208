"""Trouble with delivery in the running demonstration, so that its pages have something to show."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.delivery.models import OutboxMessage, RampMessage
from campaign.delivery.rules import Lane, MessageStatus, campaign_scope
from campaign.delivery.service import queue_message
from campaign.delivery.service.domains import pause_domain

BUSY = "busy.example.org"


def let_delivery_falter(folder: Path) -> None:
    """Pause a domain that nobody there has, show steps that are over, let a notice fail."""
    database = Database(f"sqlite:///{folder / 'instance' / 'demo' / 'campaign.sqlite'}")
    # Some hours on, so that the pause outlasts the walk.
    later = datetime.now(UTC) + timedelta(hours=3)
    with database.transaction() as session:
        pause_domain(
            session, BUSY, reason="The mail server refused the recipient (421 4.7.0).", now=later
        )
        refused = queue_message(
            session,
            mail=MailSettings(),
            lane=Lane.NOTICE,
            scope=campaign_scope(1),
            recipient="supporter@example.org",
            from_name="Safer internet",
            subject="News about your letters",
            body="A candidate has answered.",
            now=datetime.now(UTC),
        )
        refused.status, refused.failed_at = MessageStatus.FAILED, datetime.now(UTC)
        refused.last_error = "The mail server refused the message (554 5.7.1)."
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
