"""How texts are printed."""

import pytest

from campaign.web.shared.filters import in_quotes


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("I will.", "“I will.”"),
        ("“I will.”", "“I will.”"),
        ('"I will."', "“I will.”"),
        ("Asked: “You have my word.”", "“Asked: “You have my word.””"),
        ("“Yes” and “no”", "““Yes” and “no””"),
        ("“She said “yes” to us.”", "“She said “yes” to us.”"),
    ],
)
def test_a_quote_keeps_its_own_marks_inside_one_pair(text: str, printed: str) -> None:
    assert in_quotes(text) == printed
