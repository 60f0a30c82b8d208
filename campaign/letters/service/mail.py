"""The mails that letters cause to their writers, written into the outbox."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.core.emails import RenderedEmail
from campaign.delivery.rules import Lane
from campaign.delivery.service import queue_message
from campaign.elections.models import Election
from campaign.letters.errors import TooManyMails
from campaign.letters.models import Action, Letter
from campaign.letters.queries import list_confirmation_times, was_mailed_lately
from campaign.letters.service.correspondence import Correspondence

RESEND_AFTER = timedelta(minutes=10)
"""The same confirmation mail does not go to the same address more often than this."""
MAILS_PER_HOUR = 5
"""Mails that people who have proved nothing can make us send to one address in any hour."""


_AUTOMATIC = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",  # Exchange does not heed the header of RFC 3834.
}


def queue_confirmation(
    session: Session,
    action: Action,
    *,
    campaign: Campaign,
    election: Election,
    constituency: str,
    names: Sequence[str],
    correspondence: Correspondence,
    now: datetime,
    already: Sequence[Letter] = (),
    is_first: bool = False,
    is_repeat: bool = False,
) -> None:
    """Ask a supporter to confirm their letters to the candidates of these names.

    A repeat is dropped where one was sent lately. To somebody who is new, nothing was sent.
    """
    text = correspondence.emails.render(
        "confirm_action",
        campaign=campaign,
        action=action,
        constituency=constituency,
        names=names,
        already=_written_before(already, election),
        deadline=local_moment(action.expires_at, election),
        link=correspondence.make_action_link(action),
    )
    recipient = action.supporter.email
    if is_repeat and was_mailed_lately(
        session, recipient=recipient, subject=text.subject, since=now - RESEND_AFTER
    ):
        return
    if not is_first:
        _check_mailbox_has_peace(session, recipient, now=now)
    queue_notice(
        session,
        text,
        lane=Lane.CONFIRMATION,
        recipient=recipient,
        campaign=campaign,
        correspondence=correspondence,
        now=now,
    )


def queue_reminder(
    session: Session,
    action: Action,
    *,
    campaign: Campaign,
    election: Election,
    letters: Sequence[Letter],
    correspondence: Correspondence,
    now: datetime,
) -> None:
    """Remind a supporter, once, of an action that they have not confirmed."""
    text = correspondence.emails.render(
        "reminder",
        campaign=campaign,
        action=action,
        constituency=action.constituency.name,
        names=[letter.candidacy.person.name for letter in letters],
        deadline=local_moment(action.expires_at, election),
        link=correspondence.make_action_link(action),
    )
    queue_notice(
        session,
        text,
        recipient=action.supporter.email,
        campaign=campaign,
        correspondence=correspondence,
        now=now,
    )


def queue_already_written(
    session: Session,
    letters: Sequence[Letter],
    *,
    campaign: Campaign,
    election: Election,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    """Tell a supporter, by mail only, that they wrote the same letters before."""
    action = letters[-1].action
    text = correspondence.emails.render(
        "already_written",
        campaign=campaign,
        action=action,
        constituency=action.constituency.name,
        already=_written_before(letters, election),
        link=correspondence.make_action_link(action),
    )
    recipient = action.supporter.email
    if not was_mailed_lately(
        session, recipient=recipient, subject=text.subject, since=now - RESEND_AFTER
    ):
        _check_mailbox_has_peace(session, recipient, now=now)
        # In the lane of confirmations: the person waits for it at their screen all the same.
        queue_notice(
            session,
            text,
            lane=Lane.CONFIRMATION,
            recipient=recipient,
            campaign=campaign,
            correspondence=correspondence,
            now=now,
        )


def queue_failure(
    session: Session,
    letter: Letter,
    *,
    campaign: Campaign,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    """Tell a supporter that a letter could not be delivered, and give the text back."""
    _queue_text_back(
        session, letter, "letter_failed", campaign=campaign, correspondence=correspondence, now=now
    )


def queue_returned(
    session: Session,
    letter: Letter,
    *,
    campaign: Campaign,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    """Tell a supporter that a letter came back, and give the text back."""
    _queue_text_back(
        session,
        letter,
        "letter_returned",
        campaign=campaign,
        correspondence=correspondence,
        now=now,
    )


def _queue_text_back(
    session: Session,
    letter: Letter,
    email: str,
    *,
    campaign: Campaign,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    action = letter.action
    text = correspondence.emails.render(
        email,
        campaign=campaign,
        action=action,
        name=letter.candidacy.person.name,
        letter=letter,
        link=correspondence.make_action_link(action),
    )
    queue_notice(
        session,
        text,
        recipient=action.supporter.email,
        campaign=campaign,
        correspondence=correspondence,
        now=now,
        is_declinable=True,
    )


def queue_question(
    session: Session,
    letters: Sequence[Letter],
    *,
    campaign: Campaign,
    election: Election,
    expires_at: datetime,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    """Ask a supporter what becomes of letters of one action whose candidates have answered."""
    action = letters[0].action
    text = correspondence.emails.render(
        "candidate_answered",
        campaign=campaign,
        action=action,
        names=[letter.candidacy.person.name for letter in letters],
        deadline=local_moment(expires_at, election),
        link=correspondence.make_action_link(action),
    )
    queue_notice(
        session,
        text,
        recipient=action.supporter.email,
        campaign=campaign,
        correspondence=correspondence,
        now=now,
    )


def queue_passed_on(
    session: Session,
    letter: Letter,
    *,
    reply: str,
    replier: str,
    is_automatic: bool,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    """Pass on to a supporter what came to a letter's return path instead of to them.

    ``replier`` is the address in the reply's From, which anybody can write there.
    """
    campaign = session.get_one(Campaign, letter.campaign_id)
    text = correspondence.emails.render(
        "reply_passed_on",
        campaign=campaign,
        action=letter.action,
        name=letter.candidacy.person.name,
        reply=reply,
        replier=replier,
        is_automatic=is_automatic,
        link=correspondence.make_action_link(letter.action),
    )
    queue_notice(
        session,
        text,
        recipient=letter.action.supporter.email,
        campaign=campaign,
        correspondence=correspondence,
        now=now,
        is_declinable=True,
        # An answer to an automatic reply would meet a program.
        reply_to=campaign.contact_email if is_automatic else replier,
    )


def local_moment(moment: datetime, election: Election) -> str:
    """Return a moment in the election's own time: 22:00 on Thursday 4 July 2024."""
    local = moment.astimezone(ZoneInfo(election.timezone))
    return f"{local:%H:%M} on {local:%A} {local.day} {local:%B %Y}"


def _written_before(letters: Sequence[Letter], election: Election) -> list[tuple[str, str]]:
    return [
        (
            letter.candidacy.person.name,
            local_moment(letter.action.created_at, election).partition(" on ")[2],
        )
        for letter in letters
    ]


def _check_mailbox_has_peace(session: Session, recipient: str, *, now: datetime) -> None:
    """Raise TooManyMails where ever new texts have had enough mails sent to one address.

    The caller holds the lock of the supporter, so two requests do not both find the last place.
    """
    hour = timedelta(hours=1)
    times = list_confirmation_times(session, recipient=recipient, since=now - hour)
    if len(times) >= MAILS_PER_HOUR:
        wait = times[-MAILS_PER_HOUR] + hour - now
        raise TooManyMails(limit=MAILS_PER_HOUR, wait=wait)


def queue_notice(
    session: Session,
    text: RenderedEmail,
    *,
    recipient: str,
    campaign: Campaign,
    correspondence: Correspondence,
    now: datetime,
    lane: Lane = Lane.NOTICE,
    is_declinable: bool = False,
    reply_to: str = "",
) -> None:
    """Write a mail of a campaign to one of its supporters into the outbox."""
    # What a supporter asked for, or has to act upon, cannot be declined; news of letters can.
    unsubscribe = correspondence.make_unsubscribe_link if is_declinable else None
    # No scope: a campaign's kill switch stops its letters, not what we owe to supporters.
    queue_message(
        session,
        mail=correspondence.mail,
        lane=lane,
        scope="",
        recipient=recipient,
        from_name=campaign.name,
        reply_to=reply_to or campaign.contact_email,
        subject=text.subject,
        body=text.body,
        now=now,
        headers=_AUTOMATIC,
        make_unsubscribe_link=unsubscribe,
    )
