"""Where a confirmed letter goes: into the outbox, on hold, or nowhere any more."""

from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import find_pause
from campaign.delivery.rules import MessageStatus, campaign_scope
from campaign.delivery.service import cancel_message
from campaign.elections.models import Election
from campaign.elections.rules import ElectionPhase
from campaign.letters.errors import LettersClosed
from campaign.letters.models import Action, Letter, LetterQuestion
from campaign.letters.rules import (
    HOLDING_STOPS,
    HeldReason,
    LetterStatus,
    MailStop,
    held_reason_at,
)
from campaign.letters.service.correspondence import Correspondence
from campaign.letters.service.life import move_letter
from campaign.letters.service.placing import free_companions, place_letter


def check_open(campaign: Campaign, election: Election, now: datetime) -> None:
    """Raise LettersClosed unless the campaign takes letters at this moment."""
    if election.phase(now) is ElectionPhase.CLOSED:
        raise LettersClosed("The poll has closed, so no more letters are sent.")
    if campaign.status is not CampaignStatus.LIVE:
        raise LettersClosed("This campaign takes no letters now.")


def why_unreachable(candidacy: Candidacy) -> str:
    """Return why nothing may ever be sent for this candidacy; empty when something may."""
    if candidacy.status is CandidacyStatus.WITHDRAWN:
        return "candidate_withdrew"
    return "poll_cancelled" if candidacy.ballot.is_cancelled else ""


def is_not_claimed() -> ColumnElement[bool]:
    """Return the condition that no worker has, or has had, the message of a letter in hand."""
    return ~exists().where(
        OutboxMessage.id == Letter.outbox_message_id,
        OutboxMessage.status.in_((MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.FAILED)),
    )


def cancel_message_of(session: Session, letter: Letter, *, now: datetime) -> bool:
    """Take back the message of a letter; tell whether nothing of the letter can leave now.

    The others of a digest wait for a new one.
    """
    if letter.outbox_message_id is None:
        return True
    if cancel_message(session, letter.outbox_message_id):
        free_companions(session, letter, now=now)
        return True
    message = session.get_one(OutboxMessage, letter.outbox_message_id, populate_existing=True)
    return message.status is MessageStatus.CANCELLED


def find_obstacle(
    session: Session,
    candidacy: Candidacy,
    *,
    campaign: Campaign,
    correspondence: Correspondence,
    now: datetime,
) -> tuple[str, HeldReason | None, str]:
    """Return why nothing may ever leave to a candidate, or why it must wait, and the log's reason.

    Nothing of the three where a letter may leave at this moment.
    """
    email = candidacy.person.email or ""
    stop = correspondence.list_mail_stops(campaign.id, [candidacy.id]).get(candidacy.id)
    held_reason = held_reason_at(
        has_address=bool(email) and stop not in HOLDING_STOPS,
        phase=candidacy.ballot.election.phase(now),
        is_paused=find_pause(session, campaign_scope(campaign.id)) is not None,
    )
    gone = why_unreachable(candidacy)
    if stop is MailStop.NOTHING_MORE:
        gone = gone or stop.value
    is_stopped = email and stop and held_reason is HeldReason.NO_ADDRESS
    return gone, held_reason, stop.value if is_stopped and stop else ""


def dispatch_letter(
    session: Session,
    letter: Letter,
    *,
    action: Action,
    campaign: Campaign,
    correspondence: Correspondence,
    actor: str,
    now: datetime,
) -> None:
    """Take a confirmed letter, new, held or waiting, to where it belongs at this moment.

    A candidate who withdrew or wants nothing more is never mailed: the letter becomes withdrawn,
    with the reason in the log. A letter whose message a worker has already taken is left alone.
    """
    move = partial(move_letter, session, letter, actor=actor, now=now)
    email = letter.candidacy.person.email or ""
    gone, held_reason, reason = find_obstacle(
        session, letter.candidacy, campaign=campaign, correspondence=correspondence, now=now
    )
    if held_reason in (None, HeldReason.PAUSED) and _is_answered(
        session, letter, action=action, correspondence=correspondence
    ):
        held_reason = HeldReason.CANDIDATE_ANSWERED
    if not gone and letter.status is LetterStatus.HELD and letter.held_reason is held_reason:
        return
    if _waits_in_outbox(session, letter, recipient=email) and not gone and held_reason is None:
        move(LetterStatus.QUEUED)
        return
    if not cancel_message_of(session, letter, now=now):
        return
    if gone:
        move(LetterStatus.WITHDRAWN, reason=gone)
    elif held_reason is not None:
        move(LetterStatus.HELD, held_reason=held_reason, reason=reason)
        if held_reason is HeldReason.CANDIDATE_ANSWERED:
            open_question(session, letter.id, now=now)
    else:
        move(LetterStatus.QUEUED)
        place_letter(
            session,
            letter,
            action=action,
            campaign=campaign,
            recipient=email,
            correspondence=correspondence,
            now=now,
        )


def open_question(session: Session, letter_id: int, *, now: datetime) -> None:
    """Note that the writer of a held letter is to be asked what becomes of it; once for each."""
    if session.get(LetterQuestion, letter_id) is None:
        session.add(LetterQuestion(letter_id=letter_id, opened_at=now))


def _is_answered(
    session: Session, letter: Letter, *, action: Action, correspondence: Correspondence
) -> bool:
    """Tell whether the candidate has answered since the letter was written.

    A supporter who has chosen what becomes of it knows.
    """
    times = correspondence.list_answer_times(letter.campaign_id, [letter.candidacy_id])
    answered_at = times.get(letter.candidacy_id)
    if answered_at is None or answered_at <= action.created_at:
        return False
    question = session.get(LetterQuestion, letter.id)
    return question is None or question.choice is None


def _waits_in_outbox(session: Session, letter: Letter, *, recipient: str) -> bool:
    """Tell whether the letter's message of before a pause can be used as it is."""
    if letter.outbox_message_id is None:
        return False
    message = session.get_one(OutboxMessage, letter.outbox_message_id, populate_existing=True)
    return message.status is MessageStatus.QUEUED and message.recipient == recipient
