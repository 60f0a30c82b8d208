"""What organisers see and decide about inviting the candidates of a campaign."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, Person
from campaign.candidates.queries import get_candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.core.emails import RenderedEmail
from campaign.core.toolkit import Toolkit
from campaign.elections.models import Ballot
from campaign.elections.queries import get_election
from campaign.followups.correspondence import list_mail_stops
from campaign.followups.invitations import render_invitation, take_back
from campaign.letters.queries import count_writers_by_candidacy
from campaign.letters.rules import MailStop
from campaign.pledges.errors import InvitationsRefused
from campaign.pledges.models import Invitation, InvitationTimetable
from campaign.pledges.queries import list_ever_answered, list_failed_invitations
from campaign.pledges.service import plan_invitations, stop_invitations, takes_answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When candidates are invited and reminded; 0 days is no reminder."""

    invite_at: datetime
    first_reminder_days: int
    second_reminder_days: int

    @property
    def reminders(self) -> int:
        """Return how many reminders there are."""
        return bool(self.first_reminder_days) + bool(self.second_reminder_days)


def start_invitations(
    session: Session, campaign: Campaign, timetable: Timetable, *, actor: str, now: datetime
) -> InvitationTimetable:
    """Let the worker invite a campaign's candidates; raises InvitationsRefused.

    Nothing leaves before nominations have closed, whatever the timetable says.
    """
    election = get_election(session, campaign.election_id)
    if not takes_answers(session, campaign, now=now):
        raise InvitationsRefused("Only a live campaign before the close of poll can invite.")
    if timetable.invite_at >= election.poll_closes_at:
        raise InvitationsRefused("Choose a day before the poll closes.")
    return plan_invitations(
        session,
        campaign_id=campaign.id,
        invite_at=timetable.invite_at,
        first_reminder_days=timetable.first_reminder_days,
        second_reminder_days=timetable.second_reminder_days,
        planned_by=actor,
        now=now,
    )


def halt_invitations(session: Session, campaign: Campaign, *, actor: str, now: datetime) -> int:
    """Stop a campaign's timetable and take back what has not left; return how many mails.

    Raises InvitationsRefused where none runs.
    """
    stop_invitations(session, campaign_id=campaign.id, actor=actor, now=now)
    return take_back(session, campaign.id, lambda _candidacy: True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Everybody who stands today, each in exactly one of the counts after the first."""

    standing: int
    without_address: int
    answered: int
    refusing: int
    """Asked for nothing more."""
    stopped: int
    """Their mail comes back, they complained, or said that the address is wrong."""
    invited: int
    """Have their invitation already, in the outbox or sent."""
    failed: int
    """Their invitation could not be sent; it can be tried again."""
    to_invite: int


def call_roll(session: Session, campaign: Campaign, *, now: datetime) -> Roll:
    """Count who would be invited today, and why the others not."""
    rows = session.execute(
        select(Candidacy.id, func.coalesce(Person.email, ""))
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .where(
            Ballot.election_id == campaign.election_id,
            Ballot.is_cancelled.is_(False),
            Candidacy.status == CandidacyStatus.STANDING,
        )
    ).all()
    answered = list_ever_answered(session, campaign.id)
    stops = list_mail_stops(session, campaign.id)
    invited = set(
        session.scalars(
            select(Invitation.candidacy_id).where(
                Invitation.campaign_id == campaign.id, Invitation.step == 0
            )
        )
    )
    failed = {
        each.candidacy_id
        for each in list_failed_invitations(session, campaign.id, now=now)
        if each.step == 0
    }
    counts = dict.fromkeys(
        ("without_address", "answered", "refusing", "stopped", "failed", "invited", "to_invite"), 0
    )
    for candidacy_id, email in rows:
        if candidacy_id in answered:
            where = "answered"
        elif stops.get(candidacy_id) is MailStop.NOTHING_MORE:
            where = "refusing"
        elif not email:
            where = "without_address"
        elif candidacy_id in stops:
            where = "stopped"
        elif candidacy_id in failed:
            where = "failed"
        elif candidacy_id in invited:
            where = "invited"
        else:
            where = "to_invite"
        counts[where] += 1
    return Roll(standing=len(rows), **counts)


def preview_invitations(
    toolkit: Toolkit,
    session: Session,
    campaign: Campaign,
    timetable: Timetable,
    *,
    link: str,
) -> list[RenderedEmail]:
    """Return the invitation and its reminders as the first candidate would read them.

    ``link`` stands for the candidate's own, which is for nobody else's eyes. Empty where nobody
    stands.
    """
    candidacy_id = session.scalar(
        select(Candidacy.id)
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .where(
            Ballot.election_id == campaign.election_id,
            Ballot.is_cancelled.is_(False),
            Candidacy.status == CandidacyStatus.STANDING,
        )
        .order_by(Person.sort_name, Candidacy.id)
        .limit(1)
    )
    if candidacy_id is None:
        return []
    writers = count_writers_by_candidacy(session, campaign.id, candidacy_ids=[candidacy_id])
    return [
        render_invitation(
            toolkit,
            session,
            campaign,
            get_candidacy(session, candidacy_id),
            election=get_election(session, campaign.election_id),
            step=step,
            reminders=timetable.reminders,
            writers=writers.get(candidacy_id, 0),
            earlier=timetable.invite_at if step else None,
            link=link,
        )
        for step in range(timetable.reminders + 1)
    ]
