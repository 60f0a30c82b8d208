"""What a candidate's answer does to letters that have not left: they wait for their writers."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.core.toolkit import Toolkit
from campaign.followups.correspondence import correspondence
from campaign.letters.service import hold_answered_letters, keep_questions
from campaign.pledges.queries import map_answer_times

LOOK_BACK = timedelta(days=7)
"""How long ago an answer may have come for letters in the outbox to be looked through for it.

Longer than any worker stands still. What is confirmed later finds older answers by itself.
"""


def hold_overtaken_letters(session: Session, now: datetime) -> int:
    """Hold the letters of live campaigns whose candidates have answered; return how many."""
    live = session.scalars(select(Campaign.id).where(Campaign.status == CampaignStatus.LIVE)).all()
    return sum(
        hold_answered_letters(
            session,
            map_answer_times(session, campaign_id, since=now - LOOK_BACK),
            campaign_id=campaign_id,
            now=now,
        )
        for campaign_id in live
    )


def ask_writers(toolkit: Toolkit, session: Session, now: datetime) -> tuple[int, int]:
    """Ask the writers of held letters, once, and let go what nobody chose; return how many each."""
    return keep_questions(session, correspondence=correspondence(toolkit, session), now=now)
