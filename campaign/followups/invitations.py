"""Inviting every candidate of a campaign to answer, and reminding them, on one timetable."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.core.emails import RenderedEmail
from campaign.core.toolkit import Toolkit
from campaign.delivery.rules import Lane, MessageStatus, normalise_recipient
from campaign.delivery.service import cancel_message
from campaign.elections.models import Election
from campaign.elections.queries import get_election
from campaign.elections.rules import ElectionPhase
from campaign.followups.candidate_mail import (
    answer_link,
    moment_for,
    queue_to_candidate,
    render_for,
)
from campaign.followups.correspondence import list_mail_stops
from campaign.letters.queries import count_writers_by_candidacy
from campaign.pledges.models import InvitationTimetable
from campaign.pledges.queries import list_ever_answered, list_invitations
from campaign.pledges.rules import INVITATION_STEPS
from campaign.pledges.service import (
    lock_due_timetables,
    note_invitation,
    note_sent_invitations,
    takes_answers,
)
from campaign.pledges.service.invitations import (
    forget_invitation,
    forget_outdated_invitations,
    list_due_candidacies,
    list_stopped_leftovers,
    list_unsent_invitations,
)

BATCH = 300
"""Mails of one campaign that enter the outbox in one round of the chores."""


def run_invitation_chores(toolkit: Toolkit, session: Session, now: datetime) -> int:
    """Invite and remind whose turn it is, and take back what is no longer right; return how many.

    A chore of the worker. Two workers never do one campaign at once, and the database refuses a
    second invitation of one candidate. Letters' limits, pauses and stopped addresses hold for
    these mails too, since they go by the lane of letters.
    """
    note_sent_invitations(session)
    for campaign_id in list_stopped_leftovers(session):
        # A worker had claimed them in the moment in which the timetable was stopped.
        take_back(session, campaign_id, lambda _candidacy: True)
    queued = 0
    for timetable in lock_due_timetables(session, now):
        campaign = session.get_one(Campaign, timetable.campaign_id)
        if not takes_answers(session, campaign, now=now):
            take_back(session, campaign.id, lambda _candidacy: True)
            continue
        election = get_election(session, campaign.election_id)
        passed_over = list_passed_over(session, campaign.id)
        take_back(session, campaign.id, partial(_is_wrong, passed_over))
        forget_outdated_invitations(session, campaign.id, passed_over=passed_over)
        if election.phase(now) is not ElectionPhase.CAMPAIGN:
            continue
        for step in range(INVITATION_STEPS):
            due = list_due_candidacies(
                session,
                timetable,
                election_id=election.id,
                step=step,
                passed_over=passed_over,
                now=now,
                limit=BATCH,
            )
            _invite(toolkit, session, timetable, due, campaign=campaign, step=step, now=now)
            queued += len(due)
    return queued


def list_passed_over(session: Session, campaign_id: int) -> set[int]:
    """Return the candidacies that are not invited: they have answered, or must not be mailed."""
    return list_ever_answered(session, campaign_id) | set(list_mail_stops(session, campaign_id))


def count_reminders(timetable: InvitationTimetable) -> int:
    """Return how many reminders a timetable has."""
    return bool(timetable.first_reminder_days) + bool(timetable.second_reminder_days)


def render_invitation(
    toolkit: Toolkit,
    session: Session,
    campaign: Campaign,
    candidacy: Candidacy,
    *,
    election: Election,
    step: int,
    reminders: int,
    writers: int,
    earlier: datetime | None,
    link: str,
) -> RenderedEmail:
    """Return an invitation (step 0) or reminder as its candidate reads it.

    ``earlier`` is when the invitation left, and ``reminders`` how many may follow it.
    """
    when = partial(moment_for, session, election=election, campaign=campaign, candidacy=candidacy)
    return render_for(
        toolkit,
        session,
        "invitation_reminder" if step else "invitation",
        campaign=campaign,
        candidacy=candidacy,
        asks=list_asks(session, campaign.id),
        writers=writers,
        closes=when(election.poll_closes_at),
        earlier=when(earlier, is_day=True) if earlier else "",
        reminders=reminders,
        is_last=step >= reminders,
        link=link,
    )


def _invite(
    toolkit: Toolkit,
    session: Session,
    timetable: InvitationTimetable,
    candidacies: Sequence[Candidacy],
    *,
    campaign: Campaign,
    step: int,
    now: datetime,
) -> None:
    if not candidacies:
        return
    election = get_election(session, campaign.election_id)
    writers = count_writers_by_candidacy(
        session, campaign.id, candidacy_ids=[each.id for each in candidacies]
    )
    for candidacy in candidacies:
        sent = list_invitations(session, campaign.id, candidacy.id) if step else []
        text = render_invitation(
            toolkit,
            session,
            campaign,
            candidacy,
            election=election,
            step=step,
            reminders=count_reminders(timetable),
            writers=writers.get(candidacy.id, 0),
            earlier=sent[0].sent_at if sent else None,
            link=answer_link(toolkit, session, campaign.id, candidacy.id),
        )
        message = queue_to_candidate(
            toolkit,
            session,
            text,
            campaign=campaign,
            candidacy=candidacy,
            lane=Lane.LETTER,
            now=now,
            not_after=election.poll_closes_at,
        )
        assert message is not None
        note_invitation(
            session,
            timetable,
            candidacy_id=candidacy.id,
            step=step,
            message_id=message.id,
            now=now,
        )
    session.flush()


def _is_wrong(passed_over: set[int], candidacy: Candidacy) -> bool:
    return (
        candidacy.id in passed_over
        or candidacy.status is not CandidacyStatus.STANDING
        or candidacy.ballot.is_cancelled
    )


def take_back(session: Session, campaign_id: int, is_wrong: Callable[[Candidacy], bool]) -> int:
    """Take back the mails that have not left and should not, or not to that address.

    One that could not be sent is forgotten where it should not be tried again: its candidate was
    not asked, and is invited anew should that become right.
    """
    taken = 0
    for invitation, message, candidacy in list_unsent_invitations(session, campaign_id):
        has_moved = normalise_recipient(candidacy.person.email or "") != message.recipient_key
        if message.status is MessageStatus.QUEUED and (has_moved or is_wrong(candidacy)):
            if cancel_message(session, message.id):
                forget_invitation(session, invitation)
                taken += 1
        elif message.status is MessageStatus.CANCELLED or (
            message.status is MessageStatus.FAILED and (has_moved or is_wrong(candidacy))
        ):
            forget_invitation(session, invitation)
    session.flush()
    return taken
