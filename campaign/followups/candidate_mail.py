"""What the campaign itself writes to a candidate: with their own link while it opens."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy
from campaign.core.emails import RenderedEmail
from campaign.core.languages import Language
from campaign.core.toolkit import Toolkit
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import is_suppressed
from campaign.delivery.rules import Lane, campaign_scope, normalise_recipient
from campaign.delivery.service import queue_message
from campaign.elections.models import Election
from campaign.letters.service.mail import local_moment
from campaign.pledges.queries import get_language
from campaign.pledges.rules import STANCE_WORDS_IN
from campaign.pledges.service import answer_token


def answer_link(toolkit: Toolkit, session: Session, campaign_id: int, candidacy_id: int) -> str:
    """Return the address of a candidate's own page."""
    token = answer_token(
        session, toolkit.signer, campaign_id=campaign_id, candidacy_id=candidacy_id
    )
    return f"{toolkit.settings.base_url}/answer/{token}/"


def public_page(toolkit: Toolkit, campaign: Campaign, candidacy: Candidacy) -> str:
    """Return the address at which everybody reads a candidate's answers; it outlives their link."""
    return f"{toolkit.settings.base_url}/{campaign.slug}/candidates/{candidacy.person_id}/"


def is_reachable(session: Session, candidacy: Candidacy) -> bool:
    """Tell whether an address is on file to which mail has not come back."""
    email = candidacy.person.email
    return bool(email) and not is_suppressed(session, normalise_recipient(email or ""), Lane.LETTER)


def queue_to_candidate(
    toolkit: Toolkit,
    session: Session,
    text: RenderedEmail,
    *,
    campaign: Campaign,
    candidacy: Candidacy,
    lane: Lane,
    now: datetime,
    not_after: datetime | None = None,
) -> OutboxMessage | None:
    """Write a mail of a campaign to the address on file; None where there is none."""
    if not candidacy.person.email:
        return None
    return queue_message(
        session,
        mail=toolkit.settings.mail,
        lane=lane,
        scope=campaign_scope(campaign.id),
        recipient=candidacy.person.email,
        from_name=campaign.organisation,
        reply_to=campaign.contact_email,
        subject=text.subject,
        body=text.body,
        now=now,
        not_after=not_after,
        timezone=candidacy.ballot.election.timezone,
    )


def notify_candidate(
    toolkit: Toolkit,
    session: Session,
    name: str,
    *,
    campaign: Campaign,
    candidacy: Candidacy,
    now: datetime,
    **context: Any,
) -> None:
    """Tell a candidate something by the e-mail of this name, at the address on file if any."""
    text = render_for(toolkit, session, name, campaign=campaign, candidacy=candidacy, **context)
    queue_to_candidate(
        toolkit, session, text, campaign=campaign, candidacy=candidacy, lane=Lane.NOTICE, now=now
    )


def render_for(
    toolkit: Toolkit,
    session: Session,
    name: str,
    *,
    campaign: Campaign,
    candidacy: Candidacy,
    **context: Any,
) -> RenderedEmail:
    """Return the e-mail of this name for a candidate, in the language of their choice.

    Every mail that comes by here exists in every language.
    """
    language = get_language(session, campaign.id, candidacy.id)
    constituency = candidacy.ballot.constituency
    return toolkit.emails.render(
        name,
        language=language,
        campaign=campaign,
        person=candidacy.person,
        place=constituency.name_in(language),
        words=STANCE_WORDS_IN[language],
        **context,
    )


def moment_for(
    session: Session,
    moment: datetime,
    *,
    campaign: Campaign,
    candidacy: Candidacy,
    election: Election,
    is_day: bool = False,
) -> str:
    """Return a moment, or only its day, in the election's time and the candidate's language."""
    if get_language(session, campaign.id, candidacy.id) is Language.ENGLISH:
        words = local_moment(moment, election)
        return words.partition(" on ")[2] if is_day else words
    local = moment.astimezone(ZoneInfo(election.timezone))
    pattern = "d MMMM y" if is_day else "HH:mm, EEEE d MMMM y"
    return format_datetime(local, pattern, locale=Language.WELSH.value)


def day_for(session: Session, day: date | None, *, campaign: Campaign, candidacy: Candidacy) -> str:
    """Return a day in the candidate's language; empty where there is none."""
    language = get_language(session, campaign.id, candidacy.id)
    return format_date(day, "d MMMM y", locale=language.value) if day else ""
