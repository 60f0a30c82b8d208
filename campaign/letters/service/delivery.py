"""What delivery does to letters: the worker's handler, and the kill switch."""

from datetime import datetime

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery import service as delivery
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import FinalMessage, Lane, MessageStatus, campaign_scope
from campaign.elections.models import Ballot
from campaign.letters.models import Letter
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.letters.service.life import (
    WORKER,
    mark_letters_sent,
    move_letter,
    move_letters_where,
)
from campaign.letters.service.mail import Correspondence, queue_failure


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
        # A worker had claimed the message in the moment in which the letter was held.
        move_letter(
            session,
            letter,
            LetterStatus.QUEUED,
            actor=WORKER,
            now=now,
            reason="claimed before it was held",
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


def pause_letters(
    session: Session, campaign_id: int, *, actor: str, reason: str, now: datetime
) -> int:
    """Stop a campaign's letters at once and hold those that no worker has; return how many.

    Their messages stay in the outbox, where the pause keeps them; what waits for a digest has none.
    """
    scope = campaign_scope(campaign_id)
    delivery.pause(session, scope=scope, actor=actor, reason=reason, now=now)
    session.flush()
    return len(
        move_letters_where(
            session,
            [
                Letter.campaign_id == campaign_id,
                or_(
                    Letter.outbox_message_id.in_(_unclaimed()),
                    Letter.outbox_message_id.is_(None),
                ),
            ],
            LetterStatus.QUEUED,
            LetterStatus.HELD,
            actor=actor,
            now=now,
            reason=reason,
            held_reason=HeldReason.PAUSED,
        )
    )


def resume_letters(
    session: Session, campaign_id: int, *, actor: str, reason: str, now: datetime
) -> int:
    """Let a campaign's letters leave again; return how many were queued at once.

    Letters without a message that fits (confirmed during the pause, address changed, candidate
    withdrawn) are looked at one by one by the chores.
    """
    session.flush()
    is_right = (
        select(OutboxMessage.id)
        .join(Letter, Letter.outbox_message_id == OutboxMessage.id)
        .join(Candidacy, Candidacy.id == Letter.candidacy_id)
        .join(Person, Person.id == Candidacy.person_id)
        .join(Ballot, Ballot.id == Candidacy.ballot_id)
        .where(
            Letter.campaign_id == campaign_id,
            OutboxMessage.status == MessageStatus.QUEUED,
            OutboxMessage.recipient == Person.email,
            Candidacy.status == CandidacyStatus.STANDING,
            Ballot.is_cancelled.is_(False),
        )
    )
    paused = [Letter.campaign_id == campaign_id, Letter.held_reason == HeldReason.PAUSED]
    resumed = move_letters_where(
        session,
        [*paused, Letter.outbox_message_id.in_(is_right)],
        LetterStatus.HELD,
        LetterStatus.QUEUED,
        actor=actor,
        now=now,
        reason=reason,
    )
    # What stays held must not leave with the rest.
    session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.status == MessageStatus.QUEUED,
            OutboxMessage.id.in_(
                select(Letter.outbox_message_id).where(
                    *paused,
                    Letter.status == LetterStatus.HELD,
                    Letter.outbox_message_id.is_not(None),
                )
            ),
        )
        .values(status=MessageStatus.CANCELLED)
        .execution_options(synchronize_session=False)
    )
    delivery.resume(session, campaign_scope(campaign_id))
    session.flush()
    return len(resumed)


def _unclaimed() -> Select[int]:
    return select(OutboxMessage.id).where(OutboxMessage.status == MessageStatus.QUEUED)
