"""What may stand in the texts of the record, and how it is cleaned before it is hashed."""

import re
import unicodedata
from datetime import date
from urllib.parse import urlsplit

from campaign.pledges.errors import PledgeInvalid

STATEMENT_LIMIT = 500
"""Characters of a candidate's public statement on an ask, or of their objection to an entry."""

QUOTE_LIMIT = 2000
"""Characters of an organiser's quote from a source."""

REASON_LIMIT = 500
"""Characters of an organiser's reason for a decision on an entry."""

URL_LIMIT = 2000

_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x85]")
# Marks that turn the direction of text can make a quote read as something else.
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def clean_text(text: str, *, limit: int) -> str:
    """Return a text in NFC with line feeds and without space around it.

    Raises PledgeInvalid when it is longer than ``limit`` characters or holds control characters.
    """
    cleaned = unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text).replace("\t", " ")).strip()
    if any(_cannot_be_shown(sign) for sign in cleaned):
        raise PledgeInvalid(
            "The text holds a character that cannot be shown. Type it again instead of copying it."
        )
    if len(cleaned) > limit:
        raise PledgeInvalid(
            "The text has %(count)s characters. Shorten it to %(limit)s or fewer.",
            count=len(cleaned),
            limit=limit,
        )
    return cleaned


def clean_reason(text: str) -> str:
    """Return an organiser's reason, which the public may read; raises PledgeInvalid without."""
    cleaned = clean_text(text, limit=REASON_LIMIT)
    if len(cleaned) < 10:
        raise PledgeInvalid("Give a reason of 10 to 500 characters; it stays in the record.")
    return cleaned


def showable_text(text: str) -> str:
    """Return a text without the characters that ``clean_text`` refuses, to be mended by hand."""
    return "".join(sign for sign in text if sign in "\r\t" or not _cannot_be_shown(sign))


def _cannot_be_shown(sign: str) -> bool:
    is_control = unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n"
    return is_control or sign in _DIRECTION_MARKS


def clean_source_url(url: str) -> str:
    """Return a web address; raises PledgeInvalid for anything that a browser cannot open."""
    cleaned = url.strip()
    if not cleaned:
        return ""
    try:
        parts = urlsplit(cleaned)
        is_web_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web_address = False
    if not is_web_address or len(cleaned) > URL_LIMIT or re.search(r"[\s\x00-\x1f<>\"]", cleaned):
        raise PledgeInvalid("Give the source as a web address that begins with https://")
    return cleaned


def clean_sha256(text: str) -> str:
    """Return the SHA-256 of a file in small hexadecimal, or nothing; raises PledgeInvalid."""
    cleaned = text.strip().lower()
    if cleaned and not _SHA256.fullmatch(cleaned):
        raise PledgeInvalid("The hash of an archived copy is a SHA-256: 64 digits and a to f.")
    return cleaned


def check_said_on(said_on: date | None, *, today: date) -> None:
    """Raise PledgeInvalid for a day that has not come, or of a time before this politics."""
    if said_on is None:
        return
    if said_on > today:
        raise PledgeInvalid("The day on which it was said lies in the future.")
    if said_on.year < today.year - 10:
        raise PledgeInvalid("The day on which it was said lies more than ten years back.")
