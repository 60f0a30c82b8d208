"""What every channel is, and what it is given to send."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row

from campaign.delivery.models import OutboxMessage


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One message as it leaves: a copy, so that no session is open while the network works."""

    recipient: str
    from_name: str
    from_address: str
    return_path: str
    message_id: str
    subject: str
    body: str
    date: datetime
    """Time of this try."""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Channel(Protocol):
    """A way for messages to leave; used by one worker, in one thread."""

    def open(self) -> None:
        """Make ready to send, or raise DeliveryFailed; does nothing when it is."""

    def send(self, message: Outgoing) -> None:
        """Hand one message over; returning means that the other side has taken it for good.

        Raises DeliveryFailed, or InvalidInput for a message that can never be sent.
        """

    def close(self) -> None:
        """Let go of connections; never raises, and the channel can be opened again."""


def copy_for_sending(message: OutboxMessage | Row[Any], *, date: datetime) -> Outgoing:
    """Return what a channel needs of a row of the outbox."""
    return Outgoing(
        recipient=message.recipient,
        from_name=message.from_name,
        from_address=message.from_address,
        return_path=message.return_path,
        message_id=message.message_id,
        subject=message.subject,
        body=message.body,
        reply_to=message.reply_to,
        headers=json.loads(message.headers),
        date=date,
    )
