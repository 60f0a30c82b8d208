"""The link by which somebody declines further notices, named in the notice's header."""

from datetime import datetime

from sqlalchemy.orm import Session

from campaign.core.tokens import Signer, TokenInvalid
from campaign.core.toolkit import Toolkit
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import find_message_by_message_id
from campaign.delivery.returns import SuppressionReason
from campaign.delivery.service import suppress

_UNSUBSCRIBE = "unsubscribe"


def unsubscribe_link(toolkit: Toolkit, message_id: str) -> str:
    """Return where the reader of a notice can decline further ones; it holds no address."""
    token = toolkit.signer.sign(_UNSUBSCRIBE, message_id.strip("<>"))
    return f"{toolkit.settings.base_url}/unsubscribe/{token}/"


def open_unsubscribe_link(session: Session, signer: Signer, token: str) -> OutboxMessage:
    """Return the notice that a link came in; raises TokenInvalid, also when it is erased."""
    message_id = signer.read(_UNSUBSCRIBE, token)
    message = find_message_by_message_id(session, str(message_id))
    if message is None:
        raise TokenInvalid("This link leads to no mail of ours.")
    return message


def unsubscribe(session: Session, signer: Signer, token: str, *, now: datetime) -> None:
    """Send no more notices to the recipient of a notice; a second time is harmless."""
    message = open_unsubscribe_link(session, signer, token)
    suppress(
        session,
        message.recipient_key,
        reason=SuppressionReason.UNSUBSCRIBED,
        source="recipient",
        now=now,
    )
