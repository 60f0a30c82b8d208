"""``campaign mail``: what comes back about messages that have left, and the key that signs them."""

import os
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click
import structlog

from campaign.cli.base import RefusalGroup, toolkit
from campaign.core.config import ascii_domain
from campaign.delivery.channels.keys import dns_record, load_key, make_key, zone_line
from campaign.delivery.incoming import imap, maildir
from campaign.delivery.incoming.mail import MAXIMUM_BYTES
from campaign.followups.incoming import Taken, take_mail

log = structlog.stdlib.get_logger(__name__)

_CHUNK = 64 * 1024


@click.group("mail", cls=RefusalGroup, help="What comes in, and the key that signs what leaves.")
def mail() -> None:
    """Group the commands about mail that need no worker."""


@mail.command("receive")
@click.option("--recipient", multiple=True, help="Envelope recipient; Postfix: ${recipient}.")
@click.option(
    "--maildir",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the new mails of a Maildir instead of one from standard input.",
)
@click.option("--imap", "is_imap", is_flag=True, help="Take the unseen mails of IMAP_FOLDER.")
def receive(*, recipient: tuple[str, ...], folder: Path | None, is_imap: bool) -> None:
    """Take in a mail from standard input, or those of a folder.

    From standard input it ends with 0, or with 75 where the mail must come again.
    """
    if folder is not None and is_imap:
        raise click.UsageError("Choose one of --maildir and --imap.")
    if folder is not None:
        _receive_maildir(folder)
    elif is_imap:
        _receive_imap()
    else:
        _receive_one(sys.stdin.buffer, recipient)


@mail.command("dkim-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--selector", default="campaign", show_default=True, help="Name of the key.")
@click.option("--domain", default="", help="Domain that signs; that of MAIL_SENDER by itself.")
@click.option("--ed25519", "is_ed25519", is_flag=True, help="Instead of RSA with 2048 bits.")
def dkim_key(*, file: Path, selector: str, domain: str, is_ed25519: bool) -> None:
    """Make a key that signs our mail in FILE, and print its DNS record and settings.

    Where FILE is there, its record is printed again; nothing is ever written over.
    """
    is_new = not file.exists()
    key = make_key(file, is_ed25519=is_ed25519) if is_new else load_key(file)
    domain = ascii_domain(domain) or toolkit().settings.mail.sender_domain
    name, record = f"{selector}._domainkey.{domain}", dns_record(key)
    click.echo(
        f"{'Made' if is_new else 'Read'} {file}. Publish this TXT record, then add the settings.\n"
        f"\nName:  {name}\nText:  {record}\n\nIn a zone file:\n{zone_line(name, record)}\n\n"
        f"DKIM_DOMAIN={domain}\nDKIM_SELECTOR={selector}\nDKIM_KEY_FILE={file.absolute()}"
    )


def _receive_one(stream: BinaryIO, recipients: tuple[str, ...]) -> None:
    try:
        raw = stream.read(MAXIMUM_BYTES)
        while stream.read(_CHUNK):  # A pipe that is closed early would be a failure to Postfix.
            pass
        taken = _take(raw, recipients)
    except Exception as error:
        # Whatever it is, it is our fault and not the mail's: Postfix is to keep it for us.
        log.exception("mail_not_taken")
        click.echo(f"4.3.0 The mail could not be taken now: {type(error).__name__}.", err=True)
        sys.exit(os.EX_TEMPFAIL)
    log.info("mail_taken", outcome=taken.value)


def _receive_maildir(folder: Path) -> None:
    result = Counter[str]()
    for path in maildir.list_new(folder):
        _take_from_folder(
            result, partial(maildir.read_file, path), partial(maildir.mark_taken, path)
        )
    _report(result)


def _receive_imap() -> None:
    result = Counter[str]()
    with imap.open_folder(toolkit().settings.imap) as folder:
        for number in folder.list_unseen():
            _take_from_folder(
                result, partial(folder.read, number), partial(folder.mark_taken, number)
            )
    _report(result)


_FAILED = "left for the next run"


def _take_from_folder(
    result: Counter[str], read: Callable[[], bytes], mark: Callable[[], None]
) -> None:
    """Take one mail of a folder and mark it after the commit; one that fails stops no other."""
    try:
        taken = _take(read(), ())
        mark()
    except imap.ImapFailed:
        raise
    except Exception:
        log.exception("mail_not_taken")
        result[_FAILED] += 1
    else:
        result[taken.value] += 1


def _take(raw: bytes, recipients: tuple[str, ...]) -> Taken:
    tools = toolkit()
    with tools.database.transaction() as session:
        return take_mail(tools, session, raw, recipients=recipients, now=tools.clock())


def _report(result: Counter[str]) -> None:
    words = ", ".join(f"{count} {what}" for what, count in result.most_common())
    if result[_FAILED]:
        raise click.ClickException(f"{words}. The log says why.")
    click.echo(f"{words}." if words else "No new mail.")
