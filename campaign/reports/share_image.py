"""The picture that stands beside a shared link: what it is about, one figure, and the imprint."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from campaign.campaigns.rules.accent import HOUSE_ACCENT, light_palette
from campaign.reports.lettering import Colour, Lettering, fit, wrap

WIDTH, HEIGHT = 1200, 630
"""Pixels, as social networks ask for."""

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

_SCALE = 2  # Drawn twice as large and made smaller: the strokes of our own get smooth edges.
_MARGIN = 72
_WHITE: Colour = (255, 255, 255)
_SUN: Colour = (243, 179, 61)
_COLOURS = 48
_WIDTH_INSIDE = WIDTH - 2 * _MARGIN
_BESIDE_SUN = _WIDTH_INSIDE - 96 - 24
_IMPRINT_SIZE, _SMALLEST_SIZE = 28, 11
"""Pixels: a telephone shows the picture at about a third of its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareWords:
    """What stands in the picture."""

    organisation: str
    title: str
    place: str
    """Name of the constituency; empty for the campaign as a whole."""
    figure: str
    """As ``3 of 5 candidates have answered``."""
    note: str
    """As ``As of 4 July 2024``."""
    imprint: str
    """By the Elections Act 2022, part of the picture wherever that is practicable."""
    accent: str
    """As ``#rrggbb``; empty for the house's own."""
    rights: str
    """Licence and credit; they stand in the file, beside the picture."""


@lru_cache(maxsize=32)  # A picture takes a quarter of a second; the words seldom change.
def draw_share_image(words: ShareWords) -> bytes:
    """Return the picture as PNG."""
    # Here, because few processes ever draw, and it takes eight megabytes.
    from PIL import Image, ImageDraw

    palette = light_palette(words.accent or HOUSE_ACCENT)
    size = (WIDTH * _SCALE, HEIGHT * _SCALE)
    image = Image.new("RGB", size, _rgb(palette.hero))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, size[1] - 14 * _SCALE, *size), _SUN)
    _draw_sun(draw)
    pen = _Pen(Lettering(draw))
    pen.write(words.organisation, sizes=(30, 26), lines=1, y=_MARGIN + 20, width=_BESIDE_SUN)
    main, other = (words.place, words.title) if words.place else (words.title, "")
    sizes, lines = ((84, 72, 60, 52), 2) if words.place else ((76, 66, 58, 50), 3)
    bottom = pen.write(main, sizes=sizes, lines=lines, y=210, weight=2)
    if other:
        pen.write(other, sizes=(38, 34, 30), lines=2, y=bottom + 58)
    pen.write(words.figure, sizes=(46, 40, 34), lines=1, y=440, fill=_SUN, weight=1)
    pen.write(words.note, sizes=(28, 24), lines=1, y=480, fill=_SUN)
    pen.write_whole(words.imprint, y=530, room=80)
    return _png(image.reduce(_SCALE).quantize(_COLOURS), words)


def _draw_sun(draw: "ImageDraw.ImageDraw") -> None:
    """Draw the mark of the house, as it stands in the head of each page."""
    left, top = (WIDTH - _MARGIN - 96) * _SCALE, 60 * _SCALE
    diameter = 96 * _SCALE
    draw.pieslice((left, top, left + diameter, top + diameter), 180, 360, fill=_SUN)


class _Pen:
    """Writes blocks of text from the left margin, in pixels of the finished picture."""

    def __init__(self, lettering: Lettering) -> None:
        self._lettering = lettering

    def write(
        self,
        text: str,
        *,
        sizes: Sequence[int],
        lines: int,
        y: int,
        fill: Colour = _WHITE,
        weight: int = 0,
        leading: float = 1.12,
        width: int = _WIDTH_INSIDE,
    ) -> int:
        """Write a text below a baseline in the greatest size that fits; return the last one."""
        larger = tuple(size * _SCALE for size in sizes)
        size, found = fit(text, sizes=larger, width=width * _SCALE, lines=lines)
        baseline = y
        for number, line in enumerate(found):
            baseline = round(y + number * size * leading / _SCALE)
            self._lettering.write(
                (_MARGIN * _SCALE, baseline * _SCALE), line, size=size, fill=fill, weight=weight
            )
        return baseline

    def write_whole(self, text: str, *, y: int, room: int) -> None:
        """Write a text that must not be cut, from a baseline on, as large as the room allows."""
        leading = 1.25
        for size in range(_IMPRINT_SIZE, _SMALLEST_SIZE, -1):
            lines = 1 + int(room / (size * leading))
            found = wrap(text, size=size * _SCALE, width=_WIDTH_INSIDE * _SCALE, lines=99)
            if len(found) <= lines:
                break
        self.write(text, sizes=(size,), lines=len(found), y=y, leading=leading)


def _png(image: "Image.Image", words: ShareWords) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_itxt("Title", " – ".join(filter(None, (words.place, words.title))))
    notes.add_itxt("Copyright", f"{words.rights} {words.imprint}")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True, pnginfo=notes)
    return buffer.getvalue()


def _rgb(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
