"""A campaign's record computed again: whether it is the chain that it was, and could be."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, AskVersion, Campaign
from campaign.candidates.models import Candidacy
from campaign.core.db import table_of
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries.breaches import Breaches, raw
from campaign.pledges.queries.chain import ROWS_AT_ONCE, is_subject, stream_chain
from campaign.pledges.queries.heads import list_published_heads
from campaign.pledges.rules import (
    FIRST_PREVIOUS_HASH,
    RawChainHasher,
    chain_hash,
)

FAULTS_SHOWN = 100
"""A record that was written anew breaks at every entry; nobody reads more."""


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where a campaign's chain breaks, and how."""

    sequence: int
    problem: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check of one campaign's chain found."""

    campaign_slug: str
    count: int
    head_hash: str
    faults: list[ChainFault]
    """The first hundred."""
    heads_checked: int = 0
    """How many published heads the chain was compared with."""


class NotedHead(NamedTuple):
    """The end of a chain as somebody noted it, and where: for the sentence about a difference."""

    sequence: int
    head_hash: str
    noted: str


def check_chain(
    session: Session, campaign: Campaign, *, now: datetime, noted: Iterable[NotedHead] = ()
) -> ChainReport:
    """Compute every hash of a campaign's record again and say where it differs.

    Also compares the chain with every head that was published and with those ``noted`` elsewhere:
    a record that was written anew from some entry on is a good chain, but not that chain. Reads
    the events as a stream, so that memory does not grow with them.
    """
    published = [
        NotedHead(head.sequence, head.head_hash, f"published on {head.day.isoformat()}")
        for head in list_published_heads(session, campaign.id)
    ]
    expected: dict[int, list[NotedHead]] = {}
    for noted_head in (*published, *noted):
        expected.setdefault(noted_head.sequence, []).append(noted_head)
    contents = _Contents(session, campaign, now=now)
    faults: list[ChainFault] = []
    count, head_hash, newest_form, newest_id = 0, FIRST_PREVIOUS_HASH, 1, 0
    for row in contents.stream():
        form, sequence, previous_hash, stored_hash, event_id = (
            row[0], row[1], row[12], row[20], row[21],
        )  # fmt: skip
        problem = contents.find_problem(row)
        is_next = sequence == count + 1 and previous_hash == head_hash and form >= newest_form
        is_newest = event_id > newest_id
        if is_next and is_newest and problem is None and sequence not in expected:
            count, head_hash, newest_form, newest_id = sequence, stored_hash, form, event_id
            continue
        problems = []
        if sequence != count + 1:
            problems.append(f"entry {count + 1} should come here and is missing")
        if previous_hash != head_hash:
            problems.append("it is not chained to the entry that stands before it")
        if problem:
            problems.append(problem)
        if form < newest_form:
            problems.append("it has an older form than the entry before it")
        if not is_newest:
            problems.append("its row in the database is older than that of the entry before it")
        count, head_hash, newest_form, newest_id = sequence, stored_hash, form, event_id
        problems += [
            f"its hash is not the one {other.noted}"
            for other in expected.pop(count, ())
            if other.head_hash != stored_hash
        ]
        if len(faults) < FAULTS_SHOWN:
            faults += [ChainFault(sequence, problem) for problem in problems]
    faults += [
        ChainFault(sequence, f"it is missing, and its hash was {other.noted}")
        for sequence, others in sorted(expected.items())
        for other in others
    ]
    return ChainReport(campaign.slug, count, head_hash, faults[:FAULTS_SHOWN], len(published))


class _Contents:
    """Compares what stands in each event with its hash, at the pace of the database."""

    def __init__(self, session: Session, campaign: Campaign, *, now: datetime) -> None:
        self._session = session
        self._campaign = campaign
        self._hasher = RawChainHasher(campaign.slug)
        standings = session.execute(
            select(Candidacy.id, Candidacy.person_id, Candidacy.ballot_id).where(
                Candidacy.id.in_(
                    select(PledgeEvent.candidacy_id).where(PledgeEvent.campaign_id == campaign.id)
                )
            )
        )
        self._standings = {each.id: (each.person_id, each.ballot_id) for each in standings}
        versions = session.execute(
            select(AskVersion.id, Ask.id.label("ask_id"), Ask.slug, AskVersion.number).join(
                Ask, AskVersion.ask_id == Ask.id
            )
        )
        self._versions = {(each.ask_id, each.id): (each.slug, each.number) for each in versions}
        self._breaches = Breaches(session, campaign, now=now)

    def stream(self) -> Iterator[Sequence[Any]]:
        """Yield the campaign's events in their order, as the database has them."""
        # Past the objects and types of the ORM: they take several times as long as the hash.
        # In parts, because to ask for one row at a time takes longer than to hash it.
        connection = self._session.connection()
        events = _raw_events().where(table_of(PledgeEvent).c.campaign_id == self._campaign.id)
        if connection.dialect.name != "sqlite":
            result = connection.execute(events.execution_options(yield_per=ROWS_AT_ONCE))
            return chain.from_iterable(result.partitions())
        # SQLite reads as it is asked, so its rows need not pass SQLAlchemy's either.
        cursor = connection.execute(events).cursor
        assert cursor is not None
        return chain.from_iterable(iter(partial(cursor.fetchmany, ROWS_AT_ONCE), []))

    def find_problem(self, row: Sequence[Any]) -> str | None:
        """Return what is wrong with the content of an event."""
        standing = self._standings.get(row[17])
        version = self._versions.get((row[18], row[19]))
        if row[0] == 1 and any(row[13:17]):
            return "it holds something that its form does not hash"
        if standing is None or version is None:
            return "it belongs to nobody who stands, or to no ask"
        try:
            if self._hasher.hash(standing, version, row) != row[20]:
                problem = self._find_problem_slowly(row[1])
                if problem is not None:
                    return problem
            return self._breaches.find(row)
        except (TypeError, ValueError):
            return "it holds a value that no entry has"

    def _find_problem_slowly(self, sequence: int) -> str | None:
        """Look once more at what differs: the entry of somebody merged, another way to write it."""
        only = range(sequence, sequence + 1)
        found = stream_chain(self._session, self._campaign, sequences=only)
        try:
            (entry, stored_hash), *_ = found
            if chain_hash(entry) == stored_hash:
                return None
        except (LookupError, TypeError, ValueError):
            return "it holds a value that no entry has"
        return "its content is not what was hashed when it was added"


def _raw_events() -> Select[*tuple[Any, ...]]:
    events = table_of(PledgeEvent).c
    subject = table_of(PledgeEvent).alias("subject")
    return (
        select(
            raw(events.form), raw(events.sequence), raw(events.kind),
            subject.c.sequence.label("refers_to"),
            *map(raw, (
                events.stance, events.statement, events.channel, events.source_url, events.quote,
                events.verification_level, events.entered_by, events.recorded_at,
                events.previous_hash, events.archive_sha256, events.archive_url, events.reason,
                events.valid_from, events.candidacy_id, events.ask_id, events.ask_version_id,
                events.hash, events.id,
            )),
        )
        .select_from(table_of(PledgeEvent).outerjoin(subject, is_subject(subject.c, events)))
        .order_by(events.sequence)
    )  # fmt: skip
