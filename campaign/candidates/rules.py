"""Rules about candidates, without a database."""

from enum import StrEnum


class CandidacyStatus(StrEnum):
    """A candidacy's standing; a withdrawn one is kept for ever and never mailed again."""

    STANDING = "standing"
    WITHDRAWN = "withdrawn"
    ELECTED = "elected"
    NOT_ELECTED = "not_elected"


def sort_name(name: str) -> str:
    """Return the key for ballot-paper order: surname first, without regard to case."""
    words = name.casefold().split()
    return " ".join([*words[-1:], *words[:-1]])


def effective_email(*, imported: str | None, corrected: str | None) -> str | None:
    """Return the address to write to; an organiser's correction wins, an empty one means none."""
    if corrected is not None:
        return corrected or None
    return imported or None
