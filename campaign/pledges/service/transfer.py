"""Adding what another copy of a campaign's record has and this one has not."""

from datetime import UTC, datetime
from functools import reduce

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, AskVersion, Campaign
from campaign.candidates.models import Candidacy, PersonAlias
from campaign.pledges.errors import ImportRefused
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import find_event, find_head
from campaign.pledges.rules import (
    FIRST_PREVIOUS_HASH,
    ChainEntry,
    EntryLife,
    Step,
    find_anachronism,
    find_flaw,
)
from campaign.pledges.service.chaining import lock_record


class Intake:
    """Takes the events of a file one after another, from the first, into one campaign's record.

    What is here already must be the same; what comes after it is added with its hash as it is.
    Nothing is changed or removed. On an error the caller rolls back.
    """

    def __init__(self, session: Session, campaign: Campaign, *, now: datetime) -> None:
        self._session = session
        self._now = now
        self._campaign = lock_record(session, campaign.id)
        self._known, self._head_hash = find_head(session, campaign.id) or (0, FIRST_PREVIOUS_HASH)
        self._read, self._read_hash = 0, FIRST_PREVIOUS_HASH
        self._newest_at = datetime.min.replace(tzinfo=UTC)
        self.added = 0

    @property
    def read(self) -> int:
        """Return how many events have been taken in or found to be here."""
        return self._read

    @property
    def left_out(self) -> int:
        """Return how many events are here and have not come yet."""
        return max(0, self._known - self._read)

    def take(self, entry: ChainEntry, stored_hash: str) -> None:
        """Take the next event of the file; raises ImportRefused with what is wrong."""
        if entry.campaign != self._campaign.slug:
            raise ImportRefused(f"it belongs to the campaign {entry.campaign}")
        if entry.sequence != self._read + 1:
            raise ImportRefused(f"entry {self._read + 1} should come here")
        if entry.previous_hash != self._read_hash:
            raise ImportRefused("it is not chained to the entry before it in the file")
        if entry.sequence <= self._known:
            here = find_event(self._session, self._campaign.id, sequence=entry.sequence)
            if here is None or here.hash != stored_hash:
                raise ImportRefused(
                    f"entry {entry.sequence} is another one here: the two records have parted"
                )
            self._session.expunge(here)
        else:
            self._add(entry, stored_hash)
            self.added += 1
        self._read, self._read_hash = entry.sequence, stored_hash
        self._newest_at = max(self._newest_at, entry.recorded_at)

    def _add(self, entry: ChainEntry, stored_hash: str) -> None:
        version = self._version(entry)
        candidacy_id = self._candidacy_id(entry)
        subject = self._subject(entry)
        self._check(entry, subject, candidacy_id=candidacy_id, ask_id=version.ask_id)
        event = PledgeEvent(
            campaign_id=self._campaign.id,
            sequence=entry.sequence,
            kind=entry.kind,
            candidacy_id=candidacy_id,
            ask_id=version.ask_id,
            ask_version_id=version.id,
            refers_to_id=subject.id if subject else None,
            stance=entry.stance,
            statement=entry.statement,
            channel=entry.channel,
            source_url=entry.source_url,
            quote=entry.quote,
            archive_sha256=entry.archive_sha256,
            archive_url=entry.archive_url,
            valid_from=entry.valid_from,
            reason=entry.reason,
            verification_level=entry.verification_level,
            entered_by=entry.entered_by,
            recorded_at=entry.recorded_at,
            form=entry.form,
            previous_hash=entry.previous_hash,
            hash=stored_hash,
        )
        self._session.add(event)
        self._session.flush()
        self._session.expunge(event)  # A long file must not stay in memory.

    def _candidacy_id(self, entry: ChainEntry) -> int:
        # The file may have the id of a day before Democracy Club merged two entries.
        merged = select(PersonAlias.person_id).where(PersonAlias.old_person_id == entry.person_id)
        found = self._session.scalar(
            select(Candidacy.id).where(
                Candidacy.ballot_id == entry.ballot_id,
                (Candidacy.person_id == entry.person_id)
                | (Candidacy.person_id == merged.scalar_subquery()),
            )
        )
        if found is None:
            raise ImportRefused(
                f"person {entry.person_id} on ballot {entry.ballot_id} is not known here: import "
                "the candidates first"
            )
        return found

    def _version(self, entry: ChainEntry) -> AskVersion:
        found = self._session.scalar(
            select(AskVersion)
            .join(Ask, AskVersion.ask_id == Ask.id)
            .where(
                Ask.campaign_id == self._campaign.id,
                Ask.slug == entry.ask,
                AskVersion.number == entry.ask_version,
            )
        )
        if found is None:
            raise ImportRefused(
                f"version {entry.ask_version} of the ask {entry.ask} is not known here: import the "
                "campaign's file first"
            )
        return found

    def _subject(self, entry: ChainEntry) -> PledgeEvent | None:
        if entry.refers_to is None:
            return None
        found = find_event(self._session, self._campaign.id, sequence=entry.refers_to)
        if found is None:
            raise ImportRefused(f"it is about entry {entry.refers_to}, which does not come before")
        self._session.expunge(found)
        return found

    def _check(
        self, entry: ChainEntry, subject: PledgeEvent | None, *, candidacy_id: int, ask_id: int
    ) -> None:
        """Refuse what no door lets in, however well it is chained: as a review of one's own."""
        wrong = find_flaw(_step(entry)) or find_anachronism(
            entry.recorded_at, newest=self._newest_at, now=self._now
        )
        if wrong is None and subject is not None:
            life = self._life(subject)
            is_same = (subject.candidacy_id, subject.ask_id) == (candidacy_id, ask_id)
            wrong = life.find_misstep(
                kind=entry.kind, channel=entry.channel, entered_by=entry.entered_by, is_same=is_same
            )
        if wrong is not None:
            raise ImportRefused(wrong)

    def _life(self, subject: PledgeEvent) -> EntryLife:
        kinds = self._session.scalars(
            select(PledgeEvent.kind)
            .where(
                PledgeEvent.campaign_id == self._campaign.id, PledgeEvent.refers_to_id == subject.id
            )
            .order_by(PledgeEvent.sequence)
        )
        return reduce(
            EntryLife.after, kinds, EntryLife(subject.kind, subject.channel, subject.entered_by)
        )


def _step(entry: ChainEntry) -> Step:
    return Step(
        kind=entry.kind,
        channel=entry.channel,
        entered_by=entry.entered_by,
        level=entry.verification_level,
        is_about=entry.refers_to is not None,
        recorded_on=entry.recorded_at.astimezone(UTC).date(),
        stance=entry.stance,
        statement=entry.statement,
        source=entry.source_url or entry.quote,
        copy=entry.archive_url or entry.archive_sha256,
        day=entry.valid_from,
        reason=entry.reason,
    )
