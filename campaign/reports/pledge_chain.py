"""A campaign's whole record: for its organisers loss-free, for the public sealed.

In the public file and in the API an event that is public stands as it was hashed. Of any other
there are only its number and its hashes, so that everybody can check that the chain is unbroken
without reading what was never published, or is no longer.
"""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from campaign.campaigns.models import Campaign
from campaign.candidates.models import PersonAlias
from campaign.pledges.models import PledgeEvent, PledgeHead
from campaign.pledges.queries import is_review, list_published_heads, map_marks, stream_chain
from campaign.pledges.rules import (
    COLUMNS,
    ENTRY_KINDS,
    MARK_KINDS,
    ChainEntry,
    Channel,
    EventKind,
    canonical_fields,
    to_cells,
    to_json_line,
)

Json = dict[str, object]


class PublicEvent(NamedTuple):
    """An event as it was hashed, and whether everybody may read it."""

    entry: ChainEntry
    stored_hash: str
    is_public: bool


def json_lines(session: Session, campaign: Campaign) -> Iterator[str]:
    """Yield every event of a campaign as a line of JSON, whether public or not."""
    for entry, stored_hash in stream_chain(session, campaign):
        yield f"{to_json_line(entry, stored_hash)}\n"


def csv_lines(session: Session, campaign: Campaign) -> Iterator[str]:
    """Yield every event of a campaign as a row, after a row with the names of the columns."""
    yield _row(COLUMNS)
    for entry, stored_hash in stream_chain(session, campaign):
        yield _row(to_cells(entry, stored_hash))


def public_json_lines(session: Session, campaign: Campaign) -> Iterator[str]:
    """Yield every event of a campaign as a line of JSON: public ones whole, others sealed."""
    for event in list_public_chain(session, campaign):
        if event.is_public:
            yield f"{to_json_line(event.entry, event.stored_hash)}\n"
        else:
            yield f"{_sealed(event.entry, event.stored_hash)}\n"


def describe_events(session: Session, campaign: Campaign, *, offset: int, limit: int) -> list[Json]:
    """Return a part of what ``public_json_lines`` yields, with the ids of today, for the API."""
    events = list(
        list_public_chain(session, campaign, sequences=range(offset + 1, offset + limit + 1))
    )
    of_today = _map_people_of_today(session, {event.entry.person_id for event in events})
    return [
        {
            "sequence": entry.sequence,
            "hash": stored_hash,
            "previous_hash": entry.previous_hash,
            "is_public": is_public,
            "person_id": of_today.get(entry.person_id, entry.person_id) if is_public else None,
            "record": canonical_fields(entry) if is_public else None,
        }
        for entry, stored_hash, is_public in events
    ]


def list_public_chain(
    session: Session, campaign: Campaign, *, sequences: range | None = None
) -> Iterator[PublicEvent]:
    """Yield the events of a campaign, or those at some places, and who may read each.

    The one place that decides what of the record is public.
    """
    reviewed = _list_reviewed(session, campaign, sequences)
    hidden = _list_hidden(session, campaign, sequences)
    for entry, stored_hash in stream_chain(session, campaign, sequences=sequences):
        is_public = _is_public(entry, reviewed) and entry.sequence not in hidden
        yield PublicEvent(entry, stored_hash, is_public)


def count_events(session: Session, campaign: Campaign) -> int:
    """Return the length of a campaign's chain, whose sequence has no gap."""
    newest = select(func.max(PledgeEvent.sequence)).where(PledgeEvent.campaign_id == campaign.id)
    return session.scalar(newest) or 0


def heads_text(session: Session, campaign: Campaign) -> str:
    """Return the published heads as plain text: day, number of events and hash on each line."""
    return "".join(
        f"{head.day.isoformat()} {head.sequence} {head.head_hash}\n"
        for head in list_published_heads(session, campaign.id)
    )


def describe_heads(session: Session, campaign: Campaign) -> list[Json]:
    """Return the published heads as plain values."""
    return [_head(head) for head in list_published_heads(session, campaign.id)]


def _head(head: PledgeHead) -> Json:
    return {
        "day": head.day.isoformat(),
        "count": head.sequence,
        "hash": head.head_hash,
        "published_at": head.published_at.astimezone(UTC).isoformat(timespec="seconds"),
    }


def _is_public(entry: ChainEntry, reviewed: set[int]) -> bool:
    if entry.kind in ENTRY_KINDS:
        return entry.channel is Channel.LINK or entry.sequence in reviewed
    # Nothing but a public entry is reviewed as right, disputed or hidden.
    return entry.kind is EventKind.REVIEW or entry.kind in MARK_KINDS


def _list_reviewed(session: Session, campaign: Campaign, sequences: range | None) -> set[int]:
    review = aliased(PledgeEvent)
    return set(
        session.scalars(
            select(PledgeEvent.sequence)
            .join(review, is_review(review, PledgeEvent))
            .where(*_at(campaign, sequences))
        )
    )


def _list_hidden(session: Session, campaign: Campaign, sequences: range | None) -> set[int]:
    # The words of an objection to an entry go with the texts of the entry.
    is_objection = PledgeEvent.kind == EventKind.DISPUTE
    about = case((is_objection, PledgeEvent.refers_to_id), else_=PledgeEvent.id)
    places = _at(campaign, sequences)
    some = None if sequences is None else list(session.scalars(select(about).where(*places)))
    marked = map_marks(session, campaign.id, event_ids=some)
    hidden = [event_id for event_id, marks in marked.items() if marks.is_hidden]
    if not hidden:
        return set()
    either = or_(
        PledgeEvent.id.in_(hidden), and_(is_objection, PledgeEvent.refers_to_id.in_(hidden))
    )
    return set(session.scalars(select(PledgeEvent.sequence).where(*places, either)))


def _at(campaign: Campaign, sequences: range | None) -> tuple[ColumnElement[bool], ...]:
    of_campaign = PledgeEvent.campaign_id == campaign.id
    if sequences is None:
        return (of_campaign,)
    sequence = PledgeEvent.sequence
    return of_campaign, sequence >= sequences.start, sequence < sequences.stop


def _map_people_of_today(session: Session, person_ids: set[int]) -> dict[int, int]:
    rows = session.execute(
        select(PersonAlias.old_person_id, PersonAlias.person_id).where(
            PersonAlias.old_person_id.in_(person_ids)
        )
    )
    return {old_id: person_id for old_id, person_id in rows}  # noqa: C416


def _sealed(entry: ChainEntry, stored_hash: str) -> str:
    fields = {
        "sequence": entry.sequence,
        "sealed": True,
        "previous_hash": entry.previous_hash,
        "hash": stored_hash,
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def _row(cells: list[str] | tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
