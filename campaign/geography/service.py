"""Writes of the geography domain: constituencies, their hexagons, whole sets of postcodes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, MetaData, Table, and_, case, func, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaign.core.db import Base
from campaign.geography.errors import (
    ConstituenciesInvalid,
    PostcodesDisturbed,
    PostcodeTwice,
)
from campaign.geography.models import (
    BoundarySet,
    Constituency,
    ConstituencyAlias,
    Postcode,
    PostcodeRelease,
)
from campaign.geography.queries import find_boundary_set, list_constituencies
from campaign.geography.rules import ConstituencyRecord, PostcodeChanges, PostcodeRow

NEXT_POSTCODES = "postcodes_next"
_LOADING_CACHE_KIB = 64 * 1024
_USUAL_CACHE_KIB = 2000


@dataclass(kw_only=True)
class ConstituencyChanges:
    """What writing a list of constituencies did, by name."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    not_in_file: list[str] = field(default_factory=list)
    """Constituencies that were there before and stay."""


def write_boundary_set(session: Session, *, slug: str, name: str, credit: str) -> BoundarySet:
    """Return the boundary set of this name, made if it was not there; a new credit is noted."""
    boundary_set = find_boundary_set(session, slug)
    if boundary_set is None:
        boundary_set = BoundarySet(slug=slug, name=name, credit=credit)
        session.add(boundary_set)
        session.flush()  # its number is wanted by its constituencies
    elif credit and credit not in boundary_set.credit:
        boundary_set.credit = f"{boundary_set.credit} {credit}".strip()
    return boundary_set


def write_constituencies(
    session: Session, boundary_set: BoundarySet, records: Iterable[ConstituencyRecord]
) -> ConstituencyChanges:
    """Add and change constituencies; what a record says nothing about stays as it is."""
    changes = ConstituencyChanges()
    known = {each.gss_code: each for each in list_constituencies(session, boundary_set.id)}
    missing = dict(known)
    former: list[tuple[str, Constituency]] = []
    for record in records:
        constituency = known.get(record.gss_code)
        missing.pop(record.gss_code, None)
        if constituency is None:
            constituency = Constituency(
                boundary_set=boundary_set, gss_code=record.gss_code, **_values(record)
            )
            session.add(constituency)
            changes.added.append(record.name)
        elif _change(constituency, _values(record, is_known=True)):
            changes.changed.append(record.name)
        else:
            changes.unchanged.append(record.name)
        former.extend((code, constituency) for code in record.superseded)
    changes.not_in_file.extend(each.name for each in missing.values())
    session.flush()  # aliases want the numbers of new constituencies
    _write_aliases(session, former)
    return changes


def write_hexagons(
    session: Session, boundary_set: BoundarySet, hexagons: Mapping[str, tuple[int, int]]
) -> ConstituencyChanges:
    """Put hexagons on the constituencies of these GSS codes; every code must be known."""
    changes = ConstituencyChanges()
    known = {each.gss_code: each for each in list_constituencies(session, boundary_set.id)}
    unknown = sorted(hexagons.keys() - known.keys())
    if unknown:
        raise ConstituenciesInvalid(
            f"{len(unknown)} of {len(hexagons)} hexagons are for codes that {boundary_set.slug} "
            f"does not have, the first is {unknown[0]}."
        )
    for code, (q, r) in hexagons.items():
        constituency = known.pop(code)
        if _change(constituency, {"hex_q": q, "hex_r": r}):
            changes.changed.append(constituency.name)
        else:
            changes.unchanged.append(constituency.name)
    changes.not_in_file.extend(each.name for each in known.values())
    return changes


class PostcodeLoad:
    """A new set of postcodes, filled beside the one in use and put in its place at the end.

    A temporary load is for looking only: it is in no one else's sight and leaves nothing behind.
    The caller commits, after each block if it likes: readers see the old set until the end.
    """

    def __init__(self, session: Session, *, is_temporary: bool = False) -> None:
        self._session = session
        self._is_sqlite = session.get_bind().dialect.name == "sqlite"
        self._count = 0
        old = Base.metadata.tables[Postcode.__tablename__]
        metadata = MetaData(naming_convention=Base.metadata.naming_convention)
        self._table: Table = old.to_metadata(metadata, name=NEXT_POSTCODES)
        if is_temporary:
            self._table._prefixes = ["TEMPORARY"]
        elif not self._is_sqlite:
            # PostgreSQL wants a name of its own and renames it later; SQLite can do neither.
            self._table.primary_key.name = f"pk_{NEXT_POSTCODES}"

    def begin(self) -> None:
        """Make the empty table; one that a killed import left is replaced."""
        self.discard()
        self._table.create(self._session.connection())

    def add(self, rows: list[PostcodeRow]) -> None:
        """Add a block of rows; raises PostcodeTwice."""
        connection = self._session.connection()
        driver_errors: Any = connection.dialect.dbapi
        try:
            if self._is_sqlite:
                self._insert(connection, rows)
            else:
                self._copy(connection, rows)
        except (IntegrityError, driver_errors.IntegrityError) as error:
            raise PostcodeTwice("A postcode is in the file twice.") from error
        self._count += len(rows)

    def compare(self) -> PostcodeChanges:
        """Count what is new, changed and gone against the set in use."""
        new, old = self._table.c, Base.metadata.tables[Postcode.__tablename__].c
        no_seat = and_(new.constituency_id.is_(None), new.ended.is_(None))
        total, ended, without = self._session.execute(
            select(func.count(), func.count(new.ended), func.count(case((no_seat, 1))))
        ).one()
        old_total = self._session.scalar(select(func.count()).select_from(Postcode)) or 0
        common = changed = 0
        if old_total:
            is_changed = or_(
                new.constituency_id.is_distinct_from(old.constituency_id),
                new.ended.is_distinct_from(old.ended),
            )
            common, changed = self._session.execute(
                select(func.count(), func.count(case((is_changed, 1)))).select_from(
                    self._table.join(old.postcode.table, new.postcode == old.postcode)
                )
            ).one()
        return PostcodeChanges(
            total=total,
            ended=ended,
            without_constituency=without,
            added=total - common,
            changed=changed,
            removed=old_total - common,
        )

    def put_in_place(self, release: PostcodeRelease) -> None:
        """Put the new table in the old one's place and note the release; all in one transaction."""
        if self._session.scalar(select(func.count()).select_from(self._table)) != self._count:
            raise PostcodesDisturbed("Another import of postcodes ran at the same time; try again.")
        name = Postcode.__tablename__
        self._session.execute(text(f"DROP TABLE {name}"))
        self._session.execute(text(f"ALTER TABLE {NEXT_POSTCODES} RENAME TO {name}"))
        if not self._is_sqlite:
            self._session.execute(
                text(f"ALTER TABLE {name} RENAME CONSTRAINT pk_{NEXT_POSTCODES} TO pk_{name}")
            )
        self._session.add(release)
        self._session.flush()

    def discard(self) -> None:
        """Drop the new table, if it is there."""
        if self._is_sqlite:
            self._set_cache(_USUAL_CACHE_KIB)
        self._session.execute(text(f"DROP TABLE IF EXISTS {NEXT_POSTCODES}"))

    def _insert(self, connection: Connection, rows: list[PostcodeRow]) -> None:
        self._set_cache(_LOADING_CACHE_KIB)
        connection.exec_driver_sql(
            f"INSERT INTO {NEXT_POSTCODES} (postcode, constituency_id, ended) VALUES (?, ?, ?)",  # noqa: S608
            rows,
        )

    def _copy(self, connection: Connection, rows: list[PostcodeRow]) -> None:
        # COPY's text format; a postcode is letters and digits, so nothing needs escaping.
        block = "".join(
            f"{postcode}\t{_or_null(constituency_id)}\t{_or_null(ended)}\n"
            for postcode, constituency_id, ended in rows
        )
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {NEXT_POSTCODES} FROM STDIN") as copy:
            copy.write(block)

    def _set_cache(self, kib: int) -> None:
        # Rows that come in no order would else read a page from disk for almost every row.
        self._session.execute(text(f"PRAGMA cache_size = -{kib}"))


def _or_null(number: int | None) -> str:
    return "\\N" if number is None else str(number)


def _write_aliases(session: Session, former: list[tuple[str, Constituency]]) -> None:
    if not former:
        return
    known = {
        alias.gss_code: alias
        for alias in session.scalars(
            select(ConstituencyAlias).where(
                ConstituencyAlias.gss_code.in_([code for code, _ in former])
            )
        )
    }
    for code, constituency in former:
        alias = known.get(code)
        if alias is None:
            session.add(ConstituencyAlias(gss_code=code, constituency_id=constituency.id))
        else:
            alias.constituency_id = constituency.id


def _values(record: ConstituencyRecord, *, is_known: bool = False) -> dict[str, object]:
    q, r = record.hexagon or (None, None)
    keeps_name = is_known and record.is_name_provisional
    values = {
        "name": None if keeps_name else record.name,
        "slug": None if keeps_name else record.slug,
        "name_cy": record.name_cy,
        "nation": record.nation,
        "region": record.region,
        "hex_q": q,
        "hex_r": r,
    }
    return {name: value for name, value in values.items() if value is not None}


def _change(constituency: Constituency, values: Mapping[str, object]) -> bool:
    is_changed = False
    for name, value in values.items():
        if getattr(constituency, name) != value:
            setattr(constituency, name, value)
            is_changed = True
    return is_changed
