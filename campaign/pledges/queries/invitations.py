"""Whom a campaign has invited to answer, and when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, func, select
from sqlalchemy.orm import Session

from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import can_be_sent_again
from campaign.delivery.rules import MessageStatus
from campaign.elections.models import Ballot
from campaign.pledges.models import Invitation, InvitationTimetable

# Made once: a page of candidates of the API asks for it.
_INVITED = select(Invitation.candidacy_id, Invitation.sent_at).where(
    Invitation.campaign_id == bindparam("campaign_id"),
    Invitation.candidacy_id.in_(bindparam("candidacy_ids", expanding=True)),
    Invitation.step == 0,
    Invitation.sent_at.is_not(None),
)


@dataclass(frozen=True, slots=True)
class StepFigures:
    """What has become of the invitations, or of one reminder, of a campaign."""

    sent: int
    waiting: int
    failed: int
    """Given up after the last try, or refused; whoever is affected has not been asked."""


@dataclass(frozen=True, slots=True)
class FailedInvitation:
    """An invitation or reminder that could not be sent, and that can be tried again."""

    message_id: int
    candidacy_id: int
    person_id: int
    candidate: str
    step: int
    error: str
    failed_at: datetime
    tries: int


def find_timetable(session: Session, campaign_id: int) -> InvitationTimetable | None:
    """Return the timetable by which a campaign invites its candidates, unless it was stopped."""
    return session.scalar(
        select(InvitationTimetable).where(
            InvitationTimetable.campaign_id == campaign_id,
            InvitationTimetable.stopped_at.is_(None),
        )
    )


def count_invitations(session: Session, campaign_id: int) -> dict[int, StepFigures]:
    """Return by step how many invitations have left, wait, and could not be sent."""
    has_failed = and_(Invitation.sent_at.is_(None), OutboxMessage.status == MessageStatus.FAILED)
    rows = session.execute(
        select(
            Invitation.step,
            func.count(),
            func.count(Invitation.sent_at),
            func.count().filter(has_failed),
        )
        .outerjoin(OutboxMessage, OutboxMessage.id == Invitation.outbox_message_id)
        .where(Invitation.campaign_id == campaign_id)
        .group_by(Invitation.step)
    )
    return {
        step: StepFigures(sent=sent, waiting=queued - sent - failed, failed=failed)
        for step, queued, sent, failed in rows
    }


def map_invited(
    session: Session, campaign_id: int, candidacy_ids: Collection[int]
) -> dict[int, datetime]:
    """Return by candidacy when the campaign's invitation left to those among them that have it."""
    given = {"campaign_id": campaign_id, "candidacy_ids": list(candidacy_ids)}
    rows = session.execute(_INVITED, given)
    return {candidacy_id: sent_at for candidacy_id, sent_at in rows if sent_at is not None}


def list_failed_invitations(
    session: Session, campaign_id: int, *, now: datetime
) -> list[FailedInvitation]:
    """Return the invitations and reminders that could not be sent, the latest first.

    Only those that can be tried again: the others are forgotten by the chores, because their
    candidate has answered, must not be mailed or stands no more, and who is reached later is
    invited like one whose address is found late.
    """
    rows = session.execute(
        select(
            OutboxMessage.id,
            Candidacy.id,
            Person.id,
            Person.name,
            Invitation.step,
            OutboxMessage.last_error,
            OutboxMessage.failed_at,
            OutboxMessage.attempt_count,
        )
        .select_from(Invitation)
        .join(InvitationTimetable, InvitationTimetable.id == Invitation.timetable_id)
        .join(OutboxMessage, OutboxMessage.id == Invitation.outbox_message_id)
        .join(Candidacy, Candidacy.id == Invitation.candidacy_id)
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .where(Invitation.campaign_id == campaign_id, *_can_be_tried_again(now))
        .order_by(OutboxMessage.failed_at.desc(), OutboxMessage.id.desc())
    )
    return [FailedInvitation(*row[:6], row[6] or now, row[7]) for row in rows]


def _can_be_tried_again(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Invitation.sent_at.is_(None),
        InvitationTimetable.stopped_at.is_(None),
        can_be_sent_again(now),
        Person.email == OutboxMessage.recipient,
        Candidacy.status == CandidacyStatus.STANDING,
        Ballot.is_cancelled.is_(False),
    )


def list_invitations(session: Session, campaign_id: int, candidacy_id: int) -> list[Invitation]:
    """Return a candidate's invitation and reminders, in their order."""
    return list(
        session.scalars(
            select(Invitation)
            .where(Invitation.campaign_id == campaign_id, Invitation.candidacy_id == candidacy_id)
            .order_by(Invitation.step)
        )
    )
