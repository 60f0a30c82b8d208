"""An IMAP folder: mail that is not seen yet, marked as seen once it has been taken."""

import contextlib
import imaplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from campaign.core.config import ImapSettings
from campaign.core.errors import Refused
from campaign.delivery.incoming.mail import MAXIMUM_BYTES

AT_ONCE = 500
"""Mails taken in one run; the next run takes the rest."""


class ImapFailed(Refused):
    """The IMAP server cannot be reached or does not do what it is asked."""


class Connection(Protocol):
    """What is used of ``imaplib``."""

    def login(self, user: str, password: str) -> object: ...
    def select(self, mailbox: str) -> tuple[str, list[bytes | None]]: ...
    def uid(self, command: str, *args: str) -> tuple[str, list[object]]: ...
    def logout(self) -> object: ...


def connect(settings: ImapSettings) -> Connection:
    """Return an encrypted connection to a server whose certificate is right."""
    return imaplib.IMAP4_SSL(
        settings.host,
        settings.port,
        ssl_context=ssl.create_default_context(),
        timeout=settings.timeout_seconds,
    )


class ImapFolder:
    """The folder that is open."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_unseen(self) -> list[str]:
        """Return the numbers of mails that are not seen yet, the oldest first."""
        answer = self._command("SEARCH", "UNSEEN")
        words = b" ".join(each for each in answer if isinstance(each, bytes)).split()
        return [word.decode() for word in words if word.isdigit()][:AT_ONCE]

    def read(self, number: str) -> bytes:
        """Return as much of a mail as is looked at, without marking it as seen."""
        answer = self._command("FETCH", number, f"(BODY.PEEK[]<0.{MAXIMUM_BYTES}>)")
        for each in answer:
            if isinstance(each, tuple) and len(each) == 2 and isinstance(each[1], bytes):
                return each[1]
        raise ImapFailed("The IMAP server did not hand a mail over.")

    def mark_taken(self, number: str) -> None:
        """Mark a mail as seen."""
        self._command("STORE", number, "+FLAGS.SILENT", r"(\Seen)")

    def _command(self, name: str, *args: str) -> list[object]:
        status, answer = self._connection.uid(name, *args)
        if status != "OK":
            raise ImapFailed(f"The IMAP server refused {name}.")
        return answer


@contextmanager
def open_folder(
    settings: ImapSettings, connect: Callable[[ImapSettings], Connection] = connect
) -> Iterator[ImapFolder]:
    """Log in and open the folder; raises ImapFailed for whatever goes wrong on the way."""
    if not settings.host or not settings.username:
        raise ImapFailed("Set IMAP_HOST, IMAP_USERNAME and IMAP_PASSWORD first.")
    try:
        connection = connect(settings)
        try:
            connection.login(settings.username, settings.password)
            quoted = settings.folder.replace("\\", "\\\\").replace('"', '\\"')
            status, _ = connection.select(f'"{quoted}"')
            if status != "OK":
                raise ImapFailed("The IMAP server has no folder of the name in IMAP_FOLDER.")
            yield ImapFolder(connection)
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                connection.logout()
    except (OSError, imaplib.IMAP4.error) as error:
        # The server's own words can quote the login.
        raise ImapFailed(
            f"The talk with the IMAP server failed: {type(error).__name__}."
        ) from error
