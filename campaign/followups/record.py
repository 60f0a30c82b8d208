"""What follows when something is said about a candidate's entry: the candidate is told."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy
from campaign.candidates.queries import get_candidacy
from campaign.core.toolkit import Toolkit
from campaign.followups.candidate_mail import answer_link, day_for, notify_candidate, public_page
from campaign.followups.overtaken import hold_letters_to
from campaign.pledges.errors import AlreadyDecided
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import (
    HistoryEntry,
    find_history_entry,
    list_current_entries,
    wants_no_mail,
)
from campaign.pledges.rules import CANDIDATE, EventKind
from campaign.pledges.service import (
    AnswerDoor,
    dispute_entry,
    hide_texts,
    review_pledge,
    settle_dispute,
    show_texts,
    takes_answers,
    withdraw_pledge,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was said about an entry, and what came of it."""

    entry: HistoryEntry
    """What it was said about, or what was entered."""
    is_candidate_told: bool
    """Whether the candidate gets a mail about it."""
    is_behind: bool
    """Whether a newer entry counts, so that this one only joins the history."""


def review_and_tell(
    toolkit: Toolkit,
    session: Session,
    campaign: Campaign,
    *,
    event_id: int,
    is_right: bool,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Review an entry; the candidate is told of one that becomes public.

    Raises what ``review_pledge`` raises.
    """
    event = review_pledge(
        session, event_id=event_id, is_right=is_right, reason=reason, reviewer=actor, now=now
    )
    if is_right:
        hold_letters_to(session, campaign_id=campaign.id, candidacy_id=event.candidacy_id, now=now)
    return _told(toolkit, session, campaign, event, now=now)


def object_by_link(
    toolkit: Toolkit,
    session: Session,
    door: AnswerDoor,
    *,
    event_id: int,
    words: str,
    now: datetime,
) -> Decision:
    """Mark an entry as disputed by its candidate; a link can be passed on, so they get a receipt.

    Raises what ``dispute_entry`` raises.
    """
    event = dispute_entry(
        session,
        campaign_id=door.campaign.id,
        event_id=event_id,
        entered_by=CANDIDATE,
        words=words,
        now=now,
    )
    return _told(toolkit, session, door.campaign, event, now=now)


class RecordStep(StrEnum):
    """What an organiser can do about an entry, apart from its review."""

    WITHDRAW = "withdraw"
    DISPUTE = "dispute"
    KEEP = "keep"
    STRIKE = "strike"
    HIDE = "hide"
    UNHIDE = "unhide"


def take_step(
    toolkit: Toolkit,
    session: Session,
    campaign: Campaign,
    *,
    step: RecordStep,
    entry: PledgeEvent,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Add what an organiser says about an entry; the candidate is told of what they did not do.

    Raises PledgeInvalid for the reason, OwnEntry, RecordClosed, or AlreadyDecided where the entry
    is no longer as the organiser saw it.
    """
    event = _added(session, campaign, step, entry, reason, actor, now)
    if step is RecordStep.WITHDRAW:  # They are told with its review, like of any entry.
        entered = _entry(session, campaign, event.id)
        return Decision(entered, is_candidate_told=False, is_behind=False)
    return _told(toolkit, session, campaign, event, now=now)


def _added(
    session: Session,
    campaign: Campaign,
    step: RecordStep,
    entry: PledgeEvent,
    reason: str,
    actor: str,
    now: datetime,
) -> PledgeEvent:
    match step:
        case RecordStep.WITHDRAW:
            event = withdraw_pledge(
                session, campaign_id=campaign.id, candidacy_id=entry.candidacy_id,
                ask_id=entry.ask_id, entry_id=entry.id, entered_by=actor, reason=reason, now=now,
            )  # fmt: skip
            if event is None:
                raise AlreadyDecided("There is no answer to take back, or a colleague has done so.")
            return event
        case RecordStep.DISPUTE:
            return dispute_entry(
                session, campaign_id=campaign.id, event_id=entry.id, entered_by=actor,
                reason=reason, now=now,
            )  # fmt: skip
        case RecordStep.KEEP | RecordStep.STRIKE:
            return settle_dispute(
                session, campaign_id=campaign.id, event_id=entry.id, settler=actor,
                is_right=step is RecordStep.KEEP, reason=reason, now=now,
            )  # fmt: skip
        case RecordStep.HIDE:
            return hide_texts(
                session, campaign_id=campaign.id, event_id=entry.id, hidden_by=actor,
                reason=reason, now=now,
            )  # fmt: skip
        case RecordStep.UNHIDE:
            return show_texts(
                session, campaign_id=campaign.id, event_id=entry.id, shown_by=actor,
                reason=reason, now=now,
            )  # fmt: skip


def _told(
    toolkit: Toolkit, session: Session, campaign: Campaign, event: PledgeEvent, *, now: datetime
) -> Decision:
    is_public = event.kind is not EventKind.REJECTION
    entry = _entry(session, campaign, event.refers_to_id)
    candidacy = get_candidacy(session, event.candidacy_id)
    # Whoever wants no mail of the campaign, or reads a wrong mailbox, gets none about the record.
    can_be_told = (
        is_public
        and bool(candidacy.person.email)
        and not wants_no_mail(session, campaign.id, candidacy.id)
    )
    is_behind = _is_behind(session, event)
    if can_be_told:
        _tell(toolkit, session, campaign, candidacy, entry, event, is_behind=is_behind, now=now)
    return Decision(entry, is_candidate_told=can_be_told, is_behind=is_behind)


def _entry(session: Session, campaign: Campaign, event_id: int | None) -> HistoryEntry:
    entry = find_history_entry(session, campaign.id, event_id) if event_id else None
    assert entry is not None, "what an event is about is an entry of the same record"
    return entry


def _is_behind(session: Session, event: PledgeEvent) -> bool:
    current = list_current_entries(
        session, event.campaign_id, candidacy_ids=[event.candidacy_id]
    ).get((event.candidacy_id, event.ask_id))
    return current is not None and current.id > (event.refers_to_id or 0)


def _tell(
    toolkit: Toolkit,
    session: Session,
    campaign: Campaign,
    candidacy: Candidacy,
    entry: HistoryEntry,
    event: PledgeEvent,
    *,
    is_behind: bool,
    now: datetime,
) -> None:
    shown = entry.as_public()  # What is hidden is not sent about either.
    is_open = takes_answers(session, campaign, now=now)
    notify_candidate(
        toolkit,
        session,
        "recorded_for_you",
        campaign=campaign,
        candidacy=candidacy,
        now=now,
        entry=shown,
        said_on=day_for(session, shown.valid_from, campaign=campaign, candidacy=candidacy),
        step=event.kind.value,
        is_noted=event.entered_by != CANDIDATE,
        # What is published by a review may have a reason of its own.
        reason=event.reason or shown.reason,
        is_behind=is_behind,
        objection=event.statement,
        is_open=is_open,
        link=f"{answer_link(toolkit, session, campaign.id, candidacy.id)}record"
        if is_open
        else public_page(toolkit, campaign, candidacy),
    )
