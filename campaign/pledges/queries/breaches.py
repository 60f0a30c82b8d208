"""Events of a record that nobody could have added, found at the pace of the database."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from campaign.campaigns.models import Campaign
from campaign.core.db import table_of
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries.chain import ROWS_AT_ONCE, is_subject
from campaign.pledges.rules import (
    CANDIDATE,
    Channel,
    EntryLife,
    EventKind,
    Stance,
    Step,
    VerificationLevel,
    find_anachronism,
    find_flaw,
)

_PLAIN = frozenset((EventKind.ANSWER, None, stance) for stance in Stance)
"""Kind, subject and stance of what candidates answer by their link."""
_BY_LINK = (Channel.LINK, "", "", VerificationLevel.FIRST_HAND, CANDIDATE)
"""Channel, source, quote, level and author of it."""
_WITHOUT_MORE = ("", "", "", None)
"""Copies, reason and day of it."""


class Breaches:
    """Judges the events of a record one after another, as the database has them."""

    def __init__(self, session: Session, campaign: Campaign, *, now: datetime) -> None:
        self._now = now
        self._raw_now = _raw_moment(session, now)
        self._newest = _raw_moment(session, datetime.min.replace(tzinfo=UTC))
        self._missteps = dict(_list_missteps(session, campaign))

    def find(self, row: Sequence[Any]) -> str | None:
        """Return why nobody could have added an event whose content is what was hashed.

        ``row`` has the columns that ``RawChainHasher.hash`` names, in their order. Raises
        ValueError or TypeError for values of no event.
        """
        # The candidates' own answers are most of a record, and ask for no closer look.
        is_plain = row[2:5] in _PLAIN and row[6:11] == _BY_LINK and row[13:17] == _WITHOUT_MORE
        if not is_plain and (flaw := find_flaw(_step(row))):
            return flaw
        if self._missteps and (misstep := self._missteps.get(row[1])):
            return misstep
        if self._newest <= row[11] <= self._raw_now:
            self._newest = row[11]
            return None
        return find_anachronism(_moment(row[11]), newest=_moment(self._newest), now=self._now)


def _list_missteps(session: Session, campaign: Campaign) -> Iterator[tuple[int, str]]:
    """Yield the events about another one that could not follow on what was said of it before.

    The database sorts them by what they are about, so that the lives of entries pass one by one.
    """
    events, subject = table_of(PledgeEvent), table_of(PledgeEvent).alias("subject")
    is_same = and_(
        subject.c.candidacy_id == events.c.candidacy_id,
        subject.c.ask_id == events.c.ask_id,
        subject.c.sequence < events.c.sequence,
    )
    columns = (
        events.c.refers_to_id, events.c.sequence, events.c.kind, events.c.channel,
        events.c.entered_by, subject.c.kind, subject.c.channel, subject.c.entered_by,
    )  # fmt: skip
    about = (
        select(*(raw(column, f"c{n}") for n, column in enumerate(columns)))
        .add_columns(is_same.label("is_same"))
        .select_from(events.outerjoin(subject, is_subject(subject.c, events.c)))
        .where(events.c.campaign_id == campaign.id, events.c.refers_to_id.is_not(None))
        .order_by(events.c.refers_to_id, events.c.sequence)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    for _entry_id, group in groupby(session.execute(about), key=lambda row: row[0]):
        life: EntryLife | None = None
        for _id, sequence, kind, channel, entered_by, *entry, is_same_entry in group:
            life = life or EntryLife(*entry)
            misstep = life.find_misstep(
                kind=kind, channel=channel, entered_by=entered_by, is_same=bool(is_same_entry)
            )
            if misstep:
                yield sequence, misstep
            else:
                life = life.after(kind)


def _step(row: Sequence[Any]) -> Step:
    return Step(
        kind=row[2],
        channel=row[6],
        entered_by=row[10],
        level=row[9],
        is_about=row[3] is not None,
        recorded_on=_moment(row[11]).date(),
        stance=row[4],
        statement=row[5],
        source=row[7] or row[8],
        copy=row[13] or row[14],
        day=date.fromisoformat(row[16]) if isinstance(row[16], str) else row[16],
        reason=row[15],
    )


def _moment(raw: Any) -> datetime:
    """Return a time that came past the types of the ORM."""
    if isinstance(raw, str):
        return datetime.fromisoformat(raw).replace(tzinfo=UTC)
    return raw.astimezone(UTC)  # type: ignore[no-any-return]


def _raw_moment(session: Session, moment: datetime) -> Any:
    """Return a time as the database has it, to be compared with those of rows."""
    if session.connection().dialect.name != "sqlite":
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def raw(column: ColumnElement[Any], name: str | None = None) -> ColumnElement[Any]:
    """Select a column as the database has it: a value that no entry has must not raise."""
    return type_coerce(column, NullType()).label(name or column.name)
