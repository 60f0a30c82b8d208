"""Hexagon maps: hexjson, one hexagon for each constituency."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from campaign.importers.errors import ImportRefused
from campaign.importers.sources import OpenSource, reading

MAXIMUM_CHARACTERS = 20_000_000
LAYOUT = "odd-r"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hexagon:
    """Where one constituency lies in the map."""

    gss_code: str
    name: str
    region: str
    q: int
    r: int


def read(source: OpenSource) -> Iterator[Hexagon]:
    """Yield the hexagons of a hexjson file of layout odd-r; raises ImportRefused."""
    with reading(source.name):
        text = source.text.read(MAXIMUM_CHARACTERS + 1)
    if len(text) > MAXIMUM_CHARACTERS:
        raise ImportRefused(f"{source.name} is too large for a hexagon map.")
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ImportRefused(f"{source.name}{line}: expected hexjson, this is no JSON.") from error
    hexes = content.get("hexes") if isinstance(content, dict) else None
    if not isinstance(hexes, dict) or not hexes:
        raise ImportRefused(f"{source.name}: expected hexjson with an object “hexes”.")
    if content.get("layout") != LAYOUT:
        raise ImportRefused(
            f"{source.name}: expected the layout {LAYOUT}, found {content.get('layout')!r}."
        )
    places: dict[tuple[int, int], str] = {}
    for code, entry in hexes.items():
        hexagon = _hexagon(source.name, code, entry)
        other = places.setdefault((hexagon.q, hexagon.r), code)
        if other != code:
            raise ImportRefused(f"{source.name}: {other} and {code} have the same hexagon.")
        yield hexagon


def _hexagon(file: str, code: str, entry: object) -> Hexagon:
    values = entry if isinstance(entry, dict) else {}
    q, r = values.get("q"), values.get("r")
    if type(q) is not int or type(r) is not int:
        raise ImportRefused(f"{file}, {code}: expected whole numbers q and r.")
    return Hexagon(
        gss_code=code.strip(),
        name=str(values.get("n") or "").strip(),
        region=str(values.get("region") or values.get("a") or "").strip(),
        q=q,
        r=r,
    )
