"""The imports of constituencies and of their hexagons."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaign.geography.models import BoundarySet
from campaign.geography.queries import (
    find_boundary_set_of_codes,
    get_boundary_set,
)
from campaign.geography.service import (
    ConstituencyChanges,
    write_boundary_set,
    write_constituencies,
    write_hexagons,
)
from campaign.importers import constituencies, hexmap
from campaign.importers.errors import ImportRefused
from campaign.importers.sources import Source


@dataclass(frozen=True, kw_only=True)
class ConstituencyReport:
    """What an import of constituencies or hexagons did."""

    boundary_set: str
    changes: ConstituencyChanges


def import_constituencies(
    session: Session, source: Source, *, boundary_set: str | None = None, name: str | None = None
) -> ConstituencyReport:
    """Add and change the constituencies of one boundary set; the caller commits or rolls back."""
    with source.open_text(".csv", ".hexjson", ".json") as text:
        named, rows = constituencies.read(text)
        records = list(rows)
    if not records:
        raise ImportRefused(f"{source.name} has a header and no constituencies.")
    slug = boundary_set or named
    if slug is None:
        known = find_boundary_set_of_codes(session, [record.gss_code for record in records])
        slug = known.slug if known else None
    if slug is None:
        raise ImportRefused(
            f"{source.name} does not say which boundaries it has; "
            "name them, for example: --boundary-set pcon24"
        )
    credit = constituencies.CREDIT
    if any(record.hexagon for record in records):
        credit = f"{credit} {constituencies.HEXAGON_CREDIT}"
    target = write_boundary_set(
        session, slug=slug, name=name or constituencies.NAMES_OF_SETS.get(slug, slug), credit=credit
    )
    changes = write_constituencies(session, target, records)
    return ConstituencyReport(boundary_set=slug, changes=changes)


def import_hexmap(
    session: Session, source: Source, *, boundary_set: str | None = None
) -> ConstituencyReport:
    """Put the hexagons of a hexjson on known constituencies; the caller commits or rolls back."""
    with source.open_text(".hexjson", ".json") as text:
        hexagons = {each.gss_code: (each.q, each.r) for each in hexmap.read(text)}
    target: BoundarySet | None
    if boundary_set is not None:
        target = get_boundary_set(session, boundary_set)
    else:
        target = find_boundary_set_of_codes(session, list(hexagons))
    if target is None:
        raise ImportRefused(
            f"None of the codes of {source.name} is known; import its constituencies first."
        )
    changes = write_hexagons(session, target, hexagons)
    write_boundary_set(
        session, slug=target.slug, name=target.name, credit=constituencies.HEXAGON_CREDIT
    )
    return ConstituencyReport(boundary_set=target.slug, changes=changes)
