"""What is hashed of an event, and how. docs/pledges.md tells outsiders the same."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any

from campaign.pledges.rules.kinds import Channel, EventKind, Stance

FIRST_PREVIOUS_HASH = "0" * 64
"""What the first event of a campaign is chained to."""

NEWEST_FORM = 2
"""The form that new events are hashed in. Form 1 knew neither copies, days nor reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEntry:
    """What is hashed of an event: nothing that only this database knows, so anybody can check.

    ``recorded_at`` is an aware time; ``refers_to`` and ``sequence`` count within the campaign.
    """

    form: int
    """Which fields are hashed: 1 for those without a default, 2 for all, this one included."""
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
    archive_sha256: str = ""
    archive_url: str = ""
    reason: str = ""
    valid_from: date | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the form is known and covers everything that the entry holds."""
        if self.form == 1:
            return not (self.archive_sha256 or self.archive_url or self.reason or self.valid_from)
        return self.form == NEWEST_FORM


def canonical_fields(entry: ChainEntry) -> dict[str, object]:
    """Return what is hashed of an entry as JSON values: times in UTC with microseconds."""
    # By hand: dataclasses.asdict copies deeply, which takes longer than the hash.
    fields: dict[str, object] = {
        "ask": entry.ask,
        "ask_version": entry.ask_version,
        "ballot_id": entry.ballot_id,
        "campaign": entry.campaign,
        "channel": entry.channel,
        "entered_by": entry.entered_by,
        "kind": entry.kind,
        "person_id": entry.person_id,
        "previous_hash": entry.previous_hash,
        "quote": entry.quote,
        "recorded_at": entry.recorded_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "refers_to": entry.refers_to,
        "sequence": entry.sequence,
        "source_url": entry.source_url,
        "stance": entry.stance,
        "statement": entry.statement,
        "verification_level": int(entry.verification_level),
    }
    if entry.form >= 2:
        fields |= {
            "archive_sha256": entry.archive_sha256,
            "archive_url": entry.archive_url,
            "form": entry.form,
            "reason": entry.reason,
            "valid_from": entry.valid_from.isoformat() if entry.valid_from else None,
        }
    return fields


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def canonical_json(entry: ChainEntry) -> str:
    """Return the one JSON text of an entry: sorted keys, no space, ASCII, UTC microseconds."""
    return _ENCODER.encode(canonical_fields(entry))


def chain_hash(entry: ChainEntry) -> str:
    """Return the SHA-256 of an entry's canonical JSON in hexadecimal."""
    return hashlib.sha256(canonical_json(entry).encode("ascii")).hexdigest()


_text = encode_basestring_ascii


class RawChainHasher:
    """Hashes events as the database gives them, many times as fast as ``chain_hash``.

    To make a hundred thousand objects takes far longer than to hash them. The hash is the same
    wherever the values are those of an event; where it differs from what is stored, ask
    ``chain_hash``, which decides. What many events share is put into JSON once.
    """

    def __init__(self, campaign: str) -> None:
        self._campaign = campaign
        self._place = lru_cache(maxsize=8192)(self._make_place)
        self._frame = lru_cache(maxsize=1024)(_make_frame)

    def hash(self, standing: tuple[int, str], version: tuple[str, int], row: Sequence[Any]) -> str:
        """Return the hash of an event of a person on a ballot, about a version of an ask.

        ``row`` begins with form, sequence, kind, refers_to, stance, statement, channel, source_url,
        quote, verification_level, entered_by, recorded_at, previous_hash, archive_sha256,
        archive_url, reason and valid_from. Raises ValueError or TypeError for values of no event.
        """
        (
            form, sequence, kind, refers_to, stance, statement, channel, source_url, quote, level,
            entered_by, recorded_at, previous_hash, archive_sha256, archive_url, reason, valid_from,
            *_others,
        ) = row  # fmt: skip
        place, person = self._place(standing, version)
        start, manner, before_moment, before_statement, end = self._frame(
            form, channel, entered_by, kind, stance, archive_sha256, archive_url, reason, valid_from
        )
        moment = (
            f"{recorded_at[:10]}T{recorded_at[11:]}+00:00"
            if isinstance(recorded_at, str)
            else recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
        )
        about = "null" if refers_to is None else f"{refers_to:d}"
        canonical = (
            # A hash or a time that needed escapes would be none, and differ from every other.
            f'{start}{place}{manner}{person}"{previous_hash}","quote":{_text(quote)},'
            f'{before_moment}"{moment}","refers_to":{about},"sequence":{sequence:d},'
            f'"source_url":{_text(source_url)},{before_statement}{_text(statement)},{end}{level:d}}}'
        )
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()

    def _make_place(self, standing: tuple[int, str], version: tuple[str, int]) -> tuple[str, str]:
        person_id, ballot_id = standing
        ask, number = version
        before = (
            f'"ask":{_text(ask)},"ask_version":{number:d},"ballot_id":{_text(ballot_id)},'
            f'"campaign":{_text(self._campaign)},'
        )
        return before, f'"person_id":{person_id:d},"previous_hash":'


def _make_frame(
    form: int,
    channel: str,
    entered_by: str,
    kind: str,
    stance: str | None,
    archive_sha256: str,
    archive_url: str,
    reason: str,
    valid_from: object,
) -> tuple[str, str, str, str, str]:
    """Return what stands before, between and after the texts that are each event's own."""
    copies, its_form, because, day = "", "", "", ""
    if form != 1:
        copies = f'"archive_sha256":{_text(archive_sha256)},"archive_url":{_text(archive_url)},'
        its_form = f'"form":{form:d},'
        because = f'"reason":{_text(reason)},'
        day = f'"valid_from":{_text(str(valid_from)) if valid_from else "null"},'
    return (
        f"{{{copies}",
        f'"channel":{_text(channel)},"entered_by":{_text(entered_by)},{its_form}'
        f'"kind":{_text(kind)},',
        f'{because}"recorded_at":',
        f'"stance":{"null" if stance is None else _text(stance)},"statement":',
        f'{day}"verification_level":',
    )
