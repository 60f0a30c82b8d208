"""What an organiser does about letters and invitations that could not be delivered."""

from datetime import datetime

from sqlalchemy.orm import Session

from campaign.delivery.errors import MessageNotFound
from campaign.delivery.queries import get_message
from campaign.delivery.rules import campaign_scope
from campaign.delivery.service import retry_failed
from campaign.followups.correspondence import list_mail_stops
from campaign.followups.invitations import list_passed_over
from campaign.letters.service import hold_all_answered_letters
from campaign.letters.service.retrying import retry_letters
from campaign.pledges.queries import list_failed_invitations, map_answer_times


def get_error_of(session: Session, campaign_id: int, message_id: int) -> str:
    """Return why a message of a campaign failed; raises MessageNotFound for any other."""
    message = get_message(session, message_id)
    if message.scope != campaign_scope(campaign_id) or message.failed_at is None:
        raise MessageNotFound("No message of this campaign with this number has failed.")
    return message.last_error


def retry_letters_like(
    session: Session,
    campaign_id: int,
    message_id: int,
    *,
    is_alone: bool,
    actor: str,
    reason: str,
    now: datetime,
) -> int:
    """Send a failed letter again, or all that failed as it did; return how many.

    Whoever must not be mailed gets nothing, and what the candidate has answered since is asked
    about instead. Raises MessageNotFound.
    """
    count = retry_letters(
        session,
        campaign_id,
        error=get_error_of(session, campaign_id, message_id),
        only=message_id if is_alone else None,
        stopped=list_mail_stops(session, campaign_id),
        actor=actor,
        reason=reason,
        now=now,
    )
    answered = map_answer_times(session, campaign_id)
    hold_all_answered_letters(session, answered, campaign_id=campaign_id, now=now)
    return count


def retry_invitations(
    session: Session, campaign_id: int, *, only: int | None, now: datetime
) -> int:
    """Send invitations and reminders again that could not be sent; return how many.

    ``only`` is the one message that is meant. Whoever has answered or must not be mailed gets
    nothing, however short the time since.
    """
    passed_over = list_passed_over(session, campaign_id)
    wanted = [
        each.message_id
        for each in list_failed_invitations(session, campaign_id, now=now)
        if each.candidacy_id not in passed_over and only in (None, each.message_id)
    ]
    for message_id in wanted:
        retry_failed(session, message_id, now)
    return len(wanted)
