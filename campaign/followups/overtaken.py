"""What a candidate's answer does to letters that have not left: they wait for their writers."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.core.toolkit import Toolkit
from campaign.followups.correspondence import correspondence
from campaign.letters.service import hold_answered_letters, keep_questions
from campaign.letters.service.overtaken import BATCH
from campaign.pledges.queries import map_answer_times

LOOK_BACK = timedelta(days=7)
"""How long ago an answer may have come for letters in the outbox to be looked through for it.

Longer than any worker stands still. What is confirmed later finds older answers by itself.
"""


def hold_letters_to(
    session: Session, *, campaign_id: int, candidacy_id: int, now: datetime
) -> None:
    """Hold what waits for a candidate in the moment in which an answer becomes public.

    Of very many letters the first; the worker's chore takes the others.
    """
    session.flush()
    answered = map_answer_times(session, campaign_id, [candidacy_id])
    hold_answered_letters(session, answered, campaign_id=campaign_id, now=now)


def hold_overtaken_letters(session: Session, now: datetime) -> bool:
    """Hold the letters of live campaigns whose candidates have answered; tell if some are left.

    Also those that a worker had in hand in the moment of the answer, and has put back.
    """
    live = session.scalars(select(Campaign.id).where(Campaign.status == CampaignStatus.LIVE)).all()
    counts = [
        hold_answered_letters(
            session,
            map_answer_times(session, campaign_id, since=now - LOOK_BACK),
            campaign_id=campaign_id,
            now=now,
            limit=BATCH,
        )
        for campaign_id in live
    ]
    return BATCH in counts


def ask_writers(toolkit: Toolkit, session: Session, now: datetime) -> bool:
    """Ask the writers of held letters and let go what nobody chose; tell if some are left."""
    return keep_questions(session, correspondence=correspondence(toolkit, session), now=now)
