"""Whom a campaign has invited to answer, and when."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.pledges.models import Invitation, InvitationTimetable


def find_timetable(session: Session, campaign_id: int) -> InvitationTimetable | None:
    """Return the timetable by which a campaign invites its candidates, unless it was stopped."""
    return session.scalar(
        select(InvitationTimetable).where(
            InvitationTimetable.campaign_id == campaign_id,
            InvitationTimetable.stopped_at.is_(None),
        )
    )


def count_invitations(session: Session, campaign_id: int) -> dict[int, tuple[int, int]]:
    """Return by step how many invitations were queued, and how many of them have left."""
    rows = session.execute(
        select(Invitation.step, func.count(), func.count(Invitation.sent_at))
        .where(Invitation.campaign_id == campaign_id)
        .group_by(Invitation.step)
    )
    return {step: (queued, sent) for step, queued, sent in rows}


def list_invitations(session: Session, campaign_id: int, candidacy_id: int) -> list[Invitation]:
    """Return a candidate's invitation and reminders, in their order."""
    return list(
        session.scalars(
            select(Invitation)
            .where(Invitation.campaign_id == campaign_id, Invitation.candidacy_id == candidacy_id)
            .order_by(Invitation.step)
        )
    )
