"""A campaign's record as it was hashed, in its order."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, aliased

from campaign.campaigns.models import Ask, AskVersion, Campaign
from campaign.candidates.models import Candidacy, PersonAlias
from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import ChainEntry, chain_hash

ROWS_AT_ONCE = 1000


class _FormerPeople:
    """The ids that people had before a merge, read when the first one is asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._former: dict[int, list[int]] | None = None

    def as_hashed(self, entry: ChainEntry, stored_hash: str) -> ChainEntry:
        """Return an entry with the id that its person had on the day of its hash."""
        # Democracy Club merges two entries for one person; the hash keeps the id of its day.
        former = [replace(entry, person_id=each) for each in self._ids(entry.person_id)]
        if not former or chain_hash(entry) == stored_hash:
            return entry
        return next((each for each in former if chain_hash(each) == stored_hash), entry)

    def _ids(self, person_id: int) -> list[int]:
        if self._former is None:
            self._former = {}
            for old_id, new_id in self._session.execute(
                select(PersonAlias.old_person_id, PersonAlias.person_id)
            ):
                self._former.setdefault(new_id, []).append(old_id)
        return self._former.get(person_id, [])


def stream_chain(
    session: Session, campaign: Campaign, *, sequences: range | None = None
) -> Iterator[tuple[ChainEntry, str]]:
    """Yield a campaign's events as they were hashed, in their order, each with its stored hash.

    With ``sequences``, only the events at these places.
    """
    people = _FormerPeople(session)
    subject = aliased(PledgeEvent)
    events = (
        select(
            PledgeEvent.form,
            PledgeEvent.sequence,
            PledgeEvent.kind,
            Candidacy.person_id,
            Candidacy.ballot_id,
            Ask.slug,
            AskVersion.number,
            subject.sequence,
            PledgeEvent.stance,
            PledgeEvent.statement,
            PledgeEvent.channel,
            PledgeEvent.source_url,
            PledgeEvent.quote,
            PledgeEvent.verification_level,
            PledgeEvent.entered_by,
            PledgeEvent.recorded_at,
            PledgeEvent.previous_hash,
            PledgeEvent.archive_sha256,
            PledgeEvent.archive_url,
            PledgeEvent.reason,
            PledgeEvent.valid_from,
            PledgeEvent.hash,
        )
        .join(PledgeEvent.candidacy)
        .join(PledgeEvent.ask)
        .join(PledgeEvent.ask_version)
        .outerjoin(subject, is_subject(subject, PledgeEvent))
        .where(PledgeEvent.campaign_id == campaign.id)
        .order_by(PledgeEvent.sequence)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    if sequences is not None:
        events = events.where(
            PledgeEvent.sequence >= sequences.start, PledgeEvent.sequence < sequences.stop
        )
    slug = campaign.slug
    for (
        form, number, kind, person_id, ballot_id, ask, ask_version, refers_to, stance, statement,
        channel, source_url, quote, level, entered_by, recorded_at, previous_hash, archive_sha256,
        archive_url, reason, valid_from, stored_hash,
    ) in session.execute(events):  # fmt: skip
        entry = ChainEntry(
            form=form, campaign=slug, sequence=number, kind=kind, person_id=person_id,
            ballot_id=ballot_id, ask=ask, ask_version=ask_version, refers_to=refers_to,
            stance=stance, statement=statement, channel=channel, source_url=source_url,
            quote=quote, verification_level=level, entered_by=entered_by, recorded_at=recorded_at,
            previous_hash=previous_hash, archive_sha256=archive_sha256, archive_url=archive_url,
            reason=reason, valid_from=valid_from,
        )  # fmt: skip
        yield people.as_hashed(entry, stored_hash), stored_hash


def is_subject(subject: Any, event: Any) -> ColumnElement[bool]:
    """Compare: one event names another; unlike ``is_about`` it believes no other column."""
    # An entry of this campaign alone: that of another can have the same number.
    return and_(subject.id == event.refers_to_id, subject.campaign_id == event.campaign_id)
