"""Text in pictures, in the one typeface that comes with Pillow.

That typeface has ASCII and a few more signs. What Welsh and other Latin names need beyond is made
of its letters with the accents drawn on; letters of other scripts become a question mark.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

_HAS = frozenset(chr(code) for code in range(32, 127)) | frozenset("©«°±´·»‘’“”…‹›⁄™")
_INSTEAD = str.maketrans(
    {
        "–": "-", "—": "-", "‑": "-", "−": "-", "\u00a0": " ", "£": "GBP ", "€": "EUR ",
        "Ø": "O", "ø": "o", "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ð": "d", "Ð": "D", "þ": "th",
        "Þ": "Th", "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ı": "i", "×": "x",
    }
)  # fmt: skip
_ABOVE = frozenset("\u0300\u0301\u0302\u0303\u0304\u0307\u0308\u030a\u030b\u030c")
_BELOW = frozenset("\u0327\u0328")

Colour = tuple[int, int, int]
Point = tuple[float, float]


class Lettering:
    """Writes lines of text on a drawing."""

    def __init__(self, draw: "ImageDraw") -> None:
        self._draw = draw

    def write(self, at: Point, text: str, *, size: int, fill: Colour, weight: int = 0) -> None:
        """Write one line; ``at`` is its beginning on the baseline, ``weight`` makes it bolder."""
        x, y = at
        font = typeface(size)
        for base, mark in _signs(text):
            if base == "i" and mark in _ABOVE:
                self._stem((x, y), font, fill, weight)  # Without the dot.
            else:
                self._draw.text(
                    (x, y), base, font=font, fill=fill, anchor="ls", stroke_width=weight,
                    stroke_fill=fill,
                )  # fmt: skip
            if mark:
                self._mark(mark, base, (x, y), size=size, fill=fill, weight=weight)
            x += font.getlength(base)

    def _stem(self, at: Point, font: "FreeTypeFont", fill: Colour, weight: int) -> None:
        x, y = at
        left, _top, right, _bottom = _ink("l", font)  # Its dot makes the ink of an i wider.
        top = _ink("x", font)[1]
        self._draw.rectangle((x + left - weight, y + top - weight, x + right + weight, y), fill)

    def _mark(
        self, mark: str, base: str, at: Point, *, size: int, fill: Colour, weight: int
    ) -> None:
        left, top, right, _bottom = _ink(base, typeface(size))
        if base == "i":
            top = _ink("x", typeface(size))[1]
        centre = at[0] + (left + right) / 2
        width, height = size * 0.30, size * 0.13
        thickness = max(1, round(size * 0.075) + weight)
        low = at[1] + top - size * 0.09
        if mark in _BELOW:
            low = at[1] + size * 0.19

        def point(across: float, up: float) -> Point:
            return centre + across * width, low - up * height

        for line in _STROKES.get(mark, ()):
            points = [point(*each) for each in line]
            self._draw.line(points, fill=fill, width=thickness, joint="curve")
        for each in _DOTS.get(mark, ()):
            x, y = point(*each)
            radius = thickness * 0.72
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill)
        if mark == "\u030a":
            radius = size * 0.1
            ring = (centre - radius, low - 2 * radius, centre + radius, low)
            self._draw.ellipse(ring, outline=fill, width=max(1, round(size * 0.05)))


_STROKES: dict[str, tuple[tuple[Point, ...], ...]] = {
    "\u0300": (((-0.35, 1), (0.2, 0)),),
    "\u0301": (((-0.2, 0), (0.35, 1)),),
    "\u0302": (((-0.5, 0), (0, 1), (0.5, 0)),),
    "\u0303": (((-0.5, 0.2), (-0.25, 0.8), (0.2, 0.2), (0.5, 0.8)),),
    "\u0304": (((-0.5, 0.4), (0.5, 0.4)),),
    "\u030b": (((-0.5, 0), (-0.1, 1)), ((0.1, 0), (0.5, 1))),
    "\u030c": (((-0.5, 1), (0, 0), (0.5, 1)),),
    "\u0327": (((0, 1.4), (0.15, 0.9), (0.1, 0.2), (-0.3, 0)),),
    "\u0328": (((0.15, 1.4), (-0.1, 0.6), (0.3, 0)),),
}
_DOTS: dict[str, tuple[Point, ...]] = {
    "\u0307": ((0, 0.5),),
    "\u0308": ((-0.42, 0.5), (0.42, 0.5)),
}


@lru_cache(maxsize=16)
def typeface(size: int) -> "FreeTypeFont":
    """Return the typeface in a size in pixels."""
    from PIL import ImageFont

    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow is built without FreeType"
    return font


def width_of(text: str, size: int) -> float:
    """Return how many pixels a line takes."""
    font = typeface(size)
    return sum(font.getlength(base) for base, _mark in _signs(text))


def wrap(text: str, *, size: int, width: float, lines: int) -> list[str]:
    """Return a text in as many lines as it needs; what does not fit ends with an ellipsis."""
    found: list[str] = []
    for word in text.split():
        longer = f"{found[-1]} {word}" if found else word
        if found and width_of(longer, size) <= width:
            found[-1] = longer
        else:
            found.append(word)
    if len(found) > lines:
        last = found[lines - 1]
        while last and width_of(f"{last}…", size) > width:
            last = last[:-1]
        found[lines - 1 :] = [f"{last.rstrip(' ,.;:')}…"]
    return found


def fit(text: str, *, sizes: tuple[int, ...], width: float, lines: int) -> tuple[int, list[str]]:
    """Return the greatest of the sizes in which a text fits, and its lines."""
    for size in sizes:
        found = wrap(text, size=size, width=width, lines=99)
        if len(found) <= lines and all(width_of(line, size) <= width for line in found):
            return size, found
    return sizes[-1], wrap(text, size=sizes[-1], width=width, lines=lines)


def _ink(sign: str, font: "FreeTypeFont") -> tuple[float, float, float, float]:
    """Return the box that a letter's ink fills, from its beginning on the baseline."""
    mask, (left, top) = font.getmask2(sign, anchor="ls")
    width, height = mask.size
    return left, top, left + width - 1, top + height - 1


def _signs(text: str) -> Iterator[tuple[str, str]]:
    """Yield each sign as a letter of the typeface and the accent to draw on it."""
    for sign in unicodedata.normalize("NFC", text).translate(_INSTEAD):
        if sign in _HAS:
            yield sign, ""
            continue
        base, *marks = tuple(unicodedata.normalize("NFD", sign))
        known = [mark for mark in marks if mark in _ABOVE or mark in _BELOW]
        if base in _HAS:
            yield base, known[0] if known else ""
        else:
            yield from ((each, "") for each in _spelled(base))


def _spelled(sign: str) -> str:
    plain = unicodedata.normalize("NFKD", sign)
    return "".join(each for each in plain if each in _HAS) or "?"
