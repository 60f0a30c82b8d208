"""The e-mail of an outgoing message: plain text that every mail server takes as it is.

The bytes are the same that the standard library's ``EmailMessage`` writes with a policy that
leaves header values as they are; a test compares them. Written directly because building that
object costs more than sending the message does. Values are encoded here because the library's own
folding turns long tokens (a signed List-Unsubscribe link) into encoded words, and some versions
lose quotes or let line breaks through when they fold names.
"""

import binascii
import re
from email import quoprimime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache

from campaign.delivery.channels.base import Outgoing
from campaign.delivery.errors import UnsafeHeader, UnsendableAddress

MAXIMUM_LINE_OCTETS = 998
"""RFC 5322, 2.1.1, without the line's end."""
_FOLD_AT = 76
_BODY_FOLD_AT = 78
_BASE64_OCTETS = _BODY_FOLD_AT // 4 * 3
_REMEMBERED = 1024
"""Encoded headers that a worker keeps: the letters of one action share name and subject."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_FOLDED_SAFELY = re.compile(r"[^\r\n\x00]*(\r\n [^\r\n\x00]+)*")
_PLAIN_WORDS = re.compile(r"[!-~]+( [!-~]+)*")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
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


def build_email(outgoing: Outgoing) -> bytes:
    """Return the e-mail, ASCII with CRLF; the same message gives the same Message-ID on every try.

    Raises UnsafeHeader for a control character or an overlong header, UnsendableAddress for an
    address outside ASCII or with no single plain form.
    """
    headers = [
        _header("From", _mailbox(outgoing.from_name, outgoing.from_address)),
        _header("To", envelope_address(outgoing.recipient)),
    ]
    if outgoing.reply_to:
        headers.append(_header("Reply-To", envelope_address(outgoing.reply_to)))
    headers += (
        _header("Subject", _text("Subject", outgoing.subject)),
        _header("Date", format_datetime(outgoing.date)),
        _header("Message-ID", _guard(outgoing.message_id)),
    )
    for name, value in outgoing.headers.items():
        if name.casefold() in _OWN_HEADERS:
            raise UnsafeHeader(f"The header {_guard(name)} is set by the channel itself.")
        # A link must arrive in one piece, so ASCII is never folded or encoded.
        text = _guard(value) if value.isascii() else _text(name, value)
        headers.append(_header(_guard(name), text))
    encoding, body = _encode_body(outgoing.body)
    headers.append(
        'Content-Type: text/plain; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\nMIME-Version: 1.0\r\n\r\n"
    )
    return "".join(headers).encode("ascii") + body


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
        return f"{local}@{_ascii_domain(domain)}"
    except UnicodeError as error:
        raise UnsendableAddress("The domain of the address is not a valid name.") from error


@lru_cache(_REMEMBERED)
def _ascii_domain(domain: str) -> str:
    return domain.encode("idna").decode("ascii")


def _header(name: str, value: str) -> str:
    """Return a header's lines, refusing what could end it or begin another."""
    if not _HEADER_NAME.fullmatch(name) or not _FOLDED_SAFELY.fullmatch(value):
        raise UnsafeHeader("A header of an e-mail cannot hold a line break or control character.")
    lines = f"{name}: {value}\r\n"
    if len(lines) > MAXIMUM_LINE_OCTETS and any(
        len(line) > MAXIMUM_LINE_OCTETS for line in lines.split("\r\n")
    ):
        raise UnsafeHeader("A header of an e-mail is longer than mail servers take.")
    return lines


@lru_cache(_REMEMBERED)
def _mailbox(name: str, address: str) -> str:
    address = envelope_address(address)
    _guard(name)
    if name.isascii() and "=?" not in name and len(name) + len(address) < _FOLD_AT:
        return formataddr((name, address))
    return f"{_encoded('From', name)}\r\n <{address}>"


@lru_cache(_REMEMBERED)
def _text(header: str, value: str) -> str:
    _guard(value)
    # What looks like an encoded word would be decoded by the reader's program: encode it.
    if value.isascii() and "=?" not in value:
        if len(header) + len(value) + 2 <= _FOLD_AT and _PLAIN_WORDS.fullmatch(value):
            return value
        return Header(value, "us-ascii", _FOLD_AT, header).encode(linesep="\r\n")
    return _encoded(header, value)


def _encoded(header: str, value: str) -> str:
    return Header(value, "utf-8", _FOLD_AT, header).encode(linesep="\r\n")


def _guard(value: str) -> str:
    if _CONTROL.search(value):
        raise UnsafeHeader("A header of an e-mail cannot hold a line break or control character.")
    return value


def _encode_body(body: str) -> tuple[str, bytes]:
    """Return the transfer encoding and the octets, each line ended by CRLF."""
    encoding = _transfer_encoding(body)
    lines = body.encode("utf-8").splitlines()
    if encoding == "7bit":
        return encoding, b"\r\n".join(lines) + b"\r\n"
    if encoding == "quoted-printable":
        text = "\n".join(line.decode("latin-1") for line in lines) + "\n"
        return encoding, quoprimime.body_encode(text, _BODY_FOLD_AT, "\r\n").encode("ascii")
    octets = b"\r\n".join(lines) + b"\r\n"
    encoded = [
        binascii.b2a_base64(octets[start : start + _BASE64_OCTETS], newline=False)
        for start in range(0, len(octets), _BASE64_OCTETS)
    ]
    return encoding, b"\r\n".join(encoded) + b"\r\n"


def _transfer_encoding(body: str) -> str:
    """Choose what arrives unchanged on every route: readable where the text allows it."""
    if not body.isascii():
        beyond = len(_BEYOND_ASCII.findall(body))
        return "quoted-printable" if beyond * 6 < len(body) else "base64"
    is_short = all(len(line) <= MAXIMUM_LINE_OCTETS for line in body.splitlines())
    return "7bit" if is_short and not _BODY_CONTROL.search(body) else "quoted-printable"
