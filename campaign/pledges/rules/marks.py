"""What later events say about an entry: disputed, settled, hidden."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from campaign.pledges.rules.kinds import CANDIDATE, DisputeState, EventKind


class Mark(NamedTuple):
    """One event about an entry, as far as it changes how the entry is shown."""

    kind: EventKind
    statement: str
    reason: str
    entered_by: str


@dataclass(frozen=True, slots=True)
class Marks:
    """How an entry is shown, after everything that was said about it."""

    dispute: DisputeState | None = None
    dispute_words: str = ""
    """The candidate's own, public; may be empty."""
    is_dispute_by_candidate: bool = False
    """Else an organiser noted the objection for them."""
    settled_because: str = ""
    hidden_because: str = ""
    """Why the texts of the entry are not public; empty where they are."""

    @property
    def is_hidden(self) -> bool:
        """Whether the texts of the entry are out of public view."""
        return bool(self.hidden_because)

    @property
    def is_struck(self) -> bool:
        """Whether the entry no longer counts."""
        return self.dispute is DisputeState.STRUCK


NO_MARKS = Marks()


def read_marks(marks: Iterable[Mark]) -> Marks:
    """Return what the marks of one entry, in their order, come to."""
    shown = NO_MARKS
    for mark in marks:
        match mark.kind:
            case EventKind.DISPUTE:
                shown = replace(
                    shown,
                    dispute=DisputeState.OPEN,
                    dispute_words=mark.statement,
                    is_dispute_by_candidate=mark.entered_by == CANDIDATE,
                )
            case EventKind.DISPUTE_KEPT:
                shown = replace(shown, dispute=DisputeState.KEPT, settled_because=mark.reason)
            case EventKind.DISPUTE_STRUCK:
                shown = replace(shown, dispute=DisputeState.STRUCK, settled_because=mark.reason)
            case EventKind.HIDING:
                shown = replace(shown, hidden_because=mark.reason)
            case EventKind.UNHIDING:
                shown = replace(shown, hidden_because="")
    return shown
