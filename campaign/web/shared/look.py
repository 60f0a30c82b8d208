"""A campaign's own colours as a tiny stylesheet: no page needs inline style for them."""

import hashlib
from dataclasses import asdict
from functools import lru_cache

from flask import Flask

from campaign.campaigns.rules.accent import Palette, dark_palette, light_palette

MAX_AGE_SECONDS = 60 * 60 * 24 * 365
"""A year: the address carries the version, so other colours have another address."""

_PROPERTIES = {
    "accent": "--accent",
    "strong": "--accent-strong",
    "on_accent": "--on-accent",
    "tint": "--tint",
    "hero": "--hero",
    "glow": "--hero-glow",
}


@lru_cache(maxsize=64)
def stylesheet(accent: str) -> str:
    """Return the stylesheet that follows from an accent, for screens in both colour schemes."""
    return (
        f"@media screen{{:root{{{_declarations(light_palette(accent))}}}}}\n"
        "@media screen and (prefers-color-scheme:dark)"
        f"{{:root{{{_declarations(dark_palette(accent))}}}}}\n"
    )


@lru_cache(maxsize=64)
def version(accent: str) -> str:
    """Return what changes in the stylesheet's address when its colours change."""
    return hashlib.sha256(stylesheet(accent).encode()).hexdigest()[:12]


def init_app(app: Flask) -> None:
    """Let templates ask for the version."""
    app.add_template_global(version, "look_version")


def _declarations(palette: Palette) -> str:
    colours = asdict(palette)
    return ";".join(f"{_PROPERTIES[name]}:{colour}" for name, colour in colours.items())
