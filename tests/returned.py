"""What the tests of returned mail share: samples, and a message that has been sent."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.core.clock import Clock
from campaign.core.config import PROJECT_ROOT, Settings
from campaign.core.db import Database
from campaign.core.emails import EmailRenderer
from campaign.core.tokens import Signer
from campaign.core.toolkit import Toolkit
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane
from campaign.followups.correspondence import correspondence
from campaign.followups.returned_mail import outcome_handler
from tests.integration.letters import Scene, deliver, messages_of
from tests.unit.test_returned_mail import sample

__all__ = ["sample", "send_letters", "send_one", "toolkit_on"]

ANN = "ann@party.example.org"
"""Whom the samples are about."""


def toolkit_on(database: Database, clock: Clock, **settings: object) -> Toolkit:
    return Toolkit(
        settings=Settings(
            secret_key="a secret of the tests that is long enough",
            **settings,  # type: ignore[arg-type]
        ),
        database=database,
        signer=Signer("a secret of the tests that is long enough"),
        clock=clock,
        emails=EmailRenderer(PROJECT_ROOT / "templates"),
    )


def send_letters(
    toolkit: Toolkit,
    session: Session,
    scene: Scene,
    *,
    now: datetime,
    only: Callable[[OutboxMessage], bool] = lambda message: True,
    **writer: object,
) -> list[OutboxMessage]:
    """Write letters, confirmed at once, and let the worker have sent them."""
    scene.write(
        session,
        now=now,
        is_proven=True,
        correspondence=correspondence(toolkit, session),
        **writer,  # type: ignore[arg-type]
    )
    session.flush()
    messages = [each for each in messages_of(session, Lane.LETTER) if each.sent_at is None]
    for message in messages:
        if only(message):
            deliver(session, message, now)
            outcome_handler(toolkit)(session, message, now)
    session.flush()
    return messages


def send_one(
    toolkit: Toolkit, session: Session, scene: Scene, *, now: datetime
) -> tuple[OutboxMessage, str]:
    """Send one letter to the first candidate; return its message and return token."""
    (message,) = send_letters(toolkit, session, scene, now=now, to=[0])
    assert message.return_token
    return message, message.return_token
