"""What a supporter does from the page behind their link: confirm, and take back."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.delivery.rules import normalise_recipient
from campaign.delivery.service import lift_bounces
from campaign.elections.queries import get_election
from campaign.letters.errors import (
    ActionExpired,
    ActionNotFound,
    LetterNotFound,
    TransitionRefused,
)
from campaign.letters.models import Action, Letter
from campaign.letters.rules import LetterStatus
from campaign.letters.service.correspondence import Correspondence
from campaign.letters.service.dispatch import cancel_message_of, check_open, dispatch_letter
from campaign.letters.service.life import SUPPORTER, WORKER, move_letter, move_letters_where
from campaign.supporters.models import Supporter
from campaign.supporters.service import record_address_confirmation, subscribe_to_news


def confirm_action(
    session: Session, action_id: int, *, correspondence: Correspondence, now: datetime
) -> Action:
    """Confirm all letters of an action: each is queued or held. A second time is harmless.

    Raises ActionExpired past the term and LettersClosed after the close of poll.
    """
    session.flush()
    action = session.scalar(
        select(Action)
        .where(Action.id == action_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if action is None:
        raise ActionNotFound("These letters do not exist any more.")
    if action.confirmed_at is not None:
        return action
    # Whoever opened the link reads mail there, whatever came back before.
    lift_bounces(
        session,
        normalise_recipient(action.supporter.email),
        actor=SUPPORTER,
        reason="confirmed",
        now=now,
        wants_notices=action.wants_news,
    )
    session.expire(action, ["letters"])
    campaign = session.get_one(Campaign, action.campaign_id)
    check_open(campaign, get_election(session, campaign.election_id), now)
    if now >= action.expires_at:
        raise ActionExpired(
            "These letters were not confirmed in time, so none of them was sent. "
            "You can write again; your text is below."
        )
    pending = [each for each in action.letters if each.status is LetterStatus.UNCONFIRMED]
    if not pending:
        raise TransitionRefused("None of these letters waits for you any more.")
    action.confirmed_at = now
    record_address_confirmation(
        session, supporter_id=action.supporter_id, campaign_id=campaign.id, now=now
    )
    if action.wants_news:
        subscribe_to_news(
            session,
            supporter_id=action.supporter_id,
            campaign_id=campaign.id,
            wording=action.news_text,
            now=now,
        )
    for letter in pending:
        dispatch_letter(
            session,
            letter,
            action=action,
            campaign=campaign,
            correspondence=correspondence,
            actor=SUPPORTER,
            now=now,
        )
    return action


def withdraw_letter(session: Session, action: Action, letter_id: int, *, now: datetime) -> Letter:
    """Take back a letter of an action that has not been sent; a second time is harmless.

    Raises TransitionRefused when it is on its way or was sent.
    """
    letter = next((each for each in action.letters if each.id == letter_id), None)
    if letter is None:
        raise LetterNotFound("This letter is not among yours.")
    if letter.status is LetterStatus.WITHDRAWN:
        return letter
    # The message first, then the letter: the worker takes them in the same order.
    if not cancel_message_of(session, letter, now=now):
        raise TransitionRefused("This letter is on its way already and cannot be withdrawn.")
    move_letter(session, letter, LetterStatus.WITHDRAWN, actor=SUPPORTER, now=now)
    return letter


def withdraw_letters(session: Session, action: Action, *, now: datetime) -> list[Letter]:
    """Take back every letter of an action that can still be; return those that were."""
    withdrawn = []
    for letter in action.letters:
        if not can_withdraw(letter):
            continue
        try:
            withdrawn.append(withdraw_letter(session, action, letter.id, now=now))
        except TransitionRefused:
            continue  # It has just left; its own line on the page says so.
    return withdrawn


def can_withdraw(letter: Letter) -> bool:
    """Tell whether a letter has not left yet, as far as its status says."""
    return letter.status in (LetterStatus.UNCONFIRMED, LetterStatus.QUEUED, LetterStatus.HELD)


def expire_actions_of(session: Session, supporter: Supporter, *, now: datetime) -> None:
    """Let a supporter's lapsed letters expire now, so that they do not stand in a new one's way."""
    lapsed = select(Action.id).where(
        Action.supporter_id == supporter.id,
        Action.confirmed_at.is_(None),
        Action.expires_at <= now,
    )
    move_letters_where(
        session,
        [Letter.action_id.in_(lapsed)],
        LetterStatus.UNCONFIRMED,
        LetterStatus.EXPIRED,
        actor=WORKER,
        now=now,
    )
