"""Rules of a pledge's life, without a database."""

import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from urllib.parse import urlsplit

from campaign.pledges.errors import PledgeInvalid


class Stance(StrEnum):
    """A candidate's answer to one ask. Silence is not among them: it is the absence of one."""

    YES = "yes"
    YES_WITH_RESERVATIONS = "yes_with_reservations"
    PARTLY = "partly"
    NO = "no"
    DECLINED = "declined"
    """Declined to answer."""


STANCE_WORDS = {
    Stance.YES: "Yes",
    Stance.YES_WITH_RESERVATIONS: "Yes, with reservations",
    Stance.PARTLY: "Partly",
    Stance.NO: "No",
    Stance.DECLINED: "Declined to answer",
}
"""For plain-text mail; pages have theirs in ``components/stances.html``."""


class EventKind(StrEnum):
    """What an event does to the record."""

    ANSWER = "answer"
    WITHDRAWAL = "withdrawal"
    """The candidate takes their answer to an ask back; the history keeps it."""
    REVIEW = "review"
    """A second organiser finds an entry right: from then on it is public."""
    REJECTION = "rejection"
    """A second organiser finds an entry wrong: it never becomes public."""


class Channel(StrEnum):
    """How an answer reached the record."""

    LINK = "link"
    LETTER = "letter"
    PUBLIC_STATEMENT = "public_statement"
    HUSTINGS = "hustings"


class VerificationLevel(IntEnum):
    """How well an answer is vouched for."""

    UNVERIFIED = 0
    SOURCED = 1
    """A source is given: a link or a quote with place and date."""
    CONFIRMED = 2
    """A second organiser has seen the source."""
    FIRST_HAND = 3
    """The candidate answered through their own link."""


class RequestKind(StrEnum):
    """What a candidate can ask for on their page beside answering."""

    NOT_ME = "not_me"
    WRONG_ADDRESS = "wrong_address"
    ONE_DIGEST_A_DAY = "one_digest_a_day"
    NOTHING_MORE = "nothing_more"
    CHANGE_DISPUTED = "change_disputed"
    """Said behind the mail about a change: somebody else asked for it."""
    CHANGE_TO_CHECK = "change_to_check"
    """Not said by anybody: a change waits, and no mail can ask the candidate about it."""


PAGE_REQUESTS = frozenset(
    {
        RequestKind.NOT_ME,
        RequestKind.WRONG_ADDRESS,
        RequestKind.ONE_DIGEST_A_DAY,
        RequestKind.NOTHING_MORE,
    }
)
"""What the candidate's page offers."""

REVOKING = frozenset({RequestKind.NOT_ME, RequestKind.WRONG_ADDRESS})
"""What ends the link: whoever reads that mailbox may not be the candidate."""


class ChangeOutcome(StrEnum):
    """How it ended that a change of an earlier answer waited."""

    CONFIRMED = "confirmed"
    """The link in the mail to the address on file was used."""
    UNOPPOSED = "unopposed"
    """The mail left, and nobody protested in time."""
    ALLOWED = "allowed"
    """An organiser asked the candidate."""
    DISPUTED = "disputed"
    DROPPED = "dropped"
    """Taken back by the candidate, by an organiser, or with the link that it came by."""
    REPLACED = "replaced"
    """By a later change of the same answer."""
    LAPSED = "lapsed"
    """The poll closed first, or the wording of the ask changed."""


TAKES_EFFECT = frozenset({ChangeOutcome.CONFIRMED, ChangeOutcome.UNOPPOSED, ChangeOutcome.ALLOWED})

PROTEST_TIME = timedelta(hours=24)
"""How long a candidate can object to a change after the mail about it has left."""

INVITATION_STEPS = 3
"""The invitation and at most two reminders."""


STATEMENT_LIMIT = 500
"""Characters of a candidate's public statement on an ask."""

QUOTE_LIMIT = 2000
"""Characters of an organiser's quote from a source."""

URL_LIMIT = 2000

PUBLIC_FLOOR = 5
"""Counts of supporters below this are not shown in public: they could point at a person."""

CANDIDATE = "candidate"
"""Who entered an event that came by the candidate's own link."""

_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x85]")
# Marks that turn the direction of text can make a quote read as something else.
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


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
            f"The text has {len(cleaned)} characters. Shorten it to {limit} or fewer."
        )
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEntry:
    """What is hashed of an event: nothing that only this database knows, so anybody can check.

    ``recorded_at`` is an aware time; ``refers_to`` and ``sequence`` count within the campaign.
    """

    campaign: str
    sequence: int
    kind: EventKind
    person_id: int
    ballot_id: str
    ask: str
    ask_version: int
    refers_to: int | None
    stance: Stance | None
    statement: str
    channel: Channel
    source_url: str
    quote: str
    verification_level: int
    entered_by: str
    recorded_at: datetime
    previous_hash: str


FIRST_PREVIOUS_HASH = "0" * 64
"""What the first event of a campaign is chained to."""


def canonical_json(entry: ChainEntry) -> str:
    """Return the one JSON text of an entry: sorted keys, no space, ASCII, UTC microseconds."""
    fields = asdict(entry)
    fields["recorded_at"] = entry.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    fields["verification_level"] = int(entry.verification_level)
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def chain_hash(entry: ChainEntry) -> str:
    """Return the SHA-256 of an entry's canonical JSON in hexadecimal."""
    return hashlib.sha256(canonical_json(entry).encode("ascii")).hexdigest()
