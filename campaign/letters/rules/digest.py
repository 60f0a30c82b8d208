"""Digests: who gets one, when it leaves, and how many letters make how many e-mails."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from campaign.campaigns.rules import MailForm
from campaign.core.languages import Language
from campaign.letters.rules.text import showable

LAST_DIGESTS = (timedelta(hours=12), timedelta(hours=2), timedelta(minutes=30))
"""Before the close of poll: a usual digest within the first of these would come too late.

What waits then leaves at the next of these moments, and what comes after the last one at once.
"""
DIGEST_SIZE = 50_000
"""Characters of letters in one e-mail of a digest; what does not fit goes into a further one."""
NAMES_SHOWN = 60
FIRST_NAME_LIMIT = 24
_HONORIFICS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "professor",
        "sir",
        "dame",
        "lord",
        "lady",
        "rev",
        "reverend",
        "fr",
        "cllr",
    ]
)
_WORD = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLetter:
    """A letter as a digest needs it; ``subject`` and ``body`` only where it is personal."""

    id: int
    name: str
    email: str
    is_personal: bool
    subject: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPart:
    """One e-mail of a digest."""

    number: int
    """From 1."""
    personal: tuple[DigestLetter, ...]
    """Shown in full."""
    unchanged: tuple[DigestLetter, ...]
    """Counted, with first names; all of them are in the first part."""
    first_place: int
    """Place of the first of the personal letters among all of the digest."""

    @property
    def letter_ids(self) -> list[int]:
        """Return the letters that this e-mail carries."""
        return [each.id for each in (*self.personal, *self.unchanged)]


def goes_into_digest(
    form: MailForm, *, is_own_choice: bool, letters_today: int, letters_a_day: int
) -> bool:
    """Tell whether a letter waits for the digest.

    ``letters_today`` have gone or will go to the mailbox by themselves. A candidate who has chosen
    every letter as it comes gets every letter, however many.
    """
    if form is MailForm.ONE_DIGEST:
        return True
    return not is_own_choice and letters_today >= letters_a_day


def local_midnight(now: datetime, zone: tzinfo) -> datetime:
    """Return when the day began that it is now in a time zone."""
    return datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)


def next_digest_at(now: datetime, *, hour: int, zone: tzinfo, poll_closes_at: datetime) -> datetime:
    """Return when a letter that is confirmed now leaves with a digest; never after the poll."""
    day = now.astimezone(zone).date()
    usual = datetime.combine(day, time(hour), zone)
    if usual <= now:
        usual = datetime.combine(day + timedelta(days=1), time(hour), zone)
    last = [poll_closes_at - gap for gap in LAST_DIGESTS]
    if usual <= last[0]:
        return usual.astimezone(UTC)
    return next((each for each in last if each > now), now)


def divide(letters: Iterable[DigestLetter], *, size: int = DIGEST_SIZE) -> list[DigestPart]:
    """Return the e-mails of a digest: every letter is in exactly one, in the order given."""
    unchanged: list[DigestLetter] = []
    groups: list[list[DigestLetter]] = [[]]
    room = size
    for letter in letters:
        if not letter.is_personal:
            unchanged.append(letter)
            continue
        length = len(letter.subject) + len(letter.body)
        if length > room and groups[-1]:
            groups.append([])
            room = size
        groups[-1].append(letter)
        room -= length
    parts, place = [], 1
    for number, group in enumerate(groups, start=1):
        parts.append(
            DigestPart(
                number=number,
                personal=tuple(group),
                unchanged=tuple(unchanged) if number == 1 else (),
                first_place=place,
            )
        )
        place += len(group)
    return parts


def first_name(name: str) -> str:
    """Return the first of somebody's names, without title, and cut where it is a sentence."""
    words = showable(unicodedata.normalize("NFC", name)).split()
    names = [
        word
        for word in words
        if _WORD.search(word) and word.strip(".").casefold() not in _HONORIFICS
    ]
    first = (names or words or ["?"])[0].strip(".,;:") or "?"
    return first if len(first) <= FIRST_NAME_LIMIT else f"{first[: FIRST_NAME_LIMIT - 1]}…"


_AND_OTHERS = {
    Language.ENGLISH: (" and ", "1 other", "{} others"),
    # A comma, because the Welsh "and" changes with the name that follows it.
    Language.WELSH: (", ", "ac un arall", "ac eraill: {}"),
}
"""What stands before the last name, and what stands there instead of one or more of them."""


def list_first_names(
    letters: Sequence[DigestLetter],
    *,
    limit: int = NAMES_SHOWN,
    language: Language = Language.ENGLISH,
) -> str:
    """Return first names in the order of the letters: "Ann, Bo (2) and 7 others"."""
    last, one_other, others = _AND_OTHERS[language]
    names = Counter(first_name(each.name) for each in letters)
    shown = [f"{name} ({count})" if count > 1 else name for name, count in names.items()][:limit]
    left = len(letters) - sum(list(names.values())[:limit])
    if left:
        shown.append(one_other if left == 1 else others.format(left))
    return last.join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def quote(text: str) -> str:
    """Return a letter's text with a mark before each line, so that none can pass for ours."""
    return "\n".join(f"| {line}".rstrip() for line in text.split("\n"))
