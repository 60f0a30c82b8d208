"""How a candidate is written to: letters and pledges each hold a part of it, and meet here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import MailForm
from campaign.core.toolkit import Toolkit
from campaign.followups.candidate_mail import answer_link, notify_candidate
from campaign.followups.requests import note_candidate_request
from campaign.letters.queries import find_mail_choice
from campaign.letters.service import choose_mail_form
from campaign.pledges.queries import list_mail_refusals
from campaign.pledges.rules import CANDIDATE, RequestKind
from campaign.pledges.service import AnswerDoor, settle_refusal


class MailWish(StrEnum):
    """What a candidate can choose between; the first two are as ``MailForm`` has them."""

    EVERY_LETTER = MailForm.EVERY_LETTER.value
    ONE_DIGEST = MailForm.ONE_DIGEST.value
    NOTHING_MORE = "nothing_more"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailState:
    """How a campaign's letters come to a candidate today."""

    wish: MailWish
    is_chosen: bool
    """Whether somebody chose it; otherwise it is what the campaign does for everybody."""
    chosen_by: str
    chosen_at: datetime | None


def get_mail_state(session: Session, campaign: Campaign, candidacy_id: int) -> MailState:
    """Return how a campaign's letters come to a candidate."""
    choice = find_mail_choice(session, campaign.id, candidacy_id)
    refusals = list_mail_refusals(session, campaign.id, candidacy_ids=[candidacy_id])
    form = choice.form if choice else campaign.mail_form
    wish = MailWish(form.value)
    if refusals.get(candidacy_id) is RequestKind.NOTHING_MORE:
        return MailState(
            wish=MailWish.NOTHING_MORE, is_chosen=True, chosen_by=CANDIDATE, chosen_at=None
        )
    return MailState(
        wish=wish,
        is_chosen=choice is not None,
        chosen_by=choice.chosen_by if choice else "",
        chosen_at=choice.chosen_at if choice else None,
    )


def choose_mail(
    toolkit: Toolkit,
    session: Session,
    door: AnswerDoor,
    wish: MailWish,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Let a campaign's letters come to a candidate in this way, and send a receipt.

    The same choice by the same person again changes nothing and mails nothing.
    """
    campaign, candidacy = door.campaign, door.candidacy
    before = get_mail_state(session, campaign, candidacy.id)
    is_same = before.is_chosen and before.chosen_by == actor
    if before.wish is wish and (is_same or wish is MailWish.NOTHING_MORE):
        return
    if wish is MailWish.NOTHING_MORE:
        note_candidate_request(
            toolkit, session, door, kind=RequestKind.NOTHING_MORE, now=now, actor=actor
        )
    else:
        settle_refusal(session, campaign_id=campaign.id, candidacy_id=candidacy.id, now=now)
        choose_mail_form(
            session,
            campaign=campaign,
            candidacy_id=candidacy.id,
            form=MailForm(wish.value),
            actor=actor,
            now=now,
        )
    _send_receipt(toolkit, session, door, wish, actor=actor, now=now)


def _send_receipt(
    toolkit: Toolkit,
    session: Session,
    door: AnswerDoor,
    wish: MailWish,
    *,
    actor: str,
    now: datetime,
) -> None:
    campaign, candidacy = door.campaign, door.candidacy
    zone = now.astimezone(ZoneInfo(candidacy.ballot.election.timezone)).tzname()
    notify_candidate(
        toolkit,
        session,
        "mail_choice",
        campaign=campaign,
        candidacy=candidacy,
        now=now,
        wish=wish.value,
        is_own=actor == CANDIDATE,
        hour=f"{campaign.digest_hour:02d}:00 {zone}",
        link=f"{answer_link(toolkit, session, campaign.id, candidacy.id)}mail",
    )
