"""How a new campaign's letters begin: a few, then some hundreds, then all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Step:
    """So many letters leave, and then none until their bounces could have come back."""

    letters: int
    wait: timedelta


STEPS = (
    # Our relay hands a letter on within seconds and hears of a dead mailbox at once; greylisting
    # takes a quarter of an hour, and a mailbox for bounces is read every five minutes.
    Step(letters=50, wait=timedelta(minutes=30)),
    # Ten times as many take longer to pass a relay, and slow ones report within the hour.
    Step(letters=500, wait=timedelta(hours=1)),
)
"""The steps of a ramp. After the last one everything leaves."""

HIGHEST_SHARE = 5
"""Of a hundred letters of a step, how many may come back for good; more stop the campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFigures:
    """What became of the letters of one step."""

    letters: int = 0
    """Taken up so far, with those under way."""
    untried: int = 0
    """Of these, how many have not been handed over once."""
    sent: int = 0
    bounced: int = 0
    """Refused for good when handed over, or returned as a hard bounce."""


class Move(StrEnum):
    """What a ramp does next."""

    STAY = "stay"
    WAIT = "wait"
    """Every letter of the step has been tried: count from now on how long bounces may take."""
    GO_ON = "go_on"
    STOP = "stop"


def is_past(step: int) -> bool:
    """Tell whether a ramp that stands at this step (0 for the first) lets everything leave."""
    return step >= len(STEPS)


def count_left(step: int, letters: int) -> int:
    """Return how many more letters may be taken up in a step that has so many."""
    return max(0, STEPS[step].letters - letters)


def is_too_many(bounced: int, *, of: int) -> bool:
    """Tell whether more letters came back than a step may have."""
    return bounced * 100 > of * HIGHEST_SHARE


def judge_step(
    step: int, figures: StepFigures, *, waits_until: datetime | None, now: datetime
) -> Move:
    """Return what a ramp does now; it stops as soon as its bounces are too many for the step."""
    if is_too_many(figures.bounced, of=STEPS[step].letters):
        return Move.STOP
    if waits_until is not None:
        return Move.GO_ON if now >= waits_until else Move.STAY
    if count_left(step, figures.letters) or figures.untried:
        return Move.STAY
    return Move.WAIT
