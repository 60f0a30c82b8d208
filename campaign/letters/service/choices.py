"""How letters are to come to a candidate: chosen by the candidate, or by an organiser for them."""

from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import MailForm
from campaign.letters.models import MailChoice
from campaign.letters.queries import find_mail_choice
from campaign.letters.service.placing import collect_letters


def choose_mail_form(
    session: Session,
    *,
    campaign: Campaign,
    candidacy_id: int,
    form: MailForm,
    actor: str,
    now: datetime,
) -> MailChoice:
    """Note how a campaign's letters are to come to a candidate, and let the outbox follow.

    For a digest, letters that no worker has in hand are taken back into the next one. What waits
    for a digest goes with it, also when every letter is to come again.
    """
    choice = find_mail_choice(session, campaign.id, candidacy_id)
    if choice is None:
        choice = MailChoice(campaign_id=campaign.id, candidacy_id=candidacy_id)
        session.add(choice)
    choice.form, choice.chosen_by, choice.chosen_at = form, actor, now
    session.flush()
    if form is MailForm.ONE_DIGEST:
        collect_letters(session, campaign=campaign, candidacy_id=candidacy_id, keep=0, now=now)
    return choice
