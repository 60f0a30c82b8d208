"""How a letter that may leave does so: in a message of its own, or with the candidate's digest."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import MailForm
from campaign.core.db import table_of
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane, MessageStatus, campaign_scope, normalise_recipient
from campaign.elections.models import Election
from campaign.letters.models import Action, Letter, MailChoice
from campaign.letters.queries import find_mail_choice
from campaign.letters.rules import LetterStatus, goes_into_digest, local_midnight, next_digest_at
from campaign.letters.service.correspondence import Correspondence
from campaign.letters.service.letter_mail import queue_letter
from campaign.letters.service.life import forget_message

_MESSAGES = table_of(OutboxMessage)
_TO_MAILBOX = select(func.count()).where(
    _MESSAGES.c.recipient_key == bindparam("key"),
    _MESSAGES.c.lane == Lane.LETTER,
    _MESSAGES.c.scope == bindparam("scope"),
)
_WAITING = (MessageStatus.QUEUED, MessageStatus.SENDING)
# Two counts and not an OR, so that each is read from the index however many were sent before.
_COUNT_TODAY = select(
    _TO_MAILBOX.where(_MESSAGES.c.sent_at >= bindparam("midnight")).scalar_subquery()
    + _TO_MAILBOX.where(
        _MESSAGES.c.sent_at.is_(None), _MESSAGES.c.status.in_(_WAITING)
    ).scalar_subquery()
)


def place_letter(
    session: Session,
    letter: Letter,
    *,
    action: Action,
    campaign: Campaign,
    recipient: str,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    """Give a queued letter a message of its own, or let it wait for the candidate's digest.

    Two letters confirmed at one moment may both take the last place of the day: harmless, so that
    nobody has to wait for anybody.
    """
    election = letter.candidacy.ballot.election
    choice = find_mail_choice(session, campaign.id, letter.candidacy_id)
    if goes_into_digest(
        choice.form if choice else campaign.mail_form,
        is_own_choice=choice is not None and choice.is_own,
        letters_today=_count_today(session, campaign, election, recipient=recipient, now=now),
        letters_a_day=campaign.letters_a_day,
    ):
        letter.outbox_message_id = None
        # Who missed one, on hold, does not wait for another hour to come round.
        has_missed_one = letter.digest_at is not None and letter.digest_at <= now
        letter.digest_at = now if has_missed_one else digest_time(campaign, election, now=now)
        return
    letter.digest_at = None
    letter.outbox_message_id = queue_letter(
        session,
        letter,
        action=action,
        campaign=campaign,
        recipient=recipient,
        correspondence=correspondence,
        now=now,
    ).id


def digest_time(campaign: Campaign, election: Election, *, now: datetime) -> datetime:
    """Return when a letter that begins to wait now leaves with a digest."""
    return next_digest_at(
        now,
        hour=campaign.digest_hour,
        zone=ZoneInfo(election.timezone),
        poll_closes_at=election.poll_closes_at,
    )


def free_companions(session: Session, letter: Letter, *, now: datetime) -> None:
    """Let the other letters of a digest that was taken back wait for a new one, made soon."""
    if letter.digest_at is None or letter.outbox_message_id is None:
        return
    _wait_for_digest(
        session,
        [Letter.outbox_message_id == letter.outbox_message_id, Letter.id != letter.id],
        digest_at=now,
    )


def free_letters_of(session: Session, message_ids: Sequence[int], *, digest_at: datetime) -> None:
    """Let what is queued in digests that were taken back wait for another one."""
    if message_ids:
        _wait_for_digest(
            session,
            [Letter.outbox_message_id.in_(message_ids), Letter.digest_at.is_not(None)],
            digest_at=digest_at,
        )


def hasten_digest(session: Session, *, campaign_id: int, candidacy_id: int, now: datetime) -> None:
    """Let what waits for a candidate's digest leave with one that is made soon."""
    _wait_for_digest(
        session,
        [
            Letter.campaign_id == campaign_id,
            Letter.candidacy_id == candidacy_id,
            Letter.outbox_message_id.is_(None),
        ],
        digest_at=now,
    )


def collect_letters(
    session: Session, *, campaign: Campaign, candidacy_id: int, keep: int, now: datetime
) -> int:
    """Take letters of their own to a candidate back from the outbox, but for the first so many.

    They wait for the next digest; those on hold find their way when they are released. What a
    worker has in hand is left alone. Returns how many messages were taken back.
    """
    session.flush()
    theirs = [
        Letter.campaign_id == campaign.id,
        Letter.candidacy_id == candidacy_id,
        Letter.digest_at.is_(None),
    ]
    surplus = (
        select(OutboxMessage.id)
        .join(Letter, Letter.outbox_message_id == OutboxMessage.id)
        .where(
            *theirs,
            Letter.status.in_((LetterStatus.QUEUED, LetterStatus.HELD)),
            OutboxMessage.status == MessageStatus.QUEUED,
        )
        .order_by(OutboxMessage.id)
        .offset(keep)
    )
    # The messages first, then the letters: the worker takes them in the same order.
    taken = session.scalars(
        update(OutboxMessage)
        .where(
            OutboxMessage.status == MessageStatus.QUEUED,
            OutboxMessage.id.in_(session.scalars(surplus).all()),
        )
        .values(status=MessageStatus.CANCELLED)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    ).all()
    election = session.get_one(Election, campaign.election_id)
    _wait_for_digest(
        session,
        [*theirs, Letter.outbox_message_id.in_(taken)],
        digest_at=digest_time(campaign, election, now=now),
    )
    return len(taken)


def collect_by_habit(session: Session, campaign: Campaign, *, now: datetime) -> int:
    """Let the outbox follow a campaign whose way of sending letters was changed.

    Candidates who have chosen for themselves, or for whom an organiser has, keep their choice.
    Returns how many messages were taken back.
    """
    session.flush()
    election = session.get_one(Election, campaign.election_id)
    number = func.count()
    crowded = session.execute(
        select(Letter.candidacy_id, func.min(OutboxMessage.recipient), number)
        .join(OutboxMessage, OutboxMessage.id == Letter.outbox_message_id)
        .where(
            Letter.campaign_id == campaign.id,
            Letter.digest_at.is_(None),
            Letter.status.in_((LetterStatus.QUEUED, LetterStatus.HELD)),
            OutboxMessage.status == MessageStatus.QUEUED,
            Letter.candidacy_id.not_in(
                select(MailChoice.candidacy_id).where(MailChoice.campaign_id == campaign.id)
            ),
        )
        .group_by(Letter.candidacy_id)
    ).all()
    taken = 0
    for candidacy_id, recipient, waiting in crowded:
        keep = 0
        if campaign.mail_form is MailForm.EVERY_LETTER:
            today = _count_today(session, campaign, election, recipient=recipient, now=now)
            keep = max(0, campaign.letters_a_day - (today - waiting))
        if waiting > keep:
            taken += collect_letters(
                session, campaign=campaign, candidacy_id=candidacy_id, keep=keep, now=now
            )
    return taken


def _count_today(
    session: Session, campaign: Campaign, election: Election, *, recipient: str, now: datetime
) -> int:
    """Count a campaign's messages to a mailbox that left today or may still do so."""
    parameters = {
        "key": normalise_recipient(recipient),
        "scope": campaign_scope(campaign.id),
        "midnight": local_midnight(now, ZoneInfo(election.timezone)),
    }
    count: int = session.connection().execute(_COUNT_TODAY, parameters).scalar_one()
    return count


def _wait_for_digest(
    session: Session, conditions: list[ColumnElement[bool]], *, digest_at: datetime
) -> None:
    session.flush()
    moved = session.scalars(
        update(Letter)
        .where(Letter.status == LetterStatus.QUEUED, *conditions)
        .values(outbox_message_id=None, digest_at=digest_at)
        .returning(Letter.id)
        .execution_options(synchronize_session=False)
    )
    for letter_id in moved:
        forget_message(session, letter_id)
