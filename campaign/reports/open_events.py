"""The record of a campaign as everybody may read it: public entries in full, the others as hashes.

With the hashes of all events anybody can follow the chain, and with the fields of a public one
compute its hash again (``pledges.rules.chain_hash``). What is not public keeps its content.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, PersonAlias
from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import ChainEntry, Channel, EventKind, canonical_fields, chain_hash

Json = dict[str, object]

ENTRIES = frozenset({EventKind.ANSWER, EventKind.WITHDRAWAL})
DECISIONS = frozenset({EventKind.REVIEW, EventKind.REJECTION})
"""What may be said of an entry without taking anything of it back."""


def count_events(session: Session, campaign: Campaign) -> int:
    """Return the length of a campaign's chain, whose sequence has no gap."""
    newest = select(func.max(PledgeEvent.sequence)).where(PledgeEvent.campaign_id == campaign.id)
    return session.scalar(newest) or 0


def describe_events(session: Session, campaign: Campaign, *, offset: int, limit: int) -> list[Json]:
    """Return a part of the chain, oldest first."""
    events = session.scalars(
        select(PledgeEvent)
        .where(
            PledgeEvent.campaign_id == campaign.id,
            PledgeEvent.sequence > offset,
            PledgeEvent.sequence <= offset + limit,
        )
        .order_by(PledgeEvent.sequence)
        .options(
            joinedload(PledgeEvent.candidacy),
            joinedload(PledgeEvent.ask),
            joinedload(PledgeEvent.ask_version),
        )
    ).all()
    ids = {event.id for event in events} | {event.refers_to_id or 0 for event in events}
    subjects = {
        event.id: event
        for event in session.scalars(select(PledgeEvent).where(PledgeEvent.id.in_(ids)))
    }
    said: dict[int, set[EventKind]] = {each: set() for each in subjects}
    for subject_id, kind in session.execute(
        select(PledgeEvent.refers_to_id, PledgeEvent.kind).where(PledgeEvent.refers_to_id.in_(ids))
    ):
        said[subject_id or 0].add(kind)
    former = _former_ids(session, [event.candidacy for event in events])
    return [_describe(event, campaign, subjects, said, former) for event in events]


def is_open(kind: EventKind, channel: Channel, said: Sequence[EventKind] | set[EventKind]) -> bool:
    """Tell whether the public may read an entry, of which these kinds of event speak.

    Something beyond a review or rejection, such as hiding it, closes it: better once too often.
    """
    is_public = channel is Channel.LINK or EventKind.REVIEW in said
    return kind in ENTRIES and is_public and DECISIONS.issuperset(said)


def _describe(
    event: PledgeEvent,
    campaign: Campaign,
    subjects: dict[int, PledgeEvent],
    said: dict[int, set[EventKind]],
    former: dict[int, list[int]],
) -> Json:
    subject = subjects.get(event.refers_to_id or 0)
    # A review says what was reviewed, so it is as public as that.
    about = subject if event.kind in DECISIONS and subject is not None else event
    may_read = is_open(about.kind, about.channel, said[about.id])
    return {
        "sequence": event.sequence,
        "hash": event.hash,
        "previous_hash": event.previous_hash,
        "is_public": may_read,
        "person_id": event.candidacy.person_id if may_read else None,
        "record": _record(event, campaign, subject, former) if may_read else None,
    }


def _record(
    event: PledgeEvent,
    campaign: Campaign,
    subject: PledgeEvent | None,
    former: dict[int, list[int]],
) -> Json:
    """Return what was hashed, so that the canonical JSON of this is what the hash is of."""
    person_id = event.candidacy.person_id
    entry = ChainEntry(
        form=event.form,
        campaign=campaign.slug,
        sequence=event.sequence,
        kind=event.kind,
        person_id=person_id,
        ballot_id=event.candidacy.ballot_id,
        ask=event.ask.slug,
        ask_version=event.ask_version.number,
        refers_to=subject.sequence if subject else None,
        stance=event.stance,
        statement=event.statement,
        channel=event.channel,
        source_url=event.source_url,
        quote=event.quote,
        verification_level=event.verification_level,
        entered_by=event.entered_by,
        recorded_at=event.recorded_at,
        previous_hash=event.previous_hash,
        archive_sha256=event.archive_sha256,
        archive_url=event.archive_url,
        reason=event.reason,
        valid_from=event.valid_from,
    )
    # Democracy Club merges two entries for one person; the hash keeps the id of its day.
    tried = (replace(entry, person_id=each) for each in (person_id, *former.get(person_id, ())))
    hashed = next((each for each in tried if chain_hash(each) == event.hash), entry)
    return canonical_fields(hashed)


def _former_ids(session: Session, candidacies: Sequence[Candidacy]) -> dict[int, list[int]]:
    people = {each.person_id for each in candidacies}
    former: dict[int, list[int]] = {}
    for alias in session.scalars(select(PersonAlias).where(PersonAlias.person_id.in_(people))):
        former.setdefault(alias.person_id, []).append(alias.old_person_id)
    return former
