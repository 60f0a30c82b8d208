"""What delivery does to letters: the worker's handler."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import FinalMessage, Lane, MessageStatus
from campaign.letters.models import Letter
from campaign.letters.rules import LetterStatus
from campaign.letters.service.correspondence import Correspondence
from campaign.letters.service.life import WORKER, mark_letters_sent, move_letter
from campaign.letters.service.outcome_mail import queue_failure


def record_delivery(
    session: Session,
    message: FinalMessage | OutboxMessage,
    now: datetime,
    *,
    correspondence: Correspondence,
) -> None:
    """Bring the letters of a message up to it, when it has been sent or has failed for good.

    Does nothing for other mail and the second time. Each supporter whose letter failed is told,
    with their text.
    """
    if message.lane is not Lane.LETTER:
        return
    session.flush()
    if message.status is MessageStatus.SENT and mark_letters_sent(
        session, message.id, sent_at=message.sent_at or now, now=now
    ):
        return
    if message.status not in (MessageStatus.SENT, MessageStatus.FAILED):
        return
    letters = session.scalars(
        select(Letter)
        .where(
            Letter.outbox_message_id == message.id,
            Letter.status.in_((LetterStatus.QUEUED, LetterStatus.HELD)),
        )
        .order_by(Letter.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for letter in letters.all():
        _bring_up(session, letter, message, now, correspondence=correspondence)


def _bring_up(
    session: Session,
    letter: Letter,
    message: FinalMessage | OutboxMessage,
    now: datetime,
    *,
    correspondence: Correspondence,
) -> None:
    if letter.status is LetterStatus.HELD:
        # The message was claimed before its letter was held, or let go with its campaign.
        move_letter(
            session,
            letter,
            LetterStatus.QUEUED,
            actor=WORKER,
            now=now,
            reason="message already on its way",
        )
    if message.status is MessageStatus.SENT:
        move_letter(session, letter, LetterStatus.SENT, actor=WORKER, now=now)
        letter.sent_at = message.sent_at or now
        return
    move_letter(
        session, letter, LetterStatus.FAILED, actor=WORKER, now=now, reason=message.last_error
    )
    queue_failure(
        session,
        letter,
        campaign=session.get_one(Campaign, letter.campaign_id),
        correspondence=correspondence,
        now=now,
    )
