"""Another round of tries for letters that could not be delivered, because a person asks for it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import is_not_suppressed
from campaign.delivery.rules import MessageStatus
from campaign.delivery.service import retry_failed
from campaign.elections.models import Ballot, Election
from campaign.letters.models import Letter
from campaign.letters.rules import LetterStatus
from campaign.letters.service.life import move_letters_where

RETRIES = 500
"""Messages that one request sends again; a person can ask once more for the rest."""


def can_be_tried_again(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a failed letter's message may leave again as it is.

    Not where the address takes nothing or has changed, the candidate stands no more or the poll
    has closed. For a query of letters with their messages.
    """
    is_right = (
        select(Candidacy.id)
        .join(Person, Person.id == Candidacy.person_id)
        .join(Ballot, Ballot.id == Candidacy.ballot_id)
        .join(Election, Election.id == Ballot.election_id)
        .where(
            Candidacy.id == Letter.candidacy_id,
            Candidacy.status == CandidacyStatus.STANDING,
            Person.email == OutboxMessage.recipient,
            Ballot.is_cancelled.is_(False),
            Election.poll_closes_at > now,
        )
        .correlate(Letter, OutboxMessage)
    )
    return (
        (Letter.status == LetterStatus.FAILED)
        & (OutboxMessage.status == MessageStatus.FAILED)
        & is_not_suppressed()
        & exists(is_right)
    )


def retry_letters(
    session: Session,
    campaign_id: int,
    *,
    error: str,
    only: int | None,
    stopped: Collection[int],
    actor: str,
    reason: str,
    now: datetime,
) -> int:
    """Queue a campaign's letters again that failed with this error; return how many.

    ``only`` is the one message that is meant, ``stopped`` the candidacies that must not be mailed.
    """
    wanted = [
        Letter.campaign_id == campaign_id,
        OutboxMessage.last_error == error,
        can_be_tried_again(now),
        Letter.candidacy_id.not_in(stopped),
    ]
    if only is not None:
        wanted.append(OutboxMessage.id == only)
    session.flush()
    messages = session.scalars(
        select(OutboxMessage.id)
        .where(
            OutboxMessage.id.in_(
                select(OutboxMessage.id)
                .join(Letter, Letter.outbox_message_id == OutboxMessage.id)
                .where(*wanted)
            )
        )
        .order_by(OutboxMessage.id)
        .limit(RETRIES)
        .with_for_update(skip_locked=True, of=OutboxMessage)
    ).all()
    for message_id in messages:
        retry_failed(session, message_id, now)
    session.flush()
    # All letters of a digest leave with it again.
    moved = move_letters_where(
        session,
        [Letter.outbox_message_id.in_(messages)],
        LetterStatus.FAILED,
        LetterStatus.QUEUED,
        actor=actor,
        now=now,
        reason=reason,
    )
    return len(moved)
