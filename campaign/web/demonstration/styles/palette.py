"""The tokens of the stylesheet, and how well one colour can be read on another."""

import re
from dataclasses import dataclass

from campaign.campaigns.rules.accent import contrast

_BLOCK = re.compile(r":root\s*\{([^}]*)\}")
_TOKEN = re.compile(r"--([a-z0-9-]+):\s*([^;]+);")
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)

TEXT, LARGE = 4.5, 3.0
"""Least ratios of WCAG 2.2 AA: for text, and for large text and the edges of controls."""

PAIRS = (
    ("ink", "paper", TEXT),
    ("ink", "panel", TEXT),
    ("ink", "tint", TEXT),
    ("ink", "sand", TEXT),
    ("ink-soft", "paper", TEXT),
    ("ink-soft", "panel", TEXT),
    ("ink-soft", "tint", TEXT),
    ("ink-soft", "sand", TEXT),
    ("accent", "paper", TEXT),
    ("accent", "panel", TEXT),
    ("accent", "tint", TEXT),
    ("accent", "sand", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("yes", "paper", TEXT),
    ("yes", "panel", TEXT),
    ("on-yes", "yes", TEXT),
    ("partly", "paper", TEXT),
    ("partly", "panel", TEXT),
    ("no", "paper", TEXT),
    ("no", "panel", TEXT),
    ("error", "paper", TEXT),
    ("error", "error-tint", TEXT),
    ("line-strong", "paper", LARGE),
    ("line-strong", "panel", LARGE),
    ("accent", "line", LARGE),
    ("focus", "focus-back", LARGE),
)
"""What stands on what: (front, ground, least ratio). A new pair of the design is added here."""


@dataclass(frozen=True, slots=True)
class Token:
    """One custom property of the stylesheet, in light and in dark."""

    name: str
    light: str
    dark: str

    @property
    def is_colour(self) -> bool:
        """Whether it is a plain colour, of which a swatch can be drawn."""
        return all(_COLOUR.fullmatch(value) for value in (self.light, self.dark))


@dataclass(frozen=True, slots=True)
class Pair:
    """One colour on another, and how well it can be read, in light and in dark."""

    front: Token
    ground: Token
    least: float
    light: float
    dark: float

    @property
    def is_enough(self) -> bool:
        """Whether both ratios reach the least."""
        return min(self.light, self.dark) >= self.least


def read_tokens(stylesheet: str) -> dict[str, Token]:
    """Return the tokens of a stylesheet by name.

    ``:root`` stands for light, and again behind ``prefers-color-scheme: dark`` for what differs.
    """
    # What paper gets comes last and is neither.
    plain, _, _ = _COMMENT.sub("", stylesheet).partition("@media print")
    before, _, after = plain.partition("prefers-color-scheme: dark")
    light, dark = (
        {k: v for block in _BLOCK.findall(part) for k, v in _TOKEN.findall(block)}
        for part in (before, after)
    )
    return {name: Token(name, value, dark.get(name, value)) for name, value in light.items()}


def measure_pairs(tokens: dict[str, Token]) -> list[Pair]:
    """Return each pair with its ratios."""
    return [
        Pair(
            front=tokens[front],
            ground=tokens[ground],
            least=least,
            light=contrast(tokens[front].light, tokens[ground].light),
            dark=contrast(tokens[front].dark, tokens[ground].dark),
        )
        for front, ground, least in PAIRS
    ]
