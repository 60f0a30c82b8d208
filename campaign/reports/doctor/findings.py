"""What the doctor says: one finding for each question."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from campaign.core.config import Settings


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """The answer to one question, in sentences without personal data that say what to do."""

    level: Level
    text: str
    check: str = ""
    """The question's name, by which docs/operating.md explains it."""


@dataclass(frozen=True)
class Case:
    """What a check of the database is given."""

    session: Session
    settings: Settings
    now: datetime


def count(number: int, one: str, several: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else several}"


def age(span: timedelta) -> str:
    """Return a span in words, as exact as a reader needs."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 120:
        return count(seconds, "second", "seconds")
    minutes = seconds // 60
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
