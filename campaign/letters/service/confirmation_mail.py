"""The mails by which a supporter proves that letters are theirs, written into the outbox."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.delivery.rules import Lane
from campaign.elections.models import Election
from campaign.letters.errors import TooManyMails
from campaign.letters.models import Action, Letter
from campaign.letters.queries import list_confirmation_times, was_mailed_lately
from campaign.letters.service.correspondence import Correspondence
from campaign.letters.service.mail import local_moment, queue_notice

RESEND_AFTER = timedelta(minutes=10)
"""The same confirmation mail does not go to the same address more often than this."""
MAILS_PER_HOUR = 5
"""Mails that people who have proved nothing can make us send to one address in any hour."""


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
