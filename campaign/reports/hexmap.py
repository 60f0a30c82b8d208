"""The hexagon map as numbers; a template draws it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from campaign.geography.rules import hexagon_centre

SIZE = 10.0
"""Distance from a hexagon's centre to its corner in the drawing's units."""

_MARGIN = 2.0


class Shade(StrEnum):
    """How a hexagon is filled: by a share, as of standing candidates who said yes to any ask."""

    NO_POLL = "no_poll"
    """Nobody stands here, or the poll is cancelled."""
    UNANSWERED = "unanswered"
    NO_YES = "no_yes"
    SOME = "some"
    HALF = "half"
    """Half or more of them, not all."""
    ALL = "all"


def shade_of(*, part: int, whole: int, answered: int) -> Shade:
    """Return how a hexagon is filled for so many of its candidates, of those who answered."""
    if not whole:
        return Shade.NO_POLL
    if not answered:
        return Shade.UNANSWERED
    if not part:
        return Shade.NO_YES
    if part == whole:
        return Shade.ALL
    return Shade.HALF if part * 2 >= whole else Shade.SOME


@dataclass(frozen=True, slots=True)
class HexMap:
    """The drawing's box and where each place stands in it."""

    view_box: str
    outline: str
    """Points of one hexagon around 0,0, a little smaller than its cell."""
    centres: dict[int, tuple[float, float]]


def lay_out(places: Iterable[tuple[int, int | None, int | None]]) -> HexMap | None:
    """Return the map of (id, q, r); places without coordinates are left out, None when none is."""
    centres = {
        place: hexagon_centre(q, r, size=SIZE)
        for place, q, r in places
        if q is not None and r is not None
    }
    if not centres:
        return None
    left = min(x for x, _ in centres.values()) - SIZE - _MARGIN
    top = min(y for _, y in centres.values()) - SIZE - _MARGIN
    width = max(x for x, _ in centres.values()) + SIZE + _MARGIN - left
    height = max(y for _, y in centres.values()) + SIZE + _MARGIN - top
    return HexMap(
        view_box=f"0 0 {width:.1f} {height:.1f}",
        outline=_outline(SIZE * 0.95),
        centres={
            place: (round(x - left, 1), round(y - top, 1)) for place, (x, y) in centres.items()
        },
    )


def _outline(size: float) -> str:
    corners = (math.radians(60 * corner - 90) for corner in range(6))
    return " ".join(f"{size * math.cos(at):.2f},{size * math.sin(at):.2f}" for at in corners)
