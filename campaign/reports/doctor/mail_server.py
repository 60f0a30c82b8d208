"""Whether the relay takes our connection and our login."""

from collections.abc import Iterator

from campaign.core.config import MailSettings
from campaign.delivery.channels.base import Channel
from campaign.delivery.errors import DeliveryFailed
from campaign.reports.doctor.findings import Finding, Level

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def check_channel(channel: Channel, mail: MailSettings) -> Iterator[Finding]:
    """Connect, start TLS and log in as the worker does; nothing is sent."""
    try:
        channel.open()
    except DeliveryFailed as failure:
        yield Finding(Level.PROBLEM, f"Mail cannot leave: {failure} {_advice(failure)}")
        return
    finally:
        channel.close()
    if mail.channel != "smtp":
        yield Finding(
            Level.WARNING, f"MAIL_CHANNEL is {mail.channel}: messages do not leave this machine."
        )
        return
    safely = " by TLS" if mail.use_tls or mail.use_starttls else ""
    login = "and our login" if mail.username and mail.password else "without a login"
    yield Finding(
        Level.OK,
        f"The mail server at {mail.host}:{mail.port} takes our connection{safely} {login}.",
    )


def _advice(failure: DeliveryFailed) -> str:
    if failure.code in (530, 534, 535, 538):
        return "Look at MAIL_USERNAME, MAIL_PASSWORD and MAIL_STARTTLS."
    if failure.code is not None:
        return "Ask its provider why it does not take our mail."
    return "Look at MAIL_HOST, MAIL_PORT, MAIL_STARTTLS and MAIL_TLS, and whether it runs."
