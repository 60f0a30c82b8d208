"""Letters that had not left when their candidate answered are taken out of the outbox and wait.

Of a candidate to whom ten thousand letters wait, one batch is taken at a time: by the request that
makes the answer public, then by the worker's chore.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from campaign.core.db import moments_table, table_of
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import MessageStatus
from campaign.letters.models import Letter, LetterQuestion
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.letters.service.life import WORKER, move_letters_where
from campaign.letters.service.placing import free_letters_of

BATCH = 1_000
"""Letters that are held in one transaction: a fraction of a second."""

_IS_PAUSED = and_(Letter.status == LetterStatus.HELD, Letter.held_reason == HeldReason.PAUSED)


def hold_answered_letters(
    session: Session,
    answered: Mapping[int, datetime],
    *,
    campaign_id: int,
    now: datetime,
    limit: int = BATCH,
) -> int:
    """Hold what a campaign has not sent yet to candidates who answered; return how many.

    ``answered`` says when each candidacy did. Who wrote after that saw the answer, and who was
    asked already is not asked again. A letter that a worker has in hand is left alone. Where as
    many as ``limit`` were held, some may be left.
    """
    if not answered:
        return 0
    session.flush()
    found = _find(session, answered, campaign_id=campaign_id, limit=limit)
    if not found:
        return 0
    # The messages first, then the letters: the worker takes them in the same order.
    taken = _take_back(session, [each for each in found.values() if each is not None])
    held = _hold(session, list(found), taken, now=now)
    # Others of a digest, who knew the answer or come with the next batch.
    free_letters_of(session, taken, digest_at=now)
    return len(held)


def hold_all_answered_letters(
    session: Session,
    answered: Mapping[int, datetime],
    *,
    campaign_id: int,
    now: datetime,
    limit: int = BATCH,
) -> None:
    """Hold them however many they are, where no chore comes for what one batch has left."""
    while hold_answered_letters(session, answered, campaign_id=campaign_id, now=now, limit=limit):
        pass


def _find(
    session: Session, answered: Mapping[int, datetime], *, campaign_id: int, limit: int
) -> dict[int, int | None]:
    """Return the letters that are to be held, each with the message that it has or had."""
    moments = moments_table(answered)
    rows = session.execute(
        select(Letter.id, Letter.outbox_message_id)
        .join(moments, moments.c.key == Letter.candidacy_id)
        .outerjoin(OutboxMessage, OutboxMessage.id == Letter.outbox_message_id)
        .where(
            Letter.campaign_id == campaign_id,
            # Named by itself, for the index.
            Letter.status.in_((LetterStatus.QUEUED, LetterStatus.HELD)),
            or_(Letter.status == LetterStatus.QUEUED, _IS_PAUSED),
            Letter.created_at < moments.c.moment,
            or_(
                OutboxMessage.id.is_(None),
                OutboxMessage.status.in_((MessageStatus.QUEUED, MessageStatus.CANCELLED)),
            ),
            ~exists().where(LetterQuestion.letter_id == Letter.id),
        )
        .limit(limit)
    )
    return {row[0]: row[1] for row in rows}


def _take_back(session: Session, message_ids: Sequence[int]) -> list[int]:
    """Take messages out of the outbox that no worker has; return those that cannot leave now."""
    locked = session.execute(
        select(OutboxMessage.id, OutboxMessage.status)
        .where(OutboxMessage.id.in_(message_ids))
        .with_for_update(skip_locked=True)
    ).all()
    waiting = [row[0] for row in locked if row[1] is MessageStatus.QUEUED]
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(waiting))
        .values(status=MessageStatus.CANCELLED)
        .execution_options(synchronize_session="fetch")
    )
    return waiting + [row[0] for row in locked if row[1] is MessageStatus.CANCELLED]


def _hold(
    session: Session, letter_ids: Sequence[int], taken: Sequence[int], *, now: datetime
) -> list[int]:
    """Hold those letters that have no message, or one of these, and open their questions."""
    free = session.scalars(
        select(Letter.id)
        .where(
            Letter.id.in_(letter_ids),
            or_(Letter.outbox_message_id.is_(None), Letter.outbox_message_id.in_(taken)),
        )
        .with_for_update(skip_locked=True, of=Letter)
    ).all()
    steps: list[tuple[LetterStatus, list[ColumnElement[bool]]]] = [
        (LetterStatus.QUEUED, []),
        (LetterStatus.HELD, [_IS_PAUSED]),
    ]
    held = [
        letter_id
        for current, further in steps
        for letter_id in move_letters_where(
            session,
            [Letter.id.in_(free), *further],
            current,
            LetterStatus.HELD,
            actor=WORKER,
            now=now,
            held_reason=HeldReason.CANDIDATE_ANSWERED,
        )
    ]
    if held:
        session.execute(
            insert(table_of(LetterQuestion)),
            [{"letter_id": each, "opened_at": now} for each in held],
        )
    return held
