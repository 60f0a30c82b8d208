"""The receipt: a candidate's answers as everybody reads them, mailed after each change."""

from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks
from campaign.candidates.models import Candidacy
from campaign.core.toolkit import Toolkit
from campaign.followups.candidate_mail import answer_link, notify_candidate
from campaign.pledges.queries import list_current_answers, list_open_changes


def send_receipt(
    toolkit: Toolkit, session: Session, campaign: Campaign, candidacy: Candidacy, *, now: datetime
) -> None:
    """Mail a candidate their answers as everybody reads them now, to the address on file."""
    answers = list_current_answers(session, campaign.id, candidacy_ids=[candidacy.id])
    notify_candidate(
        toolkit,
        session,
        "answer_receipt",
        campaign=campaign,
        candidacy=candidacy,
        now=now,
        answers=[
            (ask.current, answers.get((candidacy.id, ask.id)))
            for ask in list_asks(session, campaign.id)
        ],
        waiting=bool(list_open_changes(session, campaign.id, candidacy.id)),
        link=answer_link(toolkit, session, campaign.id, candidacy.id),
    )
