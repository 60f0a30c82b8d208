"""Console: prints each message instead of sending it; for development."""

import sys

from campaign.core.config import MailSettings
from campaign.delivery.channels.base import Outgoing
from campaign.delivery.channels.mime import build_email


class ConsoleChannel:
    """Print what would be sent; nothing leaves the machine."""

    def __init__(self, mail: MailSettings) -> None:
        pass

    def open(self) -> None:
        """Need nothing."""

    def send(self, message: Outgoing) -> None:
        """Print the message to standard output, once it is known to be a valid e-mail."""
        build_email(message)
        rule = "-" * 60
        sys.stdout.write(
            f"{rule}\nFrom: {message.from_name} <{message.from_address}>\n"
            f"To: {message.recipient}\nSubject: {message.subject}\n\n{message.body}\n{rule}\n"
        )
        sys.stdout.flush()

    def close(self) -> None:
        """Hold nothing."""
