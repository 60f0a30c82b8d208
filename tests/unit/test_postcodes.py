import pytest

from campaign.geography.rules import (
    likely_postcodes,
    looks_like_postcode,
    normalise_postcode,
    outside_uk,
)


@pytest.mark.parametrize("typed", ["ab10 1ab", " AB101AB ", "Ab10  1aB", "AB10-1AB", "ab 10 1 ab"])
def test_any_spacing_and_case_is_one_postcode(typed: str) -> None:
    assert normalise_postcode(typed) == "AB101AB"


@pytest.mark.parametrize("typed", ["", "AB10", "1AB AB10", "AB10 1A", "<script>", "AB10 1AB1"])
def test_what_cannot_be_a_postcode_is_none(typed: str) -> None:
    assert normalise_postcode(typed) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("AB1O 1AB", "AB101AB"), ("SW1A IAA", "SW1A1AA"), ("M1 lAE", "M11AE"), ("0X1 1AA", "OX11AA")],
)
def test_a_letter_for_a_digit_is_forgiven(typed: str, meant: str) -> None:
    assert meant in likely_postcodes(typed)


def test_a_right_postcode_is_not_offered_again() -> None:
    assert "AB101AB" not in likely_postcodes("AB10 1AB")


def test_the_islands_are_known() -> None:
    assert outside_uk("IM11AA") == "the Isle of Man"
    assert outside_uk("AB101AB") is None


@pytest.mark.parametrize(
    ("typed", "is_meant"),
    [
        ("AB10 1AB", True),
        ("ab10", True),
        ("M1", True),
        ("sw1a 1", True),
        ("SW1A IAA", True),
        ("JE2 3AB", True),
        ("Holborn", False),
        ("Ely", False),
        ("100", False),
        ("Aldershot GU11", False),
        ("", False),
    ],
)
def test_who_means_a_postcode_is_understood(typed: str, is_meant: bool) -> None:
    assert looks_like_postcode(typed) == is_meant
