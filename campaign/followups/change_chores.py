"""What time does to changes that wait: they take effect unopposed, are asked about, or lapse."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy
from campaign.candidates.queries import get_candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.core.toolkit import Toolkit
from campaign.delivery.queries import find_message
from campaign.delivery.rules import MessageStatus
from campaign.elections.models import Election
from campaign.followups.candidate_mail import is_reachable
from campaign.followups.changes import ask_about_changes, hand_to_organisers, settle
from campaign.pledges.models import PendingChange
from campaign.pledges.queries import has_moved_on
from campaign.pledges.rules import PROTEST_TIME, ChangeOutcome
from campaign.pledges.service import (
    ChangeDoor,
    lock_open_changes,
    takes_answers_of,
    went_to_address_on_file,
)

BATCH = 200


def run_change_chores(toolkit: Toolkit, session: Session, now: datetime) -> int:
    """Let changes take effect against which nobody protested, or lapse; return how many.

    A chore of the worker. The day for a protest begins when the mail has left; a change whose mail
    did not arrive goes to the organisers, and where the record has moved on since, the candidate is
    asked once more. What is not confirmed when the poll closes, or the candidate stands no longer,
    lapses.
    """
    settled = 0
    for campaign_id, candidacy_id in _list_due(session, now):
        campaign = session.get_one(Campaign, campaign_id)
        candidacy = get_candidacy(session, candidacy_id)
        changes = lock_open_changes(session, campaign_id=campaign_id, candidacy_id=candidacy_id)
        if not takes_answers_of(session, campaign, candidacy, now=now):
            door = ChangeDoor(campaign, candidacy, list(changes))
            settled += len(settle(toolkit, session, door, ChangeOutcome.LAPSED, now=now))
            continue
        unopposed, is_asked_again = [], False
        for change in changes:
            if change.due_at is None or change.due_at > now:
                continue
            if not _can_have_been_read(session, change, candidacy):
                hand_to_organisers(session, [change], now=now)
            elif _has_moved_on(session, change):
                is_asked_again = True
            elif (due_at := _due_at(session, change, now=now)) > now:
                change.due_at = due_at
            else:
                unopposed.append(change)
        if is_asked_again:
            # The mail compared the change with something else, so its silence says nothing.
            ask_about_changes(toolkit, session, campaign, candidacy, now=now)
            continue
        if unopposed:
            door = ChangeDoor(campaign, candidacy, unopposed)
            settled += len(settle(toolkit, session, door, ChangeOutcome.UNOPPOSED, now=now))
    return settled


def _list_due(session: Session, now: datetime) -> Sequence[tuple[int, int]]:
    rows = session.execute(
        select(PendingChange.campaign_id, PendingChange.candidacy_id)
        .join(Campaign, Campaign.id == PendingChange.campaign_id)
        .join(Election, Election.id == Campaign.election_id)
        .join(Candidacy, Candidacy.id == PendingChange.candidacy_id)
        .where(
            PendingChange.settled_at.is_(None),
            or_(
                PendingChange.due_at <= now,
                Election.poll_closes_at <= now,
                Candidacy.status == CandidacyStatus.WITHDRAWN,
            ),
        )
        .distinct()
        .order_by(PendingChange.campaign_id, PendingChange.candidacy_id)
        .limit(BATCH)
    )
    return [(campaign_id, candidacy_id) for campaign_id, candidacy_id in rows]


def _can_have_been_read(session: Session, change: PendingChange, candidacy: Candidacy) -> bool:
    """Tell whether the mail about a change went, or still goes, to where the candidate reads."""
    message = find_message(session, change.outbox_message_id or 0)
    return (
        message is not None
        and message.status not in (MessageStatus.FAILED, MessageStatus.CANCELLED)
        and went_to_address_on_file(session, change, candidacy)
        and is_reachable(session, candidacy)
    )


def _due_at(session: Session, change: PendingChange, *, now: datetime) -> datetime:
    message = find_message(session, change.outbox_message_id or 0)
    # A mail that a pause keeps here leaves nobody a day to protest.
    return ((message.sent_at if message else None) or now) + PROTEST_TIME


def _has_moved_on(session: Session, change: PendingChange) -> bool:
    """Tell whether organisers made an entry public, or struck one, since the mail was written."""
    message = find_message(session, change.outbox_message_id or 0)
    return message is not None and has_moved_on(session, change, since=message.created_at)
