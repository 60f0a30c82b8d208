"""The e-mail of an outgoing message: plain text that every mail server takes as it is.

Header values are encoded here and written verbatim by the policy. The standard library's own
folding turns long tokens (a signed List-Unsubscribe link) into encoded words, and some versions
lose quotes or let line breaks through when they fold names.
"""

import re
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, formataddr
from typing import Any

from campaign.delivery.channels.base import Outgoing
from campaign.delivery.errors import UnsafeHeader, UnsendableAddress

MAXIMUM_LINE_OCTETS = 998
"""RFC 5322, 2.1.1, without the line's end."""
_FOLD_AT = 76
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_FOLDED_SAFELY = re.compile(r"[^\r\n\x00]*(\r\n [^\r\n\x00]+)*")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_BODY_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")
_OWN_HEADERS = frozenset(
    [
        "from",
        "to",
        "cc",
        "bcc",
        "sender",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "return-path",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    ]
)


class VerbatimPolicy(EmailPolicy):
    """Store and write header values as they are given, refusing those that could end a header."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        text = str(value)
        if not _HEADER_NAME.fullmatch(name) or not _FOLDED_SAFELY.fullmatch(text):
            raise UnsafeHeader(
                "A header of an e-mail cannot hold a line break or control character."
            )
        if any(len(line) > MAXIMUM_LINE_OCTETS for line in f"{name}: {text}".split("\r\n")):
            raise UnsafeHeader("A header of an e-mail is longer than mail servers take.")
        return name, text

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}\r\n"

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii")


_POLICY = VerbatimPolicy(linesep="\r\n", cte_type="7bit")


def build_email(outgoing: Outgoing) -> EmailMessage:
    """Return the e-mail; the same message gives the same Message-ID on every try.

    Raises UnsafeHeader for a control character or an overlong header, UnsendableAddress for an
    address outside ASCII or with no single plain form.
    """
    email = EmailMessage(policy=_POLICY)
    email["From"] = _mailbox(outgoing.from_name, outgoing.from_address)
    email["To"] = envelope_address(outgoing.recipient)
    if outgoing.reply_to:
        email["Reply-To"] = envelope_address(outgoing.reply_to)
    email["Subject"] = _text("Subject", outgoing.subject)
    email["Date"] = format_datetime(outgoing.date)
    email["Message-ID"] = _guard(outgoing.message_id)
    for name, value in outgoing.headers.items():
        if name.casefold() in _OWN_HEADERS:
            raise UnsafeHeader(f"The header {_guard(name)} is set by the channel itself.")
        # A link must arrive in one piece, so ASCII is never folded or encoded.
        email[_guard(name)] = _guard(value) if value.isascii() else _text(name, value)
    email.set_content(outgoing.body, charset="utf-8", cte=_transfer_encoding(outgoing.body))
    return email


def envelope_address(address: str) -> str:
    """Return an address in the ASCII form that every mail server takes.

    A domain in other letters has such a form; a local part has none without SMTPUTF8.
    """
    _guard(address)
    if not _ADDRESS.fullmatch(address):
        raise UnsendableAddress("The recipient's address is not one plain e-mail address.")
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise UnsendableAddress("The part of the address before the @ holds letters beyond ASCII.")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise UnsendableAddress("The domain of the address is not a valid name.") from error


def _mailbox(name: str, address: str) -> str:
    address = envelope_address(address)
    _guard(name)
    if name.isascii() and "=?" not in name and len(name) + len(address) < _FOLD_AT:
        return formataddr((name, address))
    return f"{_encoded('From', name)}\r\n <{address}>"


def _text(header: str, value: str) -> str:
    _guard(value)
    # What looks like an encoded word would be decoded by the reader's program: encode it.
    if value.isascii() and "=?" not in value:
        return Header(value, "us-ascii", _FOLD_AT, header).encode(linesep="\r\n")
    return _encoded(header, value)


def _encoded(header: str, value: str) -> str:
    return Header(value, "utf-8", _FOLD_AT, header).encode(linesep="\r\n")


def _guard(value: str) -> str:
    if _CONTROL.search(value):
        raise UnsafeHeader("A header of an e-mail cannot hold a line break or control character.")
    return value


def _transfer_encoding(body: str) -> str:
    """Choose what arrives unchanged on every route: readable where the text allows it."""
    if not body.isascii():
        beyond = sum(1 for character in body if character > "\x7f")
        return "quoted-printable" if beyond * 6 < len(body) else "base64"
    is_short = all(len(line) <= MAXIMUM_LINE_OCTETS for line in body.splitlines())
    return "7bit" if is_short and not _BODY_CONTROL.search(body) else "quoted-printable"
