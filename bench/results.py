"""What a measurement says: a ratio taken in one run, against its aim."""

import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One figure; ``aim`` is a floor or a ceiling as ``bound`` says, None where none is set."""

    name: str
    """``pages/campaign``: the module of the benchmark, then what was measured."""
    ratio: float
    aim: float | None
    bound: Literal["at least", "at most"] = "at least"
    unit: str = "of the limit's speed"
    note: str = ""
    """What the limit was, and both figures as measured."""

    @property
    def ok(self) -> bool:
        """Tell whether the aim is met."""
        if self.aim is None:
            return True
        return self.ratio >= self.aim if self.bound == "at least" else self.ratio <= self.aim


def interleaved(
    *ways: Callable[[], float], rounds: int = 3, warm_up: bool = True
) -> list[list[float]]:
    """Run every way once a round, in turn, so that a busy machine disturbs all alike.

    Returns the figures of each way in the order of the rounds; a first round is thrown away.
    """
    if warm_up:
        for way in ways:
            way()
    figures: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, taken in zip(ways, figures, strict=True):
            taken.append(way())
    return figures


def median_ratio(ours: Sequence[float], limit: Sequence[float]) -> float:
    """Return the median of the ratios of each round."""
    return statistics.median(one / other for one, other in zip(ours, limit, strict=True))


def show(results: Iterable[Result]) -> str:
    """Return the table that ``make bench`` prints."""
    lines = []
    for result in results:
        aim = "no aim" if result.aim is None else f"{result.bound} {result.aim:g}"
        mark = "ok  " if result.ok else "MISS"
        lines.append(
            f"{mark} {result.name:<34} {result.ratio:>8.2f}  {aim:<14} {result.unit}"
            + (f"\n{'':42}{result.note}" if result.note else "")
        )
    return "\n".join(lines)


def write(results: Iterable[Result], path: Path = RESULTS) -> None:
    """Write the figures as a JSON list for other programs."""
    listed = [
        {key: value for key, value in {**asdict(result), "ok": result.ok}.items() if key != "bound"}
        for result in results
    ]
    path.write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")
