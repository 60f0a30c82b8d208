"""Invitations to answer and reminders: one timetable for all candidates of a campaign."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import Session, contains_eager

from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import MessageStatus, normalise_recipient
from campaign.elections.models import Ballot
from campaign.pledges.errors import InvitationsRefused
from campaign.pledges.models import Invitation, InvitationTimetable
from campaign.pledges.queries import find_timetable


def plan_invitations(
    session: Session,
    *,
    campaign_id: int,
    invite_at: datetime,
    first_reminder_days: int,
    second_reminder_days: int,
    planned_by: str,
    now: datetime,
) -> InvitationTimetable:
    """Let a campaign invite its candidates from a moment on; the worker does it.

    Days count from the mail before, 0 is no reminder. Raises InvitationsRefused where a timetable
    runs already.
    """
    if find_timetable(session, campaign_id) is not None:
        raise InvitationsRefused("The candidates of this campaign have a timetable already.")
    timetable = InvitationTimetable(
        campaign_id=campaign_id,
        invite_at=invite_at,
        first_reminder_days=first_reminder_days,
        second_reminder_days=second_reminder_days if first_reminder_days else 0,
        planned_at=now,
        planned_by=planned_by,
    )
    session.add(timetable)
    session.flush()  # A second one, planned in the same moment, meets the unique index here.
    return timetable


def stop_invitations(
    session: Session, *, campaign_id: int, actor: str, now: datetime
) -> InvitationTimetable:
    """Stop a campaign's timetable for good; raises InvitationsRefused where none runs.

    What is still in the outbox is for the caller to take back.
    """
    timetable = find_timetable(session, campaign_id)
    if timetable is None:
        raise InvitationsRefused("No timetable runs, so there is nothing to stop.")
    timetable.stopped_at, timetable.stopped_by = now, actor
    return timetable


def lock_due_timetables(session: Session, now: datetime) -> Sequence[InvitationTimetable]:
    """Return the timetables that have begun, locked; those that another worker has are left out.

    So no two workers invite the candidates of one campaign at once.
    """
    return session.scalars(
        select(InvitationTimetable)
        .where(InvitationTimetable.stopped_at.is_(None), InvitationTimetable.invite_at <= now)
        .order_by(InvitationTimetable.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def is_invited(campaign_id: int, step: int) -> ColumnElement[bool]:
    """Return the condition that a candidacy has its invitation or reminder of this step."""
    return exists().where(
        Invitation.candidacy_id == Candidacy.id,
        Invitation.campaign_id == campaign_id,
        Invitation.step == step,
    )


def list_due_candidacies(
    session: Session,
    timetable: InvitationTimetable,
    *,
    election_id: str,
    step: int,
    passed_over: Collection[int],
    now: datetime,
    limit: int,
) -> Sequence[Candidacy]:
    """Return who is next for an invitation (step 0) or a reminder, without those passed over.

    A reminder comes so many days after the mail before it has left.
    """
    query = (
        select(Candidacy)
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .where(
            Ballot.election_id == election_id,
            Ballot.is_cancelled.is_(False),
            Candidacy.status == CandidacyStatus.STANDING,
            func.coalesce(Person.email, "") != "",
            ~is_invited(timetable.campaign_id, step),
        )
        .order_by(Candidacy.id)
        .options(
            contains_eager(Candidacy.person),
            contains_eager(Candidacy.ballot).joinedload(Ballot.constituency),
        )
    )
    if step:
        days = (timetable.first_reminder_days, timetable.second_reminder_days)[step - 1]
        if not days:
            return []
        query = query.where(
            exists().where(
                Invitation.candidacy_id == Candidacy.id,
                Invitation.campaign_id == timetable.campaign_id,
                Invitation.step == step - 1,
                Invitation.sent_at <= now - timedelta(days=days),
            )
        )
    # Not in SQL: thousands of numbers are more than a statement takes.
    due = (each for each in session.scalars(query) if each.id not in passed_over)
    return list(islice(due, limit))


def note_invitation(
    session: Session,
    timetable: InvitationTimetable,
    *,
    candidacy_id: int,
    step: int,
    message_id: int,
    now: datetime,
) -> Invitation:
    """Note that an invitation or reminder is in the outbox; the database refuses a second one."""
    invitation = Invitation(
        timetable_id=timetable.id,
        campaign_id=timetable.campaign_id,
        candidacy_id=candidacy_id,
        step=step,
        outbox_message_id=message_id,
        queued_at=now,
    )
    session.add(invitation)
    return invitation


def note_sent_invitations(session: Session) -> int:
    """Note when invitations left, as the outbox says; return how many that were."""
    sent_at = (
        select(OutboxMessage.sent_at)
        .where(OutboxMessage.id == Invitation.outbox_message_id)
        .scalar_subquery()
    )
    left = exists().where(
        OutboxMessage.id == Invitation.outbox_message_id,
        OutboxMessage.status == MessageStatus.SENT,
    )
    noted = session.execute(
        update(Invitation)
        .where(Invitation.sent_at.is_(None), left)
        .values(sent_at=sent_at)
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    )
    return len(noted.all())


def list_stopped_leftovers(session: Session) -> Sequence[int]:
    """Return the campaigns whose timetable was stopped while mails of it had not left."""
    return session.scalars(
        select(Invitation.campaign_id)
        .join(InvitationTimetable, InvitationTimetable.id == Invitation.timetable_id)
        .join(OutboxMessage, OutboxMessage.id == Invitation.outbox_message_id)
        .where(
            Invitation.sent_at.is_(None),
            InvitationTimetable.stopped_at.is_not(None),
            OutboxMessage.status == MessageStatus.QUEUED,
        )
        .distinct()
    ).all()


def list_unsent_invitations(
    session: Session, campaign_id: int
) -> Sequence[tuple[Invitation, OutboxMessage, Candidacy]]:
    """Return the invitations that have not left, each with its message and its candidacy."""
    rows = session.execute(
        select(Invitation, OutboxMessage, Candidacy)
        .join(OutboxMessage, OutboxMessage.id == Invitation.outbox_message_id)
        .join(Candidacy, Candidacy.id == Invitation.candidacy_id)
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .where(Invitation.campaign_id == campaign_id, Invitation.sent_at.is_(None))
        .order_by(Invitation.id)
        .options(contains_eager(Candidacy.person), contains_eager(Candidacy.ballot))
        .execution_options(populate_existing=True)
    )
    return [(invitation, message, candidacy) for invitation, message, candidacy in rows]


def forget_invitation(session: Session, invitation: Invitation) -> None:
    """Forget an invitation that was taken back before it left: the candidate was not asked."""
    session.delete(invitation)


def forget_outdated_invitations(
    session: Session, campaign_id: int, *, passed_over: Collection[int]
) -> int:
    """Forget invitations that went to another address than the one on file.

    So a candidate whose address is mended is invited like one whose address arrives late. Those
    passed over keep theirs: they are not invited again. Returns how many were forgotten.
    """
    rows = session.execute(
        select(Invitation.id, Invitation.candidacy_id, OutboxMessage.recipient_key, Person.email)
        .join(OutboxMessage, OutboxMessage.id == Invitation.outbox_message_id)
        .join(Candidacy, Candidacy.id == Invitation.candidacy_id)
        .join(Candidacy.person)
        .where(
            Invitation.campaign_id == campaign_id,
            func.coalesce(Person.email, "") != "",
            Person.email != OutboxMessage.recipient,
        )
    )
    outdated = [
        number
        for number, candidacy_id, key, email in rows
        if candidacy_id not in passed_over and key != normalise_recipient(email or "")
    ]
    for number in outdated:
        session.execute(delete(Invitation).where(Invitation.id == number))
    return len(outdated)
