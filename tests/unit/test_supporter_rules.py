import pytest

from campaign.supporters.errors import AddressInvalid
from campaign.supporters.rules import normalise_email, public_count


@pytest.mark.parametrize("typed", ["jane@example.org", " Jane@Example.ORG ", "JANE@EXAMPLE.ORG"])
def test_one_address_is_one_supporter(typed: str) -> None:
    assert normalise_email(typed) == "jane@example.org"


@pytest.mark.parametrize("typed", ["", "jane", "jane@", "a@b@c.org", "jane@org", "é@example.org"])
def test_what_cannot_be_an_address_is_refused(typed: str) -> None:
    with pytest.raises(AddressInvalid):
        normalise_email(typed)


@pytest.mark.parametrize(
    ("number", "told"), [(0, None), (4, None), (5, 5), (9, 5), (10, 10), (1_234, 1_230)]
)
def test_counts_of_supporters_are_told_in_steps(number: int, told: int | None) -> None:
    assert public_count(number) == told
