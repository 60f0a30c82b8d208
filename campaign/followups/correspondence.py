"""Mail about letters needs links that candidates answer by: letters and pledges meet here."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.core.toolkit import Toolkit
from campaign.delivery.models import OutboxMessage
from campaign.letters.queries import action_token
from campaign.letters.service import Chores, Correspondence, record_delivery, run_chores
from campaign.pledges.service import answer_token


def correspondence(toolkit: Toolkit, session: Session) -> Correspondence:
    """Return what an installation writes mail about letters with; no request is needed."""
    base_url, signer = toolkit.settings.base_url, toolkit.signer

    def answer_link(campaign_id: int, candidacy_id: int) -> str:
        token = answer_token(session, signer, campaign_id=campaign_id, candidacy_id=candidacy_id)
        return f"{base_url}/answer/{token}/"

    return Correspondence(
        mail=toolkit.settings.mail,
        emails=toolkit.emails,
        make_action_link=lambda action: f"{base_url}/action/{action_token(signer, action)}/",
        make_answer_link=answer_link,
    )


def delivery_handler(toolkit: Toolkit) -> Callable[[Session, OutboxMessage, datetime], None]:
    """Return what the worker calls, in its own transaction, when a message is sent or failed."""

    def handle(session: Session, message: OutboxMessage, now: datetime) -> None:
        record_delivery(session, message, now, correspondence=correspondence(toolkit, session))

    return handle


def run_letter_chores(toolkit: Toolkit, session: Session, now: datetime) -> Chores:
    """Run one batch of the letters' chores in the caller's transaction."""
    return run_chores(session, correspondence=correspondence(toolkit, session), now=now)
