"""What a supporter may type: cleaned where that is harmless, refused with a reason otherwise."""

import re
import unicodedata
from dataclasses import dataclass

from campaign.geography.rules import format_postcode, normalise_postcode
from campaign.letters.errors import TextInvalid

NAME_LIMIT = 80
SUBJECT_LIMIT = 150
BODY_LIMIT = 10_000
"""Characters, counted after cleaning."""

_LINE_ENDS = re.compile(r"\r\n|[\r\u0085\u2028\u2029]")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Marks that make text read otherwise than it is stored."""
_UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)
"""Control characters, halves of pairs, and the code points that are never characters."""
_NOT_IN_NAMES = re.compile(r"[<>@/\\{}\[\]|]")
_URL_LIKE = re.compile(
    r"\bhttps?\b|\bwww\b|\w\.(?:com|net|org|info|biz|co|uk|io|eu|ru|cn|de|ly|me|xyz|top|link"
    r"|site|shop|online|app|dev|wales|scot|cymru)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Who writes: all of it cleaned by the functions below."""

    name: str
    email: str
    """As ``supporters.rules.normalise_email`` returns it."""
    postcode: str | None = None
    """Given only where the letters are signed with it."""
    wants_news: bool = False
    words_text: str = ""
    """The wording under which their words may be shown to the candidate; empty for not."""


def clean_name(text: str) -> str:
    """Return a name fit to sign with and to stand in a header; raises TextInvalid."""
    name = _one_line(text, what="Your name")
    if not name:
        raise TextInvalid("Enter your name.")
    if _NOT_IN_NAMES.search(name) or _URL_LIKE.search(name):
        raise TextInvalid("Enter your name only, without an address, a link or signs like < and >.")
    if not any(sign.isalpha() for sign in name):
        raise TextInvalid("Your name needs at least one letter.")
    return _within(name, NAME_LIMIT, what="Your name")


def clean_subject(text: str) -> str:
    """Return a subject on one line; raises TextInvalid."""
    subject = _one_line(text, what="The subject")
    if not subject:
        raise TextInvalid("Enter a subject.")
    return _within(subject, SUBJECT_LIMIT, what="The subject")


def clean_body(text: str) -> str:
    """Return the text of a letter with lines ended by line feeds; raises TextInvalid.

    HTML is text like any other: letters are plain text, and pages escape it.
    """
    body = _clean(text, what="Your letter")
    body = "\n".join(line.rstrip() for line in body.split("\n")).strip("\n")
    if not body.strip():
        raise TextInvalid("Write your letter.")
    return _within(body, BODY_LIMIT, what="Your letter")


def clean_postcode(text: str) -> str:
    """Return a postcode as it stands under a letter; raises TextInvalid."""
    postcode = normalise_postcode(text)
    if postcode is None:
        raise TextInvalid("Enter a full postcode, like AB10 1AB, or leave it out.")
    return format_postcode(postcode)


def showable(text: str) -> str:
    """Return a refused text without the control characters that no page can show."""
    return _UNSHOWABLE.sub("", text)


def _one_line(text: str, *, what: str) -> str:
    cleaned = _clean(text.strip(), what=what)
    if "\n" in cleaned:
        raise TextInvalid(f"{what} must stand on one line.")
    return " ".join(cleaned.split())


def _clean(text: str, *, what: str) -> str:
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text)))
    if "\ufffd" in text:
        raise TextInvalid(
            f"{what} contains signs that did not reach us whole. Type them again, please."
        )
    if _DIRECTION.search(text):
        raise TextInvalid(
            f"{what} contains hidden marks that turn the direction of reading. "
            "Type the text by hand, or paste it without its formatting."
        )
    if _UNSHOWABLE.search(text):
        raise TextInvalid(
            f"{what} contains control characters. "
            "Type the text by hand, or paste it without its formatting."
        )
    return text


def _within(text: str, limit: int, *, what: str) -> str:
    if len(text) > limit:
        raise TextInvalid(
            f"{what} can have {limit:,} characters at most; it has {len(text):,}. Shorten it."
        )
    return text
