"""How mail to supporters enters the outbox, whatever it says."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.core.emails import RenderedEmail
from campaign.delivery.rules import Lane
from campaign.delivery.service import queue_message
from campaign.elections.models import Election
from campaign.letters.service.correspondence import Correspondence

_AUTOMATIC = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",  # Exchange does not heed the header of RFC 3834.
}


def queue_notice(
    session: Session,
    text: RenderedEmail,
    *,
    recipient: str,
    campaign: Campaign,
    correspondence: Correspondence,
    now: datetime,
    lane: Lane = Lane.NOTICE,
    is_declinable: bool = False,
    reply_to: str = "",
) -> None:
    """Write a mail of a campaign to one of its supporters into the outbox."""
    # What a supporter asked for, or has to act upon, cannot be declined; news of letters can.
    unsubscribe = correspondence.make_unsubscribe_link if is_declinable else None
    # No scope: a campaign's kill switch stops its letters, not what we owe to supporters.
    queue_message(
        session,
        mail=correspondence.mail,
        lane=lane,
        scope="",
        recipient=recipient,
        from_name=campaign.name,
        reply_to=reply_to or campaign.contact_email,
        subject=text.subject,
        body=text.body,
        now=now,
        headers=_AUTOMATIC,
        make_unsubscribe_link=unsubscribe,
    )


def local_moment(moment: datetime, election: Election) -> str:
    """Return a moment in the election's own time: 22:00 on Thursday 4 July 2024."""
    local = moment.astimezone(ZoneInfo(election.timezone))
    return f"{local:%H:%M} on {local:%A} {local.day} {local:%B %Y}"
