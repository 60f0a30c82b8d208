"""Constituencies: a CSV with code, name, Welsh name, nation, region, or a hexjson."""

import re
from collections.abc import Iterator

from uk_election_ids.slugger import slugify

from campaign.geography.rules import ConstituencyRecord
from campaign.importers import hexmap
from campaign.importers.errors import ImportRefused
from campaign.importers.sources import OpenSource
from campaign.importers.tables import Table

NAMES_OF_SETS = {
    "pcon10": "UK constituencies from 2010 to 2024",
    "pcon24": "UK constituencies from 2024",
}
CREDIT = (
    "Constituencies: Office for National Statistics, [Open Government Licence v3]"
    "(https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/)."
)
HEXAGON_CREDIT = (
    "Hexagons: [Open Innovations](https://open-innovations.org/projects/hexmaps/) "
    "(constituencies layout)."
)
_CODE_COLUMN = re.compile(r"(pcon\d\d)(cd)?")
_NATIONS = {"E": "England", "N": "Northern Ireland", "S": "Scotland", "W": "Wales"}
_REGIONS = {
    ("E12000001", "NE"): "North East",
    ("E12000002", "NW"): "North West",
    ("E12000003", "YH"): "Yorkshire and The Humber",
    ("E12000004", "EM"): "East Midlands",
    ("E12000005", "WM"): "West Midlands",
    ("E12000006", "EA"): "East of England",
    ("E12000007", "LO"): "London",
    ("E12000008", "SE"): "South East",
    ("E12000009", "SW"): "South West",
    ("N92000002", "NI"): "Northern Ireland",
    ("S92000003", "SC"): "Scotland",
    ("W92000004", "WA"): "Wales",
}
_REGION_OF_CODE = {code: name for codes, name in _REGIONS.items() for code in codes}


def is_hexjson(source: OpenSource) -> bool:
    """Tell a hexjson from a CSV by its first sign, and go back to the start."""
    start = source.text.read(200).lstrip()
    source.text.seek(0)
    return start.startswith("{")


def read(source: OpenSource) -> tuple[str | None, Iterator[ConstituencyRecord]]:
    """Return the boundary set that the file names, if it does, and its constituencies.

    Raises ImportRefused with file, row, column and what was expected.
    """
    if is_hexjson(source):
        return None, (
            _record(
                gss_code=each.gss_code,
                name=each.name or _missing_name(source.name, each.gss_code),
                region=each.region,
                hexagon=(each.q, each.r),
                is_name_provisional=True,
            )
            for each in hexmap.read(source)
        )
    table = Table.read(source)
    code_column = next(
        (name for name in table.columns if _CODE_COLUMN.fullmatch(name)),
        next((name for name in ("gss_code", "gss", "code") if name in table.columns), None),
    )
    if code_column is None or table.place("name", f"{code_column[:6]}nm") is None:
        raise ImportRefused(
            f"{source.name}, row 1: expected a column of codes (gss_code or pcon24cd) and a "
            f"column name, found {', '.join(table.header[:8])}."
        )
    match = _CODE_COLUMN.fullmatch(code_column)
    return (match[1] if match else None), _read_rows(table, code_column)


def _read_rows(table: Table, code_column: str) -> Iterator[ConstituencyRecord]:
    places = {
        "code": table.columns[code_column],
        "name": table.place("name", f"{code_column[:6]}nm"),
        "name_cy": table.place("name_cy", "welsh_name", "name_welsh", f"{code_column[:6]}nmw"),
        "nation": table.place("nation", "country"),
        "region": table.place("region", "region_name"),
        "slug": table.place("dc_slug", "slug"),
        "q": table.place("hex_q", "q"),
        "r": table.place("hex_r", "r"),
        "superseded": table.place("superseded_gss", "superseded"),
    }
    code_at, name_at = places["code"], places["name"]
    assert code_at is not None
    assert name_at is not None
    first_rows: dict[object, int] = {}
    for row, cells in table.rows():

        def cell(column: str, cells: list[str] = cells) -> str | None:
            place = places[column]
            return None if place is None else " ".join(cells[place].split())

        code, name = cell("code") or "", cell("name") or ""
        if not re.fullmatch(r"[A-Z]\d{8}", code):
            raise table.invalid(
                row, code_at, expected="a GSS code such as E14001063", found=cells[code_at]
            )
        if not name or "\0" in name:
            raise table.invalid(row, name_at, expected="a name", found=cells[name_at])
        record = _record(
            gss_code=code,
            name=name,
            name_cy=cell("name_cy"),
            nation=cell("nation"),
            region=cell("region"),
            slug=cell("slug"),
            hexagon=_hexagon(table, row, places["q"], places["r"], cells),
            superseded=tuple(re.findall(r"[A-Z]\d{8}", cell("superseded") or "")),
        )
        for key in (record.gss_code, record.slug, record.hexagon):
            if key is not None and first_rows.setdefault(key, row) != row:
                raise ImportRefused(
                    f"{table.name}, row {row}: {key} is in row {first_rows[key]} already."
                )
        yield record


def _hexagon(
    table: Table, row: int, q_at: int | None, r_at: int | None, cells: list[str]
) -> tuple[int, int] | None:
    if q_at is None or r_at is None or not (cells[q_at] or cells[r_at]):
        return None
    for place in (q_at, r_at):
        if not re.fullmatch(r"-?\d{1,5}", cells[place]):
            raise table.invalid(row, place, expected="a whole number", found=cells[place])
    return int(cells[q_at]), int(cells[r_at])


def _record(
    *,
    gss_code: str,
    name: str,
    name_cy: str | None = None,
    nation: str | None = None,
    region: str | None = None,
    slug: str | None = None,
    hexagon: tuple[int, int] | None = None,
    superseded: tuple[str, ...] = (),
    is_name_provisional: bool = False,
) -> ConstituencyRecord:
    return ConstituencyRecord(
        gss_code=gss_code,
        name=name,
        name_cy=name_cy,
        slug=slug or slugify(name),
        nation=nation or _NATIONS.get(gss_code[:1]),
        region=_REGION_OF_CODE.get(region, region) if region else None,
        hexagon=hexagon,
        superseded=superseded,
        is_name_provisional=is_name_provisional,
    )


def _missing_name(file: str, code: str) -> str:
    raise ImportRefused(f"{file}, {code}: expected a name n.")
