"""Read the e-mails that the mailbox channel wrote: what people would have got."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.core.errors import NotFound
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane

SHOWN_HEADERS = ("From", "Reply-To", "To", "Subject", "Date", "Message-ID")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,150}")
_LINK = re.compile(r"https?://[^\s<>\"]+")
_AFTER_A_LINK = ".,;:!?)]'’”"
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class EmailNotFound(NotFound):
    """No such e-mail lies in the mailbox."""


@dataclass(frozen=True, kw_only=True)
class Email:
    """One e-mail of the mailbox."""

    name: str
    """Name of its file without the ending; sorts by time."""
    recipient: str
    subject: str
    message_id: str
    at: datetime
    headers: tuple[tuple[str, str], ...]
    body: str
    """Empty in lists."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The newest e-mails, and how many there are of which they are the newest."""

    emails: tuple[Email, ...]
    matching: int
    total: int


@dataclass(frozen=True)
class Segment:
    """A stretch of an e-mail's text; with ``path``, a link to a page of this site."""

    text: str
    path: str | None = None


def list_emails(mailbox: Path, *, recipient: str = "", limit: int = 100) -> Listing:
    """Return the newest e-mails first; ``recipient`` keeps those whose To contains it."""
    names = sorted((path.stem for path in _files(mailbox)), reverse=True)
    wanted = recipient.strip().casefold()
    emails: list[Email] = []
    matching = 0
    for name in names:
        if not wanted and matching >= limit:
            matching = len(names)
            break
        email = _read(mailbox, name, with_body=False)
        if email is None or wanted not in email.recipient.casefold():
            continue
        matching += 1
        if len(emails) < limit:
            emails.append(email)
    return Listing(emails=tuple(emails), matching=matching, total=len(names))


def get_email(mailbox: Path, name: str) -> Email:
    """Return one e-mail with its text; raises EmailNotFound, also for a name that is a path."""
    email = _read(mailbox, name, with_body=True) if _NAME.fullmatch(name) else None
    if email is None:
        raise EmailNotFound("There is no such e-mail in the mailbox.")
    return email


def list_lanes(session: Session, message_ids: Collection[str]) -> dict[str, Lane]:
    """Return the outbox lane by Message-ID, of those that the outbox knows."""
    rows = session.execute(
        select(OutboxMessage.message_id, OutboxMessage.lane).where(
            OutboxMessage.message_id.in_(message_ids)
        )
    )
    return {message_id: lane for message_id, lane in rows}  # noqa: C416 - typed rows


def split_links(text: str, *, base_url: str) -> list[Segment]:
    """Return the text in pieces; links to this site become paths, other links stay text.

    A link to this machine counts as this site whatever its port: the demonstration may run on
    another one than when the e-mail was written.
    """
    segments: list[Segment] = []
    end = 0
    for match in _LINK.finditer(text):
        link = match[0].rstrip(_AFTER_A_LINK)
        path = _own_path(link, base_url=base_url)
        if path is None:
            continue
        segments += [Segment(text[end : match.start()]), Segment(link, path)]
        end = match.start() + len(link)
    segments.append(Segment(text[end:]))
    return [segment for segment in segments if segment.text]


def _own_path(link: str, *, base_url: str) -> str | None:
    try:
        parts, own = urlsplit(link), urlsplit(base_url)
    except ValueError:
        return None
    is_own = parts.netloc == own.netloc or (
        own.hostname in _LOOPBACK and parts.hostname in _LOOPBACK
    )
    # A path with two slashes at its front would lead to another host.
    if not is_own or parts.username or not parts.path.startswith("/") or parts.path[1:2] in "/\\":
        return "/" if is_own and parts.path in ("", "/") else None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _files(mailbox: Path) -> list[Path]:
    if not mailbox.is_dir():
        return []
    return [path for path in mailbox.glob("*.eml") if _NAME.fullmatch(path.stem)]


def _read(mailbox: Path, name: str, *, with_body: bool) -> Email | None:
    path = mailbox / f"{name}.eml"
    if path.is_symlink() or not path.is_file():
        return None
    parsed = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(
        path.read_bytes(), headersonly=not with_body
    )
    at = parsed["Date"].datetime if parsed["Date"] is not None else None
    return Email(
        name=name,
        recipient=str(parsed["To"] or ""),
        subject=str(parsed["Subject"] or ""),
        message_id=str(parsed["Message-ID"] or ""),
        at=at or datetime.fromtimestamp(path.stat().st_mtime, UTC),
        headers=tuple(
            (header, _decoded(parsed, header))
            for header in SHOWN_HEADERS
            if parsed[header] is not None
        ),
        body=_text(parsed) if with_body else "",
    )


def _decoded(message: EmailMessage, header: str) -> str:
    """Return a header as mail programs show it.

    Decoded from the raw value, because the parser of addresses leaves a space between two encoded
    words of a name, where RFC 2047, 6.2, has none.
    """
    raw = next(value for name, value in message.raw_items() if name.lower() == header.lower())
    try:
        return " ".join(str(make_header(decode_header(str(raw)))).split())
    except (LookupError, UnicodeError, HeaderParseError):
        return str(message[header])


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    content = part.get_content() if part is not None else ""
    return str(content).replace("\r\n", "\n")
