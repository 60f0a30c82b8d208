"""Another round of tries for confirmations and notices, because a person asks for it.

Letters have states of their own, so ``letters`` sends those again.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.delivery.errors import MessageNotFound
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import can_be_sent_again, get_message
from campaign.delivery.rules import Lane, MessageStatus
from campaign.delivery.service import retry_failed

RETRIES = 500
"""Messages that one request sends again; a person can ask once more for the rest."""


def get_failed_mail(session: Session, message_id: int) -> OutboxMessage:
    """Return a confirmation or notice that could not be sent; raises MessageNotFound."""
    message = get_message(session, message_id)
    if message.status is not MessageStatus.FAILED or message.lane is Lane.LETTER:
        raise MessageNotFound("No confirmation or notice with this number has failed.")
    return message


def retry_mail_like(session: Session, message_id: int, *, is_alone: bool, now: datetime) -> int:
    """Send a failed confirmation or notice again, or all of its kind that failed as it did.

    Returns how many. Whose time is over and whose address gets nothing stays. Raises
    MessageNotFound.
    """
    example = get_failed_mail(session, message_id)
    wanted = [
        OutboxMessage.lane == example.lane,
        OutboxMessage.last_error == example.last_error,
        can_be_sent_again(now),
    ]
    if is_alone:
        wanted.append(OutboxMessage.id == message_id)
    session.flush()
    messages = session.scalars(
        select(OutboxMessage.id)
        .where(*wanted)
        .order_by(OutboxMessage.id)
        .limit(RETRIES)
        .with_for_update(skip_locked=True)
    ).all()
    for each in messages:
        retry_failed(session, each, now)
    return len(messages)
