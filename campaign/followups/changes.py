"""What follows from a change of an earlier answer: a mail, its two buttons, and time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.candidates.models import Candidacy
from campaign.core.toolkit import Toolkit
from campaign.delivery.rules import Lane
from campaign.elections.queries import get_election
from campaign.followups.candidate_mail import (
    answer_link,
    is_reachable,
    moment_for,
    notify_candidate,
    public_page,
    queue_to_candidate,
    render_for,
)
from campaign.followups.overtaken import hold_letters_to
from campaign.followups.receipts import send_receipt
from campaign.pledges.models import PendingChange
from campaign.pledges.queries import CurrentAnswer, has_open_request, list_current_answers
from campaign.pledges.rules import (
    PROTEST_TIME,
    TAKES_EFFECT,
    ChangeOutcome,
    RequestKind,
    Stance,
)
from campaign.pledges.service import (
    ChangeDoor,
    change_token,
    dispute_token,
    drop_open_changes,
    get_open_change,
    lock_open_changes,
    note_request,
    open_change_link,
    open_dispute_link,
    replace_answer_link,
    settle_change,
    takes_answers,
    takes_answers_of,
)


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change as the candidate reads it in a mail or on a page."""

    title: str
    earlier: CurrentAnswer | None
    stance: Stance | None
    """None for a withdrawal."""
    statement: str


def ask_about_changes(
    toolkit: Toolkit, session: Session, campaign: Campaign, candidacy: Candidacy, *, now: datetime
) -> None:
    """Ask the address on file about everything that waits, in one mail.

    Where no mail can reach the candidate, an organiser is asked instead, and time changes nothing.
    """
    changes = list(lock_open_changes(session, campaign_id=campaign.id, candidacy_id=candidacy.id))
    if not is_reachable(session, candidacy):
        hand_to_organisers(session, changes, now=now)
        return
    newest = changes[-1]
    election = get_election(session, campaign.election_id)
    base = f"{toolkit.settings.base_url}/answer"
    due_at = now + PROTEST_TIME
    when = partial(moment_for, session, election=election, campaign=campaign, candidacy=candidacy)
    text = render_for(
        toolkit,
        session,
        "change_pending",
        campaign=campaign,
        candidacy=candidacy,
        changes=show_changes(session, campaign, candidacy, changes),
        due=when(due_at) if due_at < election.poll_closes_at else "",
        closes=when(election.poll_closes_at),
        link=f"{base}/change/{change_token(toolkit.signer, newest)}/",
        objection=f"{base}/not-me/{dispute_token(toolkit.signer, newest)}/",
    )
    message = queue_to_candidate(
        toolkit,
        session,
        text,
        campaign=campaign,
        candidacy=candidacy,
        # Somebody waits for it at their screen, and has perhaps declined mere notices.
        lane=Lane.CONFIRMATION,
        now=now,
        not_after=election.poll_closes_at,
    )
    assert message is not None
    for change in changes:
        # Those that waited before are in this mail too, and get the time that it says.
        change.due_at, change.outbox_message_id = due_at, message.id


def show_changes(
    session: Session, campaign: Campaign, candidacy: Candidacy, changes: Sequence[PendingChange]
) -> list[ShownChange]:
    """Return changes beside the answers that they would change."""
    current = list_current_answers(session, campaign.id, candidacy_ids=[candidacy.id])
    return [
        ShownChange(
            title=session.get_one(Ask, change.ask_id).current.title,
            earlier=current.get((candidacy.id, change.ask_id)),
            stance=change.stance,
            statement=change.statement,
        )
        for change in changes
    ]


def confirm_changes(
    toolkit: Toolkit, session: Session, token: str, *, now: datetime
) -> tuple[ChangeDoor, list[ChangeOutcome]]:
    """Let the changes of a mail take effect; return how each ended, and none the second time.

    Raises TokenInvalid or AnswersClosed.
    """
    door = open_change_link(session, toolkit.signer, token, now=now)
    if not door.changes:
        return door, []
    # Looked at again under the lock: the other button may be pressed in the same moment.
    locked = lock_open_changes(
        session,
        campaign_id=door.campaign.id,
        candidacy_id=door.candidacy.id,
        through_id=door.changes[-1].id,
    )
    door = replace(door, changes=list(locked))
    return door, settle(toolkit, session, door, ChangeOutcome.CONFIRMED, now=now)


def dispute_changes(toolkit: Toolkit, session: Session, token: str, *, now: datetime) -> ChangeDoor:
    """Drop everything that waits, end every link made so far, and ask an organiser to look.

    Returns what was dropped. Raises TokenInvalid or AnswersClosed. A second time changes nothing
    while the task is open.
    """
    door = open_dispute_link(session, toolkit.signer, token, now=now)
    campaign_id, candidacy_id = door.campaign.id, door.candidacy.id
    is_new = not has_open_request(session, campaign_id, candidacy_id, RequestKind.CHANGE_DISPUTED)
    dropped = drop_open_changes(
        session,
        campaign_id=campaign_id,
        candidacy_id=candidacy_id,
        outcome=ChangeOutcome.DISPUTED,
        now=now,
    )
    note_request(
        session,
        campaign_id=campaign_id,
        candidacy_id=candidacy_id,
        kind=RequestKind.CHANGE_DISPUTED,
        now=now,
    )
    if dropped or is_new:
        # Replaced and not switched off: letters go on, with a link that only the address gets.
        replace_answer_link(session, campaign_id=campaign_id, candidacy_id=candidacy_id)
    return replace(door, changes=dropped)


def decide_change(
    toolkit: Toolkit,
    session: Session,
    change_id: int,
    *,
    campaign: Campaign,
    candidacy: Candidacy,
    is_right: bool,
    now: datetime,
) -> ChangeOutcome:
    """Settle a change for a candidate whom an organiser has asked; return how it ended.

    Raises ChangeNotFound.
    """
    change = get_open_change(session, change_id, campaign_id=campaign.id, candidacy_id=candidacy.id)
    door = ChangeDoor(campaign, candidacy, [change])
    outcome = ChangeOutcome.ALLOWED if is_right else ChangeOutcome.DROPPED
    return settle(toolkit, session, door, outcome, now=now)[0]


def hand_to_organisers(
    session: Session, changes: Sequence[PendingChange], *, now: datetime
) -> None:
    """Let organisers ask the candidate: no mail can, and time alone changes nothing."""
    for change in changes:
        change.due_at = None
        note_request(
            session,
            campaign_id=change.campaign_id,
            candidacy_id=change.candidacy_id,
            kind=RequestKind.CHANGE_TO_CHECK,
            now=now,
        )
        session.flush()  # The next one finds this request.


def settle(
    toolkit: Toolkit, session: Session, door: ChangeDoor, outcome: ChangeOutcome, *, now: datetime
) -> list[ChangeOutcome]:
    """Settle changes and tell the candidate what has become of them."""
    shown = show_changes(session, door.campaign, door.candidacy, door.changes)
    outcomes = [settle_change(session, each, outcome, now=now) for each in door.changes]
    if any(each in TAKES_EFFECT for each in outcomes):
        hold_letters_to(
            session, campaign_id=door.campaign.id, candidacy_id=door.candidacy.id, now=now
        )
        send_receipt(toolkit, session, door.campaign, door.candidacy, now=now)
    lapsed = [
        each for each, became in zip(shown, outcomes, strict=True) if became is ChangeOutcome.LAPSED
    ]
    if lapsed:
        _tell_of_lapse(toolkit, session, door, lapsed, now=now)
    return outcomes


def _tell_of_lapse(
    toolkit: Toolkit,
    session: Session,
    door: ChangeDoor,
    lapsed: Sequence[ShownChange],
    *,
    now: datetime,
) -> None:
    cause = _cause_of_lapse(session, door, now=now)
    notify_candidate(
        toolkit,
        session,
        "change_lapsed",
        campaign=door.campaign,
        candidacy=door.candidacy,
        now=now,
        changes=lapsed,
        cause=cause,
        link=answer_link(toolkit, session, door.campaign.id, door.candidacy.id)
        if cause == "wording"
        else public_page(toolkit, door.campaign, door.candidacy),
    )


def _cause_of_lapse(session: Session, door: ChangeDoor, *, now: datetime) -> str:
    if not takes_answers(session, door.campaign, now=now):
        return "closed"
    is_standing = takes_answers_of(session, door.campaign, door.candidacy, now=now)
    return "wording" if is_standing else "not_standing"
