import pytest

from campaign.supporters.errors import AddressInvalid
from campaign.supporters.rules import normalise_email


@pytest.mark.parametrize("typed", ["jane@example.org", " Jane@Example.ORG ", "JANE@EXAMPLE.ORG"])
def test_one_address_is_one_supporter(typed: str) -> None:
    assert normalise_email(typed) == "jane@example.org"


@pytest.mark.parametrize("typed", ["", "jane", "jane@", "a@b@c.org", "jane@org", "é@example.org"])
def test_what_cannot_be_an_address_is_refused(typed: str) -> None:
    with pytest.raises(AddressInvalid):
        normalise_email(typed)
