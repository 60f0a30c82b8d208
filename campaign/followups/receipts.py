"""What follows when a candidate uses their link: the record grows and a receipt is mailed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.queries import list_asks
from campaign.core.config import MailSettings
from campaign.core.emails import EmailRenderer
from campaign.delivery.rules import Lane, campaign_scope
from campaign.delivery.service import queue_message
from campaign.pledges.queries import list_current_answers
from campaign.pledges.rules import CANDIDATE, STANCE_WORDS, Channel
from campaign.pledges.service import AnswerDoor, GivenAnswer, record_pledge, withdraw_pledge


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptMeans:
    """What a receipt is made and sent with."""

    link: str
    """The candidate's own link, in full, by which they can change or withdraw."""
    mail: MailSettings
    emails: EmailRenderer
    now: datetime


def publish_answers(
    session: Session,
    door: AnswerDoor,
    answers: Sequence[GivenAnswer],
    *,
    means: ReceiptMeans,
) -> None:
    """Record a candidate's own answers and send a receipt to the address on file.

    Raises what ``record_pledge`` raises; nothing is mailed where nothing changed.
    """
    before = list_current_answers(session, door.campaign.id, candidacy_ids=[door.candidacy.id])
    for answer in answers:
        record_pledge(
            session,
            campaign_id=door.campaign.id,
            candidacy_id=door.candidacy.id,
            ask_id=answer.ask_id,
            stance=answer.stance,
            statement=answer.statement,
            channel=Channel.LINK,
            entered_by=CANDIDATE,
            now=means.now,
        )
    after = list_current_answers(session, door.campaign.id, candidacy_ids=[door.candidacy.id])
    if after != before:
        _send_receipt(session, door, means)


def withdraw_answer(
    session: Session, door: AnswerDoor, *, ask_id: int, means: ReceiptMeans
) -> None:
    """Take a candidate's answer back and send a receipt; a second time does nothing."""
    withdrawn = withdraw_pledge(
        session,
        campaign_id=door.campaign.id,
        candidacy_id=door.candidacy.id,
        ask_id=ask_id,
        entered_by=CANDIDATE,
        now=means.now,
    )
    if withdrawn is not None:
        _send_receipt(session, door, means)


def _send_receipt(session: Session, door: AnswerDoor, means: ReceiptMeans) -> None:
    person, campaign = door.candidacy.person, door.campaign
    if not person.email:
        return
    answers = list_current_answers(session, campaign.id, candidacy_ids=[door.candidacy.id])
    rendered = means.emails.render(
        "answer_receipt",
        campaign=campaign,
        person=person,
        answers=[
            (ask.current, answers.get((door.candidacy.id, ask.id)))
            for ask in list_asks(session, campaign.id)
        ],
        words=STANCE_WORDS,
        link=means.link,
    )
    queue_message(
        session,
        mail=means.mail,
        lane=Lane.NOTICE,
        scope=campaign_scope(campaign.id),
        recipient=person.email,
        from_name=campaign.organisation,
        reply_to=campaign.contact_email,
        subject=rendered.subject,
        body=rendered.body,
        now=means.now,
    )
