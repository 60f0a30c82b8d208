"""The mails that tell writers what became of their letters, written into the outbox."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.delivery.queries import is_suppressed
from campaign.delivery.rules import Lane, normalise_recipient
from campaign.elections.models import Election
from campaign.letters.models import Letter
from campaign.letters.service.correspondence import Correspondence, Seen
from campaign.letters.service.mail import local_moment, queue_notice


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
    headlines: Mapping[Seen, str],
    campaign: Campaign,
    election: Election,
    expires_at: datetime,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    """Ask a supporter, in one mail, what becomes of letters whose candidates have answered.

    ``headlines`` say what each candidate has done since a letter was written.
    """
    actions = {letter.action_id: letter.action for letter in letters}
    # Of several letters to one candidate the oldest, whose writer had seen least.
    oldest: dict[int, Letter] = {}
    for letter in letters:
        oldest.setdefault(letter.candidacy_id, letter)
    recipient = letters[0].action.supporter.email
    text = correspondence.emails.render(
        "candidate_answered",
        campaign=campaign,
        action=letters[-1].action,
        count=len(letters),
        candidates=[
            (letter, headlines[candidacy_id, letter.created_at])
            for candidacy_id, letter in oldest.items()
        ],
        deadline=local_moment(expires_at, election),
        links=[correspondence.make_action_link(action) for action in actions.values()],
    )
    queue_notice(
        session,
        text,
        # It asks for a decision, so it is not among what somebody declines with mere news.
        lane=Lane.CONFIRMATION if _has_declined_news(session, recipient) else Lane.NOTICE,
        recipient=recipient,
        campaign=campaign,
        correspondence=correspondence,
        now=now,
    )


def _has_declined_news(session: Session, recipient: str) -> bool:
    key = normalise_recipient(recipient)
    return is_suppressed(session, key, Lane.NOTICE) and not is_suppressed(session, key, Lane.LETTER)
