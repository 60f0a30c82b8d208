"""Letters to candidates who have asked not to be written to, or whose address is wrong."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import MessageStatus
from campaign.letters.models import Letter
from campaign.letters.rules import HOLDING_STOPS, HeldReason, LetterStatus, MailStop
from campaign.letters.service.dispatch import is_not_claimed
from campaign.letters.service.life import move_letters_where


def stop_letters(
    session: Session,
    stops: Mapping[int, MailStop],
    *,
    campaign_id: int | None,
    actor: str,
    now: datetime,
) -> int:
    """Take back or hold what a campaign has not sent yet to these candidacies; return how many.

    Where a candidate wants nothing more, the letters are withdrawn; where the address is wrong or
    gets nothing, they wait for the right one. ``None`` stands for every campaign. A letter that a
    worker has in hand is left alone.
    """
    moved = 0
    for stop in set(stops.values()):
        theirs: list[ColumnElement[bool]] = [
            Letter.candidacy_id.in_([each for each, why in stops.items() if why is stop])
        ]
        if campaign_id is not None:
            theirs.append(Letter.campaign_id == campaign_id)
        session.flush()
        # The messages first, then the letters: the worker takes them in the same order.
        session.execute(
            update(OutboxMessage)
            .where(
                OutboxMessage.status == MessageStatus.QUEUED,
                OutboxMessage.id.in_(
                    select(Letter.outbox_message_id).where(
                        *theirs,
                        Letter.status.in_((LetterStatus.QUEUED, LetterStatus.HELD)),
                        Letter.outbox_message_id.is_not(None),
                    )
                ),
            )
            .values(status=MessageStatus.CANCELLED)
            .execution_options(synchronize_session=False)
        )
        if stop in HOLDING_STOPS:
            # What waits for another reason finds this one when that reason ends.
            paused = Letter.held_reason == HeldReason.PAUSED
            steps = [(LetterStatus.QUEUED, []), (LetterStatus.HELD, [paused])]
            target, held_reason = LetterStatus.HELD, HeldReason.NO_ADDRESS
        else:
            steps = [
                (status, [])
                for status in (LetterStatus.UNCONFIRMED, LetterStatus.QUEUED, LetterStatus.HELD)
            ]
            target, held_reason = LetterStatus.WITHDRAWN, None
        for current, further in steps:
            letters = move_letters_where(
                session,
                [*theirs, *further, is_not_claimed()],
                current,
                target,
                actor=actor,
                now=now,
                reason=stop.value,
                held_reason=held_reason,
            )
            moved += len(letters)
    return moved
