"""A probe: one message to ourselves, or one that must bounce, to see that the way back works.

It stands in no queue and belongs to no letter. Whoever takes in what comes back marks it.
"""

import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from campaign.core.config import MailSettings
from campaign.core.toolkit import Toolkit
from campaign.delivery.channels.base import Channel, Outgoing
from campaign.delivery.errors import NoProbeAddress
from campaign.delivery.models import DeliveryProbe
from campaign.delivery.returns import (
    RETURN_TOKEN_BYTES,
    Provider,
    choose_probe_recipient,
    echo_headers,
    return_address,
)

_BODY = """This message tries the way by which bounces come back to an installation of Campaign.

It was sent by the command: campaign doctor --probe
Nobody needs to answer it.
"""


def send_probe(toolkit: Toolkit, channel: Channel, *, to: str = "", now: datetime) -> int:
    """Send a probe at once, past the outbox; return its number.

    Raises NoProbeAddress where nobody can tell whom to send it to, DeliveryFailed where the mail
    server refuses it, InvalidInput for an address that cannot be one.
    """
    mail = toolkit.settings.mail
    return_token, token = secrets.token_hex(RETURN_TOKEN_BYTES), secrets.token_hex(12)
    return_path = return_address(mail.return_path_form, return_token, mail.envelope_domain)
    recipient = to or choose_probe_recipient(mail.provider, return_path)
    if recipient is None:
        raise NoProbeAddress(
            "This service has no address that always bounces; name one with --to, such as "
            "an address that does not exist at a domain of yours."
        )
    message_id = f"<{token}@{mail.sender_domain}>"
    with toolkit.database.transaction() as session:
        # Before it is sent: what comes back may be quicker than we are.
        probe = DeliveryProbe(
            recipient=recipient, return_token=return_token, message_id=message_id, sent_at=now
        )
        session.add(probe)
        session.flush()
        number = probe.id
    try:
        channel.send(_compose(mail, recipient, return_path, message_id=message_id, now=now))
    except Exception:
        with toolkit.database.transaction() as session:
            session.delete(session.get_one(DeliveryProbe, number))
        raise
    finally:
        channel.close()
    return number


def find_return(toolkit: Toolkit, number: int) -> tuple[datetime, Provider] | None:
    """Return when a probe came back and who brought it."""
    with toolkit.database.reader() as session:
        probe = session.get_one(DeliveryProbe, number)
        if probe.returned_at is None or probe.returned_by is None:
            return None
        return probe.returned_at, probe.returned_by


def take_probe(session: Session, *, token: str, now: datetime) -> bool:
    """Mark a probe whose return path was written to; tell whether the token is a probe's."""
    is_this = DeliveryProbe.return_token == token
    return _mark(session, is_this=is_this, by=Provider.MAIL, now=now)


def take_reported_probe(
    session: Session, *, message_id: str, provider: Provider, now: datetime
) -> bool:
    """Mark a probe that a mail service reports; tell whether the message is one."""
    is_this = DeliveryProbe.message_id == f"<{message_id.strip().strip('<>')}>"
    return _mark(session, is_this=is_this, by=provider, now=now)


def _compose(
    mail: MailSettings, recipient: str, return_path: str, *, message_id: str, now: datetime
) -> Outgoing:
    return Outgoing(
        recipient=recipient,
        from_name="Campaign",
        from_address=mail.sender,
        return_path=return_path,
        message_id=message_id,
        subject="A probe of the way back",
        body=_BODY,
        date=now,
        # Not Auto-Submitted: some servers bounce nothing that says so of itself.
        headers=echo_headers(mail.provider, message_id),
    )


def _mark(session: Session, *, is_this: ColumnElement[bool], by: Provider, now: datetime) -> bool:
    probe = session.scalar(select(DeliveryProbe).where(is_this))
    if probe is None:
        return False
    if probe.returned_at is None:
        probe.returned_at, probe.returned_by = now, by
    return True
