"""An incoming mail, read with bounded effort: whoever knows an address can send us anything."""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from html import unescape

MAXIMUM_BYTES = 512 * 1024
"""More of a mail is not looked at: reports stand at its beginning."""
_MAXIMUM_HEADER_BYTES = 64 * 1024
_MAXIMUM_LINE = 1000
"""Longer lines are cut: patterns that look for addresses take time by the square of the length."""
_MAXIMUM_PARTS = 200
_MAXIMUM_TEXT = 20_000
_RECIPIENT_HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")
_VOLATILE_HEADERS = ("Date", "From", "Subject")
_BLOCKS = re.compile(r"(?is)<(?:style|script|head)\b.*?(?:</(?:style|script|head)>|$)")
_BREAKS = re.compile(r"(?i)<(?:br|/p|/div|/tr|/li|/h\d)\b[^<>]{0,200}>")
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,80}@[A-Za-z0-9._-]{1,255}")
"""Not by the standard library's parser: brackets within brackets end it."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True)
class IncomingMail:
    """One mail as it came in, cut to what is looked at."""

    headers: Message
    body: Message | None
    """The whole mail with its parts; None where it cannot be taken apart."""
    raw: bytes

    def header(self, name: str) -> str:
        """Return a header on one line, decoded as far as it can be; empty where there is none."""
        return header_text(self.headers, name)

    @property
    def message_id(self) -> str:
        """Return the mail's own Message-ID, which may be empty or anything else."""
        return self.header("Message-ID")[:500]

    @property
    def sender(self) -> str:
        """Return the address in From, in lower case; empty where there is no plain one."""
        found = _ADDRESS.findall(self.header("From")[:_MAXIMUM_LINE])
        return found[-1].casefold() if found else ""

    @property
    def recipients(self) -> list[str]:
        """Return the addresses in all headers that may name whom the mail was to."""
        values = [value for name in _RECIPIENT_HEADERS for value in _texts(self.headers, name)]
        return [each for value in values for each in _ADDRESS.findall(value[: 4 * _MAXIMUM_LINE])]

    @property
    def fingerprint(self) -> str:
        """Return what is the same when the same mail comes in twice by another way."""
        known = self.message_id.encode("utf-8", "replace")
        if not known:
            body = self.raw.partition(b"\n\n")[2] or self.raw
            named = [self.header(name).encode("utf-8", "replace") for name in _VOLATILE_HEADERS]
            known = b"\0".join((*named, body))
        return hashlib.sha256(known).hexdigest()

    def parts(self) -> Iterator[Message]:
        """Yield the parts of the mail, the outermost first, as many as are looked at."""
        waiting = [self.body] if self.body is not None else []
        count = 0
        while waiting and count < _MAXIMUM_PARTS:
            part = waiting.pop(0)
            count += 1
            yield part
            payload = part.get_payload()
            if isinstance(payload, list):
                waiting[:0] = [each for each in payload if isinstance(each, Message)]

    def find_part(self, content_type: str) -> Message | None:
        """Return the first part of a type."""
        return next((p for p in self.parts() if p.get_content_type() == content_type), None)

    def text(self) -> str:
        """Return the first readable text, without mark-up; empty where there is none.

        Text inside an attached message is not the sender's own and is not read.
        """
        texts: dict[str, Message] = {}
        for part in self._own_parts():
            texts.setdefault(part.get_content_type(), part)
        if plain := texts.get("text/plain"):
            return _plain(part_text(plain))
        if html := texts.get("text/html"):
            marked = _BREAKS.sub("\n", _BLOCKS.sub("", part_text(html)))
            return _plain(unescape(_TAGS.sub("", marked)))
        return ""

    def _own_parts(self) -> Iterator[Message]:
        waiting = [self.body] if self.body is not None else []
        while waiting:
            part = waiting.pop(0)
            payload = part.get_payload()
            if part.get_content_maintype() == "multipart" and isinstance(payload, list):
                waiting[:0] = [each for each in payload if isinstance(each, Message)]
            elif part.get_content_disposition() != "attachment":
                yield part


def read_mail(raw: bytes) -> IncomingMail:
    """Read a mail; never raises, whatever the bytes are."""
    raw = raw[:MAXIMUM_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if raw.startswith(b"From "):  # As an mbox and some pipes begin.
        raw = raw.partition(b"\n")[2]
    raw = b"\n".join(line[:_MAXIMUM_LINE] for line in raw.split(b"\n"))
    head = raw.partition(b"\n\n")[0][:_MAXIMUM_HEADER_BYTES]
    try:
        headers: Message = BytesHeaderParser(policy=policy.compat32).parsebytes(head + b"\n\n")
    except (MessageError, ValueError, LookupError, RecursionError):
        headers = Message()
    return IncomingMail(headers=headers, body=_take_apart(raw, head), raw=raw)


def _take_apart(raw: bytes, head: bytes) -> Message | None:
    is_endless = len(head) >= _MAXIMUM_HEADER_BYTES or raw.count(b"\n--") > 5 * _MAXIMUM_PARTS
    if is_endless:
        return None
    try:
        return BytesParser(policy=policy.compat32).parsebytes(raw)
    except (MessageError, ValueError, LookupError, RecursionError):
        return None


def header_text(message: Message, name: str) -> str:
    """Return the first header of a name on one line, decoded as far as it can be."""
    return next(iter(_texts(message, name)), "")


def _texts(message: Message, name: str) -> list[str]:
    found = []
    for value in message.get_all(name, [])[:20]:
        text = str(value)
        # An unknown charset, or broken code: as it stands, then.
        with contextlib.suppress(MessageError, ValueError, LookupError):
            text = str(make_header(decode_header(text)))
        text = text.encode("utf-8", "replace").decode()  # No half characters for the database.
        found.append(" ".join(_CONTROL.sub(" ", text).split()))
    return found


def part_text(part: Message) -> str:
    """Return a part's text in whatever charset it claims, with long lines cut."""
    try:
        payload = part.get_payload(decode=True)
        charset = part.get_content_charset() or "utf-8"
    except (MessageError, ValueError, LookupError):
        return ""
    if not isinstance(payload, bytes):
        return ""
    try:
        text = payload.decode(charset, "replace").encode("utf-8", "replace").decode()
    except (LookupError, ValueError):
        text = payload.decode("utf-8", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line[:_MAXIMUM_LINE] for line in text.split("\n"))


def _plain(text: str) -> str:
    lines = [_CONTROL.sub(" ", line).rstrip() for line in text[:_MAXIMUM_TEXT].split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
