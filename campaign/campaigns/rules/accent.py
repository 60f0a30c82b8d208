"""The one colour that a campaign chooses: whether it can be read, and what follows from it.

Contrast is that of WCAG 2.2: (lighter + 0.05) / (darker + 0.05) of the relative luminances.
"""

import colorsys
import re
from collections.abc import Iterable
from dataclasses import dataclass

from campaign.core.errors import InvalidInput

HOUSE_ACCENT = "#0d5b57"
"""The accent of a campaign that sets none; static/css/site.css holds what follows from it."""

TEXT_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3: text of any size against what lies behind it."""

DARK_CONTRAST = 6.0
"""More than is needed, since a colour that just passes looks dull on a dark page."""

# Surfaces of static/css/site.css on which text stands; a test compares them.
WHITE = "#ffffff"
PAPER = "#fdf9f2"
SAND = "#f6efe3"
DARK_PAPER = "#17191d"
DARK_PANEL = "#22262c"

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_STEP = 0.01
_GREATEST_SATURATION_IN_THE_DARK = 0.6
"""A saturated colour glares on a dark page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """What follows from an accent for one colour scheme; colours as ``#rrggbb``."""

    accent: str
    """Links, buttons, large figures."""
    strong: str
    """The same under the pointer."""
    on_accent: str
    """Text on a button."""
    tint: str
    """A quiet surface."""
    hero: str
    """The head of the campaign page; its text is white."""
    glow: str
    """A lighter place in it; white text can stand there too."""


def parse_colour(text: str) -> str:
    """Return ``#rrggbb`` in small letters; raises InvalidInput for anything else."""
    colour = text.strip().lower()
    if not _COLOUR.fullmatch(colour):
        raise InvalidInput(f"a colour as {HOUSE_ACCENT} is expected, not {text}")
    return colour


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def check_accent(colour: str) -> None:
    """Raise InvalidInput, with the nearest colour that passes, where an accent cannot be read.

    White text must be readable on it, and it must be readable on each of our light surfaces.
    """
    least = _least_contrast(colour)
    if least < TEXT_CONTRAST:
        raise InvalidInput(
            f"{colour} is too pale to be read on our paper: its contrast is {least:.1f} to 1 and "
            f"{TEXT_CONTRAST} to 1 is needed. Choose a darker colour; "
            f"{nearest_accent(colour)} is the nearest that passes"
        )


def nearest_accent(colour: str) -> str:
    """Return the colour itself, or the first of its hue, going darker, that can be read."""
    while _least_contrast(colour) < TEXT_CONTRAST:
        colour = _shift(colour, -_STEP)
    return colour


def light_palette(accent: str) -> Palette:
    """Return what follows from an accent on our light paper."""
    strong = _mix(accent, "#000000", 0.32)
    return Palette(
        accent=accent,
        strong=strong,
        on_accent=WHITE,
        tint=_tint(accent),
        hero=strong,
        glow=accent,
    )


def dark_palette(accent: str) -> Palette:
    """Return what follows from an accent on our dark paper: lightened until it can be read."""
    light = _limit_saturation(accent)
    while True:
        tint = _mix(DARK_PAPER, light, 0.12)
        if min(contrast(light, each) for each in (DARK_PAPER, DARK_PANEL, tint)) >= DARK_CONTRAST:
            break
        light = _shift(light, _STEP)
    return Palette(
        accent=light,
        strong=_mix(light, WHITE, 0.4),
        on_accent=DARK_PAPER,
        tint=tint,
        hero=_mix(accent, DARK_PAPER, 0.6),
        glow=_mix(accent, DARK_PAPER, 0.25),
    )


def _least_contrast(colour: str) -> float:
    return min(contrast(colour, each) for each in (WHITE, PAPER, SAND, _tint(colour)))


def _tint(colour: str) -> str:
    return _mix(PAPER, colour, 0.07)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(colour: str, other: str, share: float) -> str:
    """Return the colour with this share of the other in it, mixed in sRGB as CSS does."""
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return _text(a * (1 - share) + b * share for a, b in pairs)


def _shift(colour: str, step: float) -> str:
    """Return the colour lighter or, with a negative step, darker; its hue stays."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(colour))
    return _text(colorsys.hls_to_rgb(hue, min(max(lightness + step, 0.0), 1.0), saturation))


def _limit_saturation(colour: str) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(colour))
    limited = min(saturation, _GREATEST_SATURATION_IN_THE_DARK)
    return _text(colorsys.hls_to_rgb(hue, lightness, limited))


def _parts(colour: str) -> tuple[float, float, float]:
    return (
        int(colour[1:3], 16) / 255,
        int(colour[3:5], 16) / 255,
        int(colour[5:7], 16) / 255,
    )


def _text(parts: Iterable[float]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
