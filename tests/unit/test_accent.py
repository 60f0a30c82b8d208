"""The colour that a campaign chooses, and the stylesheet's own copy of what follows from it."""

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.campaigns.rules import accent as rules
from campaign.campaigns.rules.accent import (
    HOUSE_ACCENT,
    TEXT_CONTRAST,
    check_accent,
    contrast,
    dark_palette,
    light_palette,
    nearest_accent,
    parse_colour,
)
from campaign.core.errors import InvalidInput
from campaign.web.shared import look

STYLESHEET = Path(__file__).parents[2] / "static" / "css" / "site.css"

colours = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")
accents = colours.map(nearest_accent)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),  # The grey that just fails, WCAG's own example.
        ("#ffffff", "#767676", 4.54),
        ("#ff0000", "#0000ff", 2.15),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("text", ["teal", "#fff", "0d5b57", "#0d5b5g", "#0d5b57;}", ""])
def test_only_six_digits_are_a_colour(text: str) -> None:
    with pytest.raises(InvalidInput, match="a colour as #0d5b57 is expected"):
        parse_colour(text)


def test_a_colour_is_kept_in_small_letters() -> None:
    assert parse_colour(" #5B2A86 ") == "#5b2a86"


@pytest.mark.parametrize("colour", [HOUSE_ACCENT, "#5b2a86", "#a63a24", "#1c5fa8", "#000000"])
def test_a_dark_colour_passes(colour: str) -> None:
    check_accent(colour)
    assert nearest_accent(colour) == colour


def test_a_pale_colour_is_refused_with_one_that_passes() -> None:
    with pytest.raises(InvalidInput) as error:
        check_accent("#ffcc00")
    assert str(error.value) == (
        "#ffcc00 is too pale to be read on our paper: its contrast is 1.3 to 1 and 4.5 to 1 is "
        "needed. Choose a darker colour; #826800 is the nearest that passes"
    )
    check_accent("#826800")


@given(accents)
def test_text_can_be_read_wherever_an_accent_that_passes_stands(accent: str) -> None:
    check_accent(accent)
    light, dark = light_palette(accent), dark_palette(accent)
    light_surfaces = (rules.WHITE, rules.PAPER, rules.SAND, light.tint)
    dark_surfaces = (rules.DARK_PAPER, rules.DARK_PANEL, dark.tint)
    pairs = [
        *product((light.accent, light.strong), light_surfaces),
        *product((dark.accent, dark.strong), dark_surfaces),
        *product((light.on_accent,), (light.accent, light.strong)),
        *product((dark.on_accent,), (dark.accent, dark.strong)),
        *product((rules.WHITE,), (light.hero, light.glow, dark.hero, dark.glow)),
    ]
    for text, surface in pairs:
        assert contrast(text, surface) >= TEXT_CONTRAST, (text, surface)


def tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{6})", css))


def test_the_stylesheet_holds_what_follows_from_the_houses_accent() -> None:
    """site.css writes the house's colours out; they must be those that the rules give."""
    css = STYLESHEET.read_text(encoding="utf-8")
    light, dark = css.split("@media (prefers-color-scheme: dark)")[:2]
    dark = dark.split("/* Base */")[0]
    own_light, own_dark = look.stylesheet(HOUSE_ACCENT).split("prefers-color-scheme:dark")
    assert tokens(own_light).items() <= tokens(light).items()
    assert tokens(own_dark).items() <= tokens(dark).items()
    assert len(tokens(own_light)) == len(tokens(own_dark)) == 6
    assert (tokens(light)["--paper"], tokens(light)["--sand"]) == (rules.PAPER, rules.SAND)
    assert tokens(light)["--panel"] == rules.WHITE
    assert (tokens(dark)["--paper"], tokens(dark)["--panel"]) == (
        rules.DARK_PAPER,
        rules.DARK_PANEL,
    )


TEXT = ("--ink", "--ink-soft", "--yes", "--partly", "--no")
SURFACES = ("--paper", "--panel", "--sand", "--tint")


def test_our_own_colours_can_be_read_in_both_schemes() -> None:
    css = STYLESHEET.read_text(encoding="utf-8")
    light, dark = css.split("@media (prefers-color-scheme: dark)")[:2]
    for scheme in (tokens(light), tokens(light) | tokens(dark.split("/* Base */")[0])):
        for text, surface in product(TEXT, SURFACES):
            assert contrast(scheme[text], scheme[surface]) >= TEXT_CONTRAST, (text, surface)
        assert contrast(scheme["--error"], scheme["--error-tint"]) >= TEXT_CONTRAST
        assert contrast(scheme["--on-yes"], scheme["--yes"]) >= TEXT_CONTRAST
        for surface in SURFACES:  # Borders of controls and of the map: WCAG 1.4.11.
            assert contrast(scheme["--line-strong"], scheme[surface]) >= 3, surface
