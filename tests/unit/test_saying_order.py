from datetime import date

import pytest

from campaign.pledges.rules import Saying, find_newer_before, find_older_after


def said(sequence: int, day: int, corrects: int | None = None) -> Saying:
    return Saying(sequence, date(2031, 4, day), corrects)


@pytest.mark.parametrize(
    ("new", "newer_before", "older_after"),
    [
        (said(5, day=20), None, None),
        (said(5, day=19), 3, None),
        (said(5, day=9), 3, None),
        (said(5, day=19, corrects=3), None, None),
        (said(5, day=9, corrects=3), 1, None),
        (said(2, day=20), None, None),
        (said(2, day=21), None, 3),
        (said(2, day=21, corrects=3), None, None),
    ],
)
def test_the_newest_entry_is_what_was_said_last(
    new: Saying, newer_before: int | None, older_after: int | None
) -> None:
    public = [said(1, day=10), said(3, day=20)]
    newer, older = find_newer_before(new, public), find_older_after(new, public)
    assert (newer and newer.sequence, older and older.sequence) == (newer_before, older_after)


def test_what_a_public_entry_corrects_is_in_nobodys_way() -> None:
    public = [said(1, day=30), said(3, day=10, corrects=1)]
    assert find_newer_before(said(5, day=11), public) is None
