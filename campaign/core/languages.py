"""The languages that a person can be answered in."""

from enum import StrEnum


class Language(StrEnum):
    """A language by its ISO 639-1 code; English is everybody's who has not chosen."""

    ENGLISH = "en"
    WELSH = "cy"
