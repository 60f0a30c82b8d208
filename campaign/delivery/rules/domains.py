"""Recipients' domains: how many letters at once, and how long we leave one alone."""

from datetime import datetime, timedelta

FULL_DOMAIN_WAIT = timedelta(seconds=3)
"""When a letter is looked at again whose domain has as many under way as it may."""

SHORTEST_SPREAD = timedelta(minutes=1)
_GOLDEN = 0.6180339887498949


def domain_of(address: str) -> str:
    """Return the domain of a recipient's address, by which mail servers are told apart."""
    return address.rpartition("@")[2]


def spread_over(number: int, window: timedelta) -> timedelta:
    """Return a part of a window for a message of this number.

    Numbers in a row are spread evenly over it, so that what waited together does not leave
    together.
    """
    return window * (number * _GOLDEN % 1)


def after_pause(ends_at: datetime, *, now: datetime, number: int) -> datetime:
    """Return when a message to a paused domain is due again: after its end, spread out.

    The spread is as long as the pause still is, so a longer one ends more gently.
    """
    return ends_at + spread_over(number, max(SHORTEST_SPREAD, ends_at - now))
