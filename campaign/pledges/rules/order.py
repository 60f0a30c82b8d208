"""The order of what a candidate said about one ask: the newest entry counts, so it must be newest.

An entry that corrects another takes that one's place with its own day.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain
from typing import NamedTuple


class Saying(NamedTuple):
    """An entry of the record, as far as its place and its day must agree."""

    sequence: int
    said_on: date
    corrects: int | None
    """Number of the entry that it corrects."""


def find_newer_before(new: Saying, public: Sequence[Saying]) -> Saying | None:
    """Return the newest public entry before this one that was said later; it would lose its place.

    ``public`` are those about the same ask that count, in any order.
    """
    newer = (
        each
        for each in _standing(new, public)
        if each.sequence < new.sequence and each.said_on > new.said_on
    )
    return max(newer, key=lambda each: each.said_on, default=None)


def find_older_after(new: Saying, public: Sequence[Saying]) -> Saying | None:
    """Return a public entry after this one that was said earlier; it would hide this one."""
    older = (
        each
        for each in _standing(new, public)
        if each.sequence > new.sequence and each.said_on < new.said_on
    )
    return next(older, None)


def _standing(new: Saying, public: Sequence[Saying]) -> Iterable[Saying]:
    corrected = {each.corrects for each in chain(public, [new])}
    return (each for each in public if each.sequence not in corrected)
