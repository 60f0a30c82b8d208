import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.reports.spreadsheets import neutral_cell, plain_links


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =cmd|' /C calc'!A0"]
)
def test_formulas_become_text(cell: str) -> None:
    assert neutral_cell(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("value", "cell"), [("Yes", "Yes"), (None, ""), (0, "0"), (-3, "-3"), ("a=b", "a=b")]
)
def test_plain_values_stay(value: object, cell: str) -> None:
    assert neutral_cell(value) == cell


@given(st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert not neutral_cell(text).lstrip().startswith(("=", "+", "-", "@"))


def test_links_of_markdown_become_plain() -> None:
    credit = "Candidates: [Democracy Club](https://democracyclub.org.uk/), CC BY 4.0"
    assert plain_links(credit) == (
        "Candidates: Democracy Club (https://democracyclub.org.uk/), CC BY 4.0"
    )
