"""Mailbox: writes each message as an .eml file; for the demonstration and for tests."""

import os
from pathlib import Path

from campaign.core.config import MailSettings
from campaign.delivery.channels.base import Outgoing
from campaign.delivery.channels.mime import build_email, envelope_address
from campaign.delivery.errors import DeliveryFailed


class MailboxChannel:
    """Write files whose names sort by time; a reader never sees half a file."""

    def __init__(self, mail: MailSettings) -> None:
        self._path: Path = mail.mailbox_path

    def open(self) -> None:
        """Make the folder, and see that it can be written."""
        try:
            self._path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(error) from error
        if not os.access(self._path, os.W_OK):
            raise _unwritable(None)

    def send(self, message: Outgoing) -> None:
        """Write one file, complete at once by a rename."""
        # What a mail server writes on final delivery, so that the envelope can be looked at too.
        envelope = f"Return-Path: <{envelope_address(message.return_path)}>\r\n"
        email = envelope.encode("ascii") + build_email(message)
        token = "".join(c for c in message.message_id.partition("@")[0] if c.isalnum())
        name = f"{message.date:%Y%m%dT%H%M%S.%fZ}-{token}.eml"
        unfinished = self._path / f".{name}"
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                file.write(email)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._path / name)
        except OSError as error:
            raise _unwritable(error) from error

    def close(self) -> None:
        """Hold nothing."""


def _unwritable(error: OSError | None) -> DeliveryFailed:
    reason = f": {error.strerror}" if error is not None and error.strerror else ""
    return DeliveryFailed(
        f"The mailbox folder cannot be written{reason}.", is_permanent=False, stops_channel=True
    )
