"""Rules about candidates, without a database."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

_APOSTROPHES = "'’‘ʼ`´"


class CandidacyStatus(StrEnum):
    """A candidacy's standing; a withdrawn one is kept for ever and never mailed again."""

    STANDING = "standing"
    WITHDRAWN = "withdrawn"
    ELECTED = "elected"
    NOT_ELECTED = "not_elected"


class RepairOutcome(StrEnum):
    """How it ended that a candidate's address did not work."""

    CORRECTED = "corrected"
    """They have another address now, by an organiser or a file."""
    NONE_KNOWN = "none_known"
    WORKS_AFTER_ALL = "works_after_all"


def sort_name(name: str) -> str:
    """Return the key for ballot-paper order: surname first, without regard to case."""
    words = name.casefold().split()
    return " ".join([*words[-1:], *words[:-1]])


def official_sort_name(name: str, last_name: str) -> str:
    """Return the key for ballot-paper order where the surname is known: ``van Dyke dick``."""
    surname, whole = last_name.casefold(), name.casefold()
    first_names = whole.removesuffix(surname).strip()
    return f"{surname} {first_names}".strip()


def effective_email(*, imported: str | None, corrected: str | None) -> str | None:
    """Return the address to write to; an organiser's correction wins, an empty one means none."""
    if corrected is not None:
        return corrected or None
    return imported or None


class KnownPerson(NamedTuple):
    """A person as the database has them before an import."""

    id: int
    name: str
    sort_name: str
    imported_email: str | None
    corrected_email: str | None


class KnownStanding(NamedTuple):
    """A candidacy as the database has it before an import."""

    id: int
    person_id: int
    ballot_id: str
    party_id: str
    party_name: str
    status: CandidacyStatus


class PersonValues(NamedTuple):
    """What a person is to become."""

    id: int
    name: str
    sort_name: str
    imported_email: str | None
    corrected_email: str | None

    @property
    def email(self) -> str | None:
        """Return the address to write to."""
        return effective_email(imported=self.imported_email, corrected=self.corrected_email)


class StandingValues(NamedTuple):
    """What a candidacy is to become; whoever is in a file has not withdrawn."""

    person_id: int
    ballot_id: str
    party_id: str
    party_name: str
    status: CandidacyStatus


@dataclass(kw_only=True)
class CandidateChanges:
    """Everything that an import writes about candidates, decided before anything is written."""

    people_to_add: list[PersonValues] = field(default_factory=list)
    people_to_change: list[PersonValues] = field(default_factory=list)
    standings_to_add: list[StandingValues] = field(default_factory=list)
    standings_to_change: list[tuple[int, StandingValues]] = field(default_factory=list)
    standings_to_withdraw: list[int] = field(default_factory=list)
    standings_to_move: list[tuple[int, int]] = field(default_factory=list)
    """(candidacy, person) of people who were merged: the row stays, and its letters."""
    standings_to_drop: list[int] = field(default_factory=list)
    """Second rows of one standing, to which no letter and no pledge points."""
    people_to_merge: list[tuple[int, int]] = field(default_factory=list)
    """(former person, the one that they now are)."""
    people_to_remove: list[int] = field(default_factory=list)
    """Former people of whom nothing is left."""
    aliases_to_drop: list[int] = field(default_factory=list)
    """Former ids that turned out to be people of their own."""
    withdrawn_at: datetime

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written."""
        return not any(
            (
                self.people_to_add,
                self.people_to_change,
                self.standings_to_add,
                self.standings_to_change,
                self.standings_to_withdraw,
                self.standings_to_move,
                self.standings_to_drop,
                self.people_to_merge,
                self.aliases_to_drop,
            )
        )


def plain_text(text: str) -> str:
    """Return a text as people type it: no accents, case or apostrophes, other signs as spaces."""
    signs = unicodedata.normalize("NFKD", text.casefold())
    kept = (sign for sign in signs if sign not in _APOSTROPHES and not unicodedata.combining(sign))
    return "".join(sign if sign.isalnum() else " " for sign in kept)
