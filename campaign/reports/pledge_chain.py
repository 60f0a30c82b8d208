"""A campaign's whole record as files: for its organisers loss-free, for the public sealed.

In the public file an event that is public stands as it was hashed. Of any other there are only its
number and its hashes, so that everybody can check that the chain is unbroken without reading what
was never published, or is no longer.
"""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from campaign.campaigns.models import Campaign
from campaign.pledges.models import PledgeEvent, PledgeHead
from campaign.pledges.queries import list_published_heads, map_marks, stream_chain
from campaign.pledges.rules import (
    COLUMNS,
    ENTRY_KINDS,
    MARK_KINDS,
    ChainEntry,
    Channel,
    EventKind,
    to_cells,
    to_json_line,
)


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
    shown = _list_public_sequences(session, campaign)
    hidden = _list_hidden_sequences(session, campaign)
    for entry, stored_hash in stream_chain(session, campaign):
        if _is_public(entry, shown) and entry.sequence not in hidden:
            yield f"{to_json_line(entry, stored_hash)}\n"
        else:
            yield f"{_sealed(entry, stored_hash)}\n"


def heads_text(session: Session, campaign: Campaign) -> str:
    """Return the published heads as plain text: day, number of events and hash on each line."""
    return "".join(
        f"{head.day.isoformat()} {head.sequence} {head.head_hash}\n"
        for head in list_published_heads(session, campaign.id)
    )


def heads_json(session: Session, campaign: Campaign) -> str:
    """Return the published heads as JSON."""
    heads = [_head(head) for head in list_published_heads(session, campaign.id)]
    return json.dumps(
        {"campaign": campaign.slug, "imprint": str(campaign.imprint), "heads": heads},
        ensure_ascii=False,
    )


def _head(head: PledgeHead) -> dict[str, object]:
    return {
        "day": head.day.isoformat(),
        "count": head.sequence,
        "hash": head.head_hash,
        "published_at": head.published_at.astimezone(UTC).isoformat(timespec="seconds"),
    }


def _is_public(entry: ChainEntry, shown: set[int]) -> bool:
    if entry.kind in ENTRY_KINDS:
        return entry.channel is Channel.LINK or entry.sequence in shown
    # Nothing but a public entry is reviewed as right, disputed or hidden.
    return entry.kind is EventKind.REVIEW or entry.kind in MARK_KINDS


def _list_public_sequences(session: Session, campaign: Campaign) -> set[int]:
    review = aliased(PledgeEvent)
    return set(
        session.scalars(
            select(PledgeEvent.sequence)
            .join(review, review.refers_to_id == PledgeEvent.id)
            .where(review.campaign_id == campaign.id, review.kind == EventKind.REVIEW)
        )
    )


def _list_hidden_sequences(session: Session, campaign: Campaign) -> set[int]:
    marked = map_marks(session, campaign.id)
    hidden = [event_id for event_id, marks in marked.items() if marks.is_hidden]
    if not hidden:
        return set()
    return set(
        session.scalars(
            select(PledgeEvent.sequence).where(
                PledgeEvent.id.in_(hidden)
                # The words of an objection to the entry go with it.
                | (PledgeEvent.refers_to_id.in_(hidden) & (PledgeEvent.kind == EventKind.DISPUTE))
            )
        )
    )


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
