"""What is said about an entry once it is public: an objection, its settling, hiding."""

from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.pledges.errors import AlreadyDecided, OwnEntry, PledgeEventNotFound
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import find_history_entry
from campaign.pledges.rules import (
    CANDIDATE,
    REASON_LIMIT,
    STATEMENT_LIMIT,
    EventKind,
    VerificationLevel,
    clean_reason,
    clean_text,
)
from campaign.pledges.service.chaining import append_about, lock_record


def dispute_entry(
    session: Session,
    *,
    campaign_id: int,
    event_id: int,
    entered_by: str,
    now: datetime,
    words: str = "",
    reason: str = "",
) -> PledgeEvent:
    """Mark an entry as disputed by the candidate, from now on and for everybody.

    ``words`` are the candidate's, public; ``reason`` is how an organiser learned of the objection,
    and needed from one. Raises PledgeEventNotFound, PledgeInvalid, or AlreadyDecided where the
    entry is not public, the candidate's own, or was disputed before.
    """
    return _add_mark(
        session,
        kind=EventKind.DISPUTE,
        campaign_id=campaign_id,
        event_id=event_id,
        entered_by=entered_by,
        now=now,
        statement=clean_text(words, limit=STATEMENT_LIMIT),
        reason=(
            clean_text(reason, limit=REASON_LIMIT)
            if entered_by == CANDIDATE
            else clean_reason(reason)
        ),
    )


def settle_dispute(
    session: Session,
    *,
    campaign_id: int,
    event_id: int,
    is_right: bool,
    settler: str,
    reason: str,
    now: datetime,
) -> PledgeEvent:
    """Let a disputed entry stand, or strike it: then it counts no more. The reason is public.

    Whoever entered it does not settle it. Raises PledgeEventNotFound, OwnEntry, PledgeInvalid for
    the reason, or AlreadyDecided where no objection is open.
    """
    found = find_history_entry(session, campaign_id, event_id)
    if found is not None and found.entered_by == settler:
        raise OwnEntry("Somebody else must settle this, because you entered it yourself.")
    return _add_mark(
        session,
        kind=EventKind.DISPUTE_KEPT if is_right else EventKind.DISPUTE_STRUCK,
        campaign_id=campaign_id,
        event_id=event_id,
        entered_by=settler,
        now=now,
        reason=clean_reason(reason),
    )


def hide_texts(
    session: Session,
    *,
    campaign_id: int,
    event_id: int,
    hidden_by: str,
    reason: str,
    now: datetime,
) -> PledgeEvent:
    """Take the texts of a public entry out of public view; stance and reason stay public.

    Raises PledgeEventNotFound, PledgeInvalid for the reason, or AlreadyDecided.
    """
    return _add_mark(
        session,
        kind=EventKind.HIDING,
        campaign_id=campaign_id,
        event_id=event_id,
        entered_by=hidden_by,
        now=now,
        reason=clean_reason(reason),
    )


def show_texts(
    session: Session,
    *,
    campaign_id: int,
    event_id: int,
    shown_by: str,
    reason: str,
    now: datetime,
) -> PledgeEvent:
    """Show the texts of an entry again; raises as ``hide_texts`` does."""
    return _add_mark(
        session,
        kind=EventKind.UNHIDING,
        campaign_id=campaign_id,
        event_id=event_id,
        entered_by=shown_by,
        now=now,
        reason=clean_reason(reason),
    )


def _add_mark(
    session: Session,
    *,
    kind: EventKind,
    campaign_id: int,
    event_id: int,
    entered_by: str,
    now: datetime,
    statement: str = "",
    reason: str = "",
) -> PledgeEvent:
    # Locked before it is looked at: of two presses at the same time, the second finds the first.
    campaign: Campaign = lock_record(session, campaign_id)
    found = find_history_entry(session, campaign_id, event_id)
    if found is None:
        raise PledgeEventNotFound("There is no entry of this number.")
    if found.life.find_obstacle(kind):
        raise AlreadyDecided("The entry has changed since this page was opened. Look at it again.")
    return append_about(
        session,
        campaign,
        session.get_one(PledgeEvent, event_id),
        PledgeEvent(
            kind=kind,
            statement=statement,
            reason=reason,
            verification_level=(
                VerificationLevel.FIRST_HAND
                if entered_by == CANDIDATE
                else VerificationLevel.UNVERIFIED
            ),
            entered_by=entered_by,
            recorded_at=now,
        ),
    )
