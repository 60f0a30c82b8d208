"""What time does to letters: the worker runs these again and again, a bounded batch each time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.queries import find_pause
from campaign.delivery.rules import campaign_scope
from campaign.elections.models import Ballot, Election
from campaign.elections.queries import get_election
from campaign.letters.models import Action, Letter
from campaign.letters.rules import HeldReason, LetterStatus, MailStop
from campaign.letters.service.confirmation_mail import queue_reminder
from campaign.letters.service.correspondence import Correspondence
from campaign.letters.service.digests import make_digests
from campaign.letters.service.dispatch import (
    cancel_message_of,
    dispatch_letter,
    is_not_claimed,
    why_unreachable,
)
from campaign.letters.service.life import WORKER, move_letter, move_letters_where
from campaign.letters.service.returns import send_returned_again
from campaign.letters.service.stops import stop_letters

REMIND_AFTER = timedelta(hours=24)
BATCH = 200


@dataclass(frozen=True, kw_only=True)
class Chores:
    """How many letters or actions each chore dealt with; a full batch may have left some."""

    refused: int
    withdrawn: int
    expired: int
    reminded: int
    stopped: int
    released: int
    sent_again: int
    digests: int


def run_chores(
    session: Session, *, correspondence: Correspondence, now: datetime, limit: int = BATCH
) -> Chores:
    """Do each chore for what is due, and for ``limit`` letters or candidates at most."""
    stops = _list_stops(session, correspondence)
    return Chores(
        refused=sum(
            stop_letters(session, stopped, campaign_id=campaign_id, actor=WORKER, now=now)
            for campaign_id, stopped in stops.items()
        ),
        withdrawn=withdraw_unreachable(session, now=now, limit=limit),
        expired=_expire(session, now=now, limit=limit),
        reminded=_remind(session, correspondence=correspondence, now=now, limit=limit),
        stopped=_stop_after_poll(session, now=now, limit=limit),
        released=_release(
            session, stops=stops, correspondence=correspondence, now=now, limit=limit
        ),
        sent_again=send_returned_again(
            session, stops=stops, correspondence=correspondence, now=now, limit=limit
        ),
        # Last, because the others decide what there is to put into one.
        digests=make_digests(session, correspondence=correspondence, now=now, limit=limit),
    )


def _list_stops(
    session: Session, correspondence: Correspondence
) -> dict[int, Mapping[int, MailStop]]:
    """Return by live campaign whom it must not mail; only campaigns that have somebody."""
    live = session.scalars(select(Campaign.id).where(Campaign.status == CampaignStatus.LIVE))
    stops = {each: correspondence.list_mail_stops(each, None) for each in live.all()}
    return {each: found for each, found in stops.items() if found}


def withdraw_unreachable(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """Take back letters to candidates who withdrew or whose poll was cancelled; return how many.

    For an import to run in its own transaction too, so that nothing leaves in between.
    """
    letters = _lock_letters(
        session,
        [
            Letter.status.in_((LetterStatus.UNCONFIRMED, LetterStatus.QUEUED, LetterStatus.HELD)),
            or_(Candidacy.status == CandidacyStatus.WITHDRAWN, Ballot.is_cancelled.is_(True)),
            is_not_claimed(),
        ],
        limit=limit,
    )
    taken = [letter for letter in letters if cancel_message_of(session, letter, now=now)]
    for letter in taken:
        move_letter(
            session,
            letter,
            LetterStatus.WITHDRAWN,
            actor=WORKER,
            now=now,
            reason=why_unreachable(letter.candidacy),
        )
    return len(taken)


def _expire(session: Session, *, now: datetime, limit: int) -> int:
    lapsed = (
        select(Letter.id)
        .join(Action, Action.id == Letter.action_id)
        .where(Letter.status == LetterStatus.UNCONFIRMED, Action.expires_at <= now)
        .order_by(Letter.id)
        .limit(limit)
    )
    expired = move_letters_where(
        session,
        [Letter.id.in_(lapsed)],
        LetterStatus.UNCONFIRMED,
        LetterStatus.EXPIRED,
        actor=WORKER,
        now=now,
    )
    return len(expired)


def _remind(session: Session, *, correspondence: Correspondence, now: datetime, limit: int) -> int:
    is_open = exists().where(
        Letter.action_id == Action.id, Letter.status == LetterStatus.UNCONFIRMED
    )
    actions = session.scalars(
        select(Action)
        .join(Campaign, Campaign.id == Action.campaign_id)
        .where(
            Action.confirmed_at.is_(None),
            Action.reminded_at.is_(None),
            Action.created_at <= now - REMIND_AFTER,
            Action.expires_at > now,
            Campaign.status == CampaignStatus.LIVE,
            is_open,
        )
        .order_by(Action.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Action)
        .execution_options(populate_existing=True)
    ).all()
    for action in actions:
        campaign = session.get_one(Campaign, action.campaign_id)
        action.reminded_at = now
        queue_reminder(
            session,
            action,
            campaign=campaign,
            election=get_election(session, campaign.election_id),
            letters=[each for each in action.letters if each.status is LetterStatus.UNCONFIRMED],
            correspondence=correspondence,
            now=now,
        )
    return len(actions)


def _stop_after_poll(session: Session, *, now: datetime, limit: int) -> int:
    """Hold what is still in the outbox when the poll has closed: it would come too late."""
    letters = _lock_letters(
        session,
        [
            Letter.status == LetterStatus.QUEUED,
            Election.poll_closes_at <= now,
            is_not_claimed(),
        ],
        limit=limit,
    )
    stopped = [letter for letter in letters if cancel_message_of(session, letter, now=now)]
    for letter in stopped:
        move_letter(
            session,
            letter,
            LetterStatus.HELD,
            actor=WORKER,
            now=now,
            held_reason=HeldReason.CALENDAR,
        )
    return len(stopped)


def _release(
    session: Session,
    *,
    stops: Mapping[int, Mapping[int, MailStop]],
    correspondence: Correspondence,
    now: datetime,
    limit: int,
) -> int:
    """Send on what was held for an address, for the calendar or by a pause that has ended."""
    live = session.scalars(select(Campaign.id).where(Campaign.status == CampaignStatus.LIVE)).all()
    paused = [each for each in live if find_pause(session, campaign_scope(each)) is not None]
    # Left out here and not only when dispatched: they would fill every batch.
    waits_on = [
        and_(Letter.campaign_id == campaign_id, Letter.candidacy_id.in_(stopped))
        for campaign_id, stopped in stops.items()
    ]
    letters = _lock_letters(
        session,
        [
            Letter.status == LetterStatus.HELD,
            Letter.campaign_id.in_(live),
            Election.poll_closes_at > now,
            is_not_claimed(),
            or_(
                and_(
                    Letter.held_reason == HeldReason.NO_ADDRESS,
                    Person.email.is_not(None),
                    *(not_(each) for each in waits_on),
                ),
                and_(
                    Letter.held_reason == HeldReason.CALENDAR,
                    Election.nominations_close_at <= now,
                ),
                and_(Letter.held_reason == HeldReason.PAUSED, Letter.campaign_id.not_in(paused)),
            ),
        ],
        limit=limit,
    )
    for letter in letters:
        dispatch_letter(
            session,
            letter,
            action=letter.action,
            campaign=session.get_one(Campaign, letter.campaign_id),
            correspondence=correspondence,
            actor=WORKER,
            now=now,
        )
    return len(letters)


def _lock_letters(
    session: Session, conditions: Sequence[ColumnElement[bool]], *, limit: int
) -> Sequence[Letter]:
    """Return letters with their candidates, locked; those that another worker has are left out."""
    session.flush()
    return session.scalars(
        select(Letter)
        .join(Letter.candidacy)
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .join(Ballot.election)
        .where(*conditions)
        .order_by(Letter.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Letter)
        .options(joinedload(Letter.action).joinedload(Action.supporter))
        .execution_options(populate_existing=True)
    ).all()
