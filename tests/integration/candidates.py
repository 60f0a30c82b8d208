"""What tests about mail to candidates share: an installation without a web, and a worker's hand."""

from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from campaign.core.clock import utc_now
from campaign.core.config import PROJECT_ROOT, MailSettings, Settings
from campaign.core.db import Database
from campaign.core.emails import EmailRenderer
from campaign.core.tokens import Signer
from campaign.core.toolkit import Toolkit
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import MessageStatus

NOW = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)


def make_toolkit(database: Database) -> Toolkit:
    """Return an installation on a test's database."""
    secret = "a secret of the tests that is long enough"
    return Toolkit(
        settings=Settings(secret_key=secret, base_url="http://localhost", mail=MailSettings()),
        database=database,
        signer=Signer(secret),
        clock=utc_now,
        emails=EmailRenderer(PROJECT_ROOT / "templates"),
    )


def sent(session: Session, at: datetime) -> None:
    """Let everything in the outbox leave at a moment."""
    session.flush()
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.status == MessageStatus.QUEUED)
        .values(status=MessageStatus.SENT, sent_at=at)
    )
    session.expire_all()
