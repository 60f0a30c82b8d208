"""A campaign's kill switch: it holds at once, and the letters follow in batches.

What may leave is decided by the switch alone, which the worker looks at before each message. To
move a million letters takes minutes, so a request moves the first few thousand and the worker's
chores the others; meanwhile every letter has the status that its message has.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery import service as delivery
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import find_pause
from campaign.delivery.rules import MessageStatus, campaign_scope
from campaign.elections.models import Ballot
from campaign.letters.models import Letter
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.letters.service.life import WORKER, move_letters_where

AT_ONCE = 1_000
"""Letters that a request moves itself: a fraction of a second."""
BATCH = 1_000
"""Letters that a chore moves in one transaction."""
_RESUMED = "delivery_resumed"


def pause_letters(
    session: Session, campaign_id: int, *, actor: str, reason: str, now: datetime
) -> int:
    """Stop a campaign's letters at once and hold those that no worker has; return how many.

    Their messages stay in the outbox, where the pause keeps them. Of very many letters the first
    are held here and the others by ``keep_pauses``.
    """
    scope = campaign_scope(campaign_id)
    delivery.pause(session, scope=scope, actor=actor, reason=reason, now=now)
    session.flush()
    return _hold(session, campaign_id, actor=actor, reason=reason, limit=AT_ONCE, now=now)


def resume_letters(
    session: Session, campaign_id: int, *, actor: str, reason: str, now: datetime
) -> int:
    """Let a campaign's letters leave again; return how many were queued at once.

    Letters without a message that fits (confirmed during the pause, address changed, candidate
    withdrawn) are looked at one by one by the chores; the others follow by ``keep_pauses``. What
    waited for a digest waits for it again: whoever makes it looks at what is right then.
    """
    session.flush()
    # What no longer fits must not leave with the rest.
    session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.status == MessageStatus.QUEUED,
            OutboxMessage.id.in_(_messages_that_do_not_fit(campaign_id)),
        )
        .values(status=MessageStatus.CANCELLED)
        .execution_options(synchronize_session=False)
    )
    resumed = _let_go(session, campaign_id, actor=actor, reason=reason, limit=AT_ONCE, now=now)
    delivery.resume(session, campaign_scope(campaign_id))
    session.flush()
    return resumed


def keep_pauses(session: Session, now: datetime) -> bool:
    """Bring one batch of letters up to their campaign's switch; tell whether some are left.

    Also what was queued in the moment of a pause, and what another switch than a person's stopped.
    """
    is_left = False
    for campaign_id in session.scalars(select(Campaign.id)).all():
        pause = find_pause(session, campaign_scope(campaign_id))
        if pause is not None:
            moved = _hold(
                session,
                campaign_id,
                actor=pause.actor,
                reason=pause.reason,
                limit=BATCH,
                now=now,
            )
        else:
            moved = _let_go(
                session, campaign_id, actor=WORKER, reason=_RESUMED, limit=BATCH, now=now
            )
        is_left = is_left or moved == BATCH
    return is_left


def _hold(
    session: Session, campaign_id: int, *, actor: str, reason: str, limit: int, now: datetime
) -> int:
    waits = or_(
        Letter.outbox_message_id.is_(None),  # for a digest
        exists().where(
            OutboxMessage.id == Letter.outbox_message_id,
            OutboxMessage.status == MessageStatus.QUEUED,
        ),
    )
    found = _lock(session, campaign_id, [Letter.status == LetterStatus.QUEUED, waits], limit)
    moved = move_letters_where(
        session,
        [Letter.id.in_(found)],
        LetterStatus.QUEUED,
        LetterStatus.HELD,
        actor=actor,
        now=now,
        reason=reason,
        held_reason=HeldReason.PAUSED,
    )
    return len(moved)


def _let_go(
    session: Session, campaign_id: int, *, actor: str, reason: str, limit: int, now: datetime
) -> int:
    waited = and_(Letter.outbox_message_id.is_(None), Letter.digest_at.is_not(None))
    fits = or_(waited, exists(_with_message().where(_fits())))
    found = _lock(session, campaign_id, [_is_paused(), fits], limit)
    moved = move_letters_where(
        session,
        [Letter.id.in_(found)],
        LetterStatus.HELD,
        LetterStatus.QUEUED,
        actor=actor,
        now=now,
        reason=reason,
    )
    return len(moved)


def _lock(
    session: Session, campaign_id: int, conditions: Sequence[ColumnElement[bool]], limit: int
) -> Sequence[int]:
    """Return letters that no other worker moves, for the statement that moves them."""
    session.flush()
    return session.scalars(
        select(Letter.id)
        .where(Letter.campaign_id == campaign_id, *conditions)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Letter)
    ).all()


def _is_paused() -> ColumnElement[bool]:
    return (Letter.status == LetterStatus.HELD) & (Letter.held_reason == HeldReason.PAUSED)


def _fits() -> ColumnElement[bool]:
    """Return the condition that a letter's message of before a pause can be used as it is."""
    return (
        (OutboxMessage.recipient == Person.email)
        & (Candidacy.status == CandidacyStatus.STANDING)
        & Ballot.is_cancelled.is_(False)
    )


def _with_message() -> Select[int]:
    return (
        select(OutboxMessage.id)
        .join(Candidacy, Candidacy.id == Letter.candidacy_id)
        .join(Person, Person.id == Candidacy.person_id)
        .join(Ballot, Ballot.id == Candidacy.ballot_id)
        .where(
            OutboxMessage.id == Letter.outbox_message_id,
            OutboxMessage.status == MessageStatus.QUEUED,
        )
        .correlate(Letter)
    )


def _messages_that_do_not_fit(campaign_id: int) -> Select[int]:
    fits = (
        select(Person.id)
        .join(Candidacy, Candidacy.person_id == Person.id)
        .join(Ballot, Ballot.id == Candidacy.ballot_id)
        .where(Candidacy.id == Letter.candidacy_id, _fits())
        .correlate(Letter, OutboxMessage)
    )
    return (
        select(OutboxMessage.id)
        .join(Letter, Letter.outbox_message_id == OutboxMessage.id)
        .where(
            Letter.campaign_id == campaign_id,
            _is_paused(),
            OutboxMessage.status == MessageStatus.QUEUED,
            ~exists(fits),
        )
    )
