"""The mail that carries one letter to its candidate."""

from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.core.emails import EmailRenderer, RenderedEmail
from campaign.core.languages import Language
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane, campaign_scope
from campaign.delivery.service import queue_message
from campaign.letters.models import Action, Letter
from campaign.letters.service.correspondence import Correspondence


def queue_letter(
    session: Session,
    letter: Letter,
    *,
    action: Action,
    campaign: Campaign,
    recipient: str,
    correspondence: Correspondence,
    now: datetime,
) -> OutboxMessage:
    """Write the mail that carries a letter to its candidate."""
    election = letter.candidacy.ballot.election
    page = correspondence.find_answer_page(campaign.id, letter.candidacy_id)
    text = render_letter(
        correspondence.emails,
        subject=letter.subject,
        body=letter.body,
        supporter_name=action.supporter_name,
        campaign=campaign,
        answer_link=page.link,
        language=page.language,
    )
    return queue_message(
        session,
        mail=correspondence.mail,
        lane=Lane.LETTER,
        scope=campaign_scope(campaign.id),
        recipient=recipient,
        from_name=f"{action.supporter_name} via {campaign.name}",
        reply_to=action.supporter.email,
        subject=text.subject,
        body=text.body,
        now=now,
        not_after=election.poll_closes_at,
        timezone=election.timezone,
    )


def render_letter(
    emails: EmailRenderer,
    *,
    subject: str,
    body: str,
    supporter_name: str,
    campaign: Campaign,
    answer_link: str,
    language: Language = Language.ENGLISH,
) -> RenderedEmail:
    """Return exactly what a candidate gets: the letter first, then a footer in their language."""
    return emails.render(
        "letter",
        language=language,
        subject=subject,
        letter=body,
        supporter_name=supporter_name,
        campaign=campaign,
        answer_link=answer_link,
    )
