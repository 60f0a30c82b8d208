"""When a worker takes messages, for how long, and when it tries again."""

from datetime import timedelta

from campaign.delivery.rules.messages import Lane

BATCH_SIZES = {Lane.CONFIRMATION: 10, Lane.NOTICE: 10, Lane.LETTER: 10}
"""Lanes in the order of sending, and how many messages a worker claims at once."""

BATCH_TIME = timedelta(seconds=2)
"""When what is left of a batch is put back, because a confirmation may have arrived meanwhile."""

LOOKS = 8
"""How often one claim looks further in a scope whose first messages may not leave now."""

LONGEST_LOOK = 500
"""Messages in the longest of these looks; each is four times as long as the one before."""

SET_ASIDE = timedelta(minutes=10)
"""When a message is looked at again that came too late, or whose recipient gets nothing more."""

LEASE = timedelta(minutes=10)
"""How long a worker may stay silent over a message; longer than all timeouts of one try."""

RETRY_DELAYS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=24),
)
"""Waits between tries: quick for greylisting, then long enough for a weekend without a relay."""

MAXIMUM_TRIES = len(RETRY_DELAYS) + 1
LONGEST_REST = timedelta(minutes=1)
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)


def retry_delay(tries: int, *, jitter: float) -> timedelta | None:
    """Return how long to wait after this many tries; None when that was the last.

    ``jitter`` between 0 and 1 spreads the wait over 80 to 120 %, so that what failed together does
    not come back together.
    """
    if tries >= MAXIMUM_TRIES:
        return None
    return RETRY_DELAYS[tries - 1] * (0.8 + 0.4 * jitter)


def rest_delay(failures: int, *, jitter: float) -> timedelta:
    """Return how long the worker rests after failures in a row that would meet any message."""
    doubled = timedelta(seconds=5 * 2.0 ** min(failures - 1, 10))
    return min(doubled, LONGEST_REST) * (0.8 + 0.4 * jitter)


def pause_delay(failures: int) -> timedelta:
    """Return how long everything is paused after the relay has refused us so often in a row."""
    return min(FIRST_PAUSE * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE)
