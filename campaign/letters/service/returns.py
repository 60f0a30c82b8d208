"""Letters that came back after they had been sent."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import and_, func, not_, select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.models import DeliveryPause, OutboxMessage
from campaign.delivery.rules import MessageStatus, campaign_scope
from campaign.elections.models import Ballot, Election
from campaign.letters.models import Action, Letter
from campaign.letters.rules import LetterStatus, MailStop
from campaign.letters.service.correspondence import Correspondence
from campaign.letters.service.life import WORKER, move_letter
from campaign.letters.service.outcome_mail import queue_returned
from campaign.letters.service.overtaken import hold_answered_letters
from campaign.letters.service.placing import place_letter

RETURN_PATH = "return path"
"""Actor of the log, where mail that came back is what moved a letter."""


def record_return(
    session: Session,
    message: OutboxMessage,
    *,
    reason: str,
    correspondence: Correspondence,
    now: datetime,
) -> int:
    """Note that the letters of a message came back, and tell their writers; return how many.

    A second report finds them returned already and does nothing.
    """
    session.flush()
    letters = session.scalars(
        select(Letter)
        .where(Letter.outbox_message_id == message.id, Letter.status == LetterStatus.SENT)
        .order_by(Letter.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for letter in letters:
        move_letter(
            session, letter, LetterStatus.BOUNCED, actor=RETURN_PATH, now=now, reason=reason
        )
        queue_returned(
            session,
            letter,
            campaign=session.get_one(Campaign, letter.campaign_id),
            correspondence=correspondence,
            now=now,
        )
    return len(letters)


def find_letter_of(session: Session, message_id: int) -> Letter | None:
    """Return the letter that a message is; a digest is none, whatever it carries."""
    return session.scalar(
        select(Letter).where(Letter.outbox_message_id == message_id, Letter.digest_at.is_(None))
    )


def send_returned_again(
    session: Session,
    *,
    stops: Mapping[int, Mapping[int, MailStop]],
    correspondence: Correspondence,
    now: datetime,
    limit: int,
) -> int:
    """Send letters that came back to the better address that is known now; return how many."""
    paused = select(DeliveryPause.scope)
    stopped = [
        and_(Letter.campaign_id == campaign_id, Letter.candidacy_id.in_(candidacy_ids))
        for campaign_id, candidacy_ids in stops.items()
    ]
    letters = session.scalars(
        select(Letter)
        .join(OutboxMessage, OutboxMessage.id == Letter.outbox_message_id)
        .join(Campaign, Campaign.id == Letter.campaign_id)
        .join(Letter.candidacy)
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .join(Election, Election.id == Ballot.election_id)
        .where(
            Letter.status == LetterStatus.BOUNCED,
            OutboxMessage.status == MessageStatus.SENT,
            Campaign.status == CampaignStatus.LIVE,
            Candidacy.status == CandidacyStatus.STANDING,
            Ballot.is_cancelled.is_(False),
            Election.poll_closes_at > now,
            Person.email.is_not(None),
            func.lower(Person.email) != OutboxMessage.recipient_key,
            *(not_(each) for each in stopped),
        )
        .order_by(Letter.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Letter)
        .options(joinedload(Letter.action).joinedload(Action.supporter))
        .execution_options(populate_existing=True)
    ).all()
    scopes = set(session.scalars(paused)) if letters else set()
    sent = 0
    for letter in letters:
        if campaign_scope(letter.campaign_id) in scopes:
            continue
        move_letter(
            session, letter, LetterStatus.QUEUED, actor=WORKER, now=now, reason="address_corrected"
        )
        if letter.digest_at is not None:
            # The letters of one digest go together again, as soon as the next chore runs.
            letter.outbox_message_id, letter.digest_at = None, now
        else:
            place_letter(
                session,
                letter,
                action=letter.action,
                campaign=session.get_one(Campaign, letter.campaign_id),
                recipient=letter.candidacy.person.email or "",
                correspondence=correspondence,
                now=now,
            )
        sent += 1
    # What the candidate has answered since is asked about instead, as if it had never left.
    for campaign_id in {letter.campaign_id for letter in letters}:
        answered = correspondence.list_answer_times(
            campaign_id, {letter.candidacy_id for letter in letters}
        )
        hold_answered_letters(session, answered, campaign_id=campaign_id, now=now)
    return sent
