"""What follows when a candidate uses their link: first answers enter the record, changes wait."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks
from campaign.core.toolkit import Toolkit
from campaign.followups.changes import ask_about_changes
from campaign.followups.overtaken import hold_letters_to
from campaign.followups.receipts import send_receipt
from campaign.pledges.queries import CurrentAnswer, list_current_answers
from campaign.pledges.rules import CANDIDATE, ChangeOutcome, Channel
from campaign.pledges.service import (
    AnswerDoor,
    GivenAnswer,
    lock_open_changes,
    record_pledge,
    request_change,
    settle_change,
)


def publish_answers(
    toolkit: Toolkit,
    session: Session,
    door: AnswerDoor,
    answers: Sequence[GivenAnswer],
    *,
    now: datetime,
) -> None:
    """Record a candidate's first answers with a receipt, and let changes of earlier ones wait.

    A link can be forwarded, so only what is new takes effect by it alone. Raises what
    ``record_pledge`` raises; nothing is mailed where nothing changed.
    """
    before = _current(session, door)
    wordings = {ask.id: ask.current.number for ask in list_asks(session, door.campaign.id)}
    has_asked = False
    for answer in answers:
        current = before.get((door.candidacy.id, answer.ask_id))
        if current is not None and _is_same(current, answer, wordings.get(answer.ask_id)):
            continue  # The same form, sent from two tabs at once.
        if current is not None:
            change = request_change(
                session,
                campaign_id=door.campaign.id,
                candidacy_id=door.candidacy.id,
                ask_id=answer.ask_id,
                stance=answer.stance,
                statement=answer.statement,
                now=now,
            )
            has_asked = has_asked or change is not None
        else:
            record_pledge(
                session,
                campaign_id=door.campaign.id,
                candidacy_id=door.candidacy.id,
                ask_id=answer.ask_id,
                stance=answer.stance,
                statement=answer.statement,
                channel=Channel.LINK,
                entered_by=CANDIDATE,
                now=now,
            )
    if _current(session, door) != before:
        hold_letters_to(
            session, campaign_id=door.campaign.id, candidacy_id=door.candidacy.id, now=now
        )
        send_receipt(toolkit, session, door.campaign, door.candidacy, now=now)
    if has_asked:
        ask_about_changes(toolkit, session, door.campaign, door.candidacy, now=now)


def withdraw_answer(
    toolkit: Toolkit, session: Session, door: AnswerDoor, *, ask_id: int, now: datetime
) -> None:
    """Let the withdrawal of a candidate's answer wait for its confirmation; again does nothing."""
    if (door.candidacy.id, ask_id) not in _current(session, door):
        return
    change = request_change(
        session,
        campaign_id=door.campaign.id,
        candidacy_id=door.candidacy.id,
        ask_id=ask_id,
        stance=None,
        now=now,
    )
    if change is not None:
        ask_about_changes(toolkit, session, door.campaign, door.candidacy, now=now)


def keep_answer(session: Session, door: AnswerDoor, *, ask_id: int, now: datetime) -> None:
    """Drop the change of an answer that waits: nothing public changes, so no mail is needed."""
    for change in lock_open_changes(
        session, campaign_id=door.campaign.id, candidacy_id=door.candidacy.id
    ):
        if change.ask_id == ask_id:
            settle_change(session, change, ChangeOutcome.DROPPED, now=now)


def _is_same(current: CurrentAnswer, answer: GivenAnswer, wording: int | None) -> bool:
    return (current.channel, current.stance, current.statement, current.ask_version) == (
        Channel.LINK,
        answer.stance,
        answer.statement,
        wording,
    )


def _current(session: Session, door: AnswerDoor) -> dict[tuple[int, int], CurrentAnswer]:
    # Locked before it is read: two forms sent at once are a first answer and a change of it.
    session.get(
        Campaign, door.campaign.id, with_for_update={"key_share": True}, populate_existing=True
    )
    return list_current_answers(session, door.campaign.id, candidacy_ids=[door.candidacy.id])
