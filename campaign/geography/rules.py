"""Rules of postcodes and of the hexagon map, without a database."""

import math
import re
from dataclasses import dataclass
from enum import StrEnum

_OUTWARD = r"[A-Z]{1,2}[0-9][A-Z0-9]?"
_INWARD = r"[0-9][A-Z]{2}"
NORMALISED_POSTCODE = re.compile(f"{_OUTWARD}{_INWARD}")
_MEANT_AS_POSTCODE = re.compile(r"(?=.*\d)[A-Z]{1,2}[A-Z\d]{1,5}")
_NOISE = re.compile(r"[\s.\-_,]+")
_DIGIT_OF = {"O": "0", "I": "1", "L": "1", "S": "5", "Z": "2"}
_LETTER_OF = {"0": "O", "1": "I", "5": "S"}
NORTHERN_IRELAND_AREA = "BT"
_OUTSIDE_UK_AREAS = {"GY": "Guernsey", "JE": "Jersey", "IM": "the Isle of Man"}


class PostcodeOutcome(StrEnum):
    """What came of looking a postcode up."""

    FOUND = "found"
    NOT_A_POSTCODE = "not_a_postcode"
    UNKNOWN = "unknown"
    """It has the shape of a postcode, and the directory does not have it."""
    ENDED = "ended"
    OUTSIDE_UK = "outside_uk"
    NO_CONSTITUENCY = "no_constituency"
    LEFT_OUT = "left_out"
    """A postcode of Northern Ireland, whose licence this installation may not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstituencyRecord:
    """What a file says about one constituency; None where it says nothing."""

    gss_code: str
    name: str
    slug: str
    name_cy: str | None = None
    nation: str | None = None
    region: str | None = None
    hexagon: tuple[int, int] | None = None
    """(q, r) of layout odd-r."""
    superseded: tuple[str, ...] = ()
    """Former codes that are still met in files."""
    is_name_provisional: bool = False
    """Whether a name that is known already is the better one: maps spell in their own way."""


PostcodeRow = tuple[str, int | None, int | None]
"""A normalised postcode, its constituency, and the month in which it ended, as 199606."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostcodeChanges:
    """How a new set of postcodes differs from the old one."""

    total: int
    ended: int
    without_constituency: int
    """Living postcodes of no constituency."""
    added: int
    changed: int
    removed: int

    @property
    def is_empty(self) -> bool:
        """Whether both sets are the same."""
        return not (self.added or self.changed or self.removed)


def normalise_postcode(text: str) -> str | None:
    """Return a postcode in upper case without a space, or None for what cannot be one.

    Any spacing, case and stray punctuation is accepted. The shape is that of BS 7666.
    """
    postcode = _NOISE.sub("", text).upper()
    return postcode if NORMALISED_POSTCODE.fullmatch(postcode) else None


def looks_like_postcode(text: str) -> bool:
    """Tell whether somebody meant a postcode, whole or half: no name of a person or place does."""
    return _MEANT_AS_POSTCODE.fullmatch(_NOISE.sub("", text).upper()) is not None


def format_postcode(postcode: str) -> str:
    """Return a normalised postcode with its space: AB10 1AB."""
    return f"{postcode[:-3]} {postcode[-3:]}"


def likely_postcodes(text: str) -> list[str]:
    """Return normalised postcodes that the text was probably meant to be: O for 0, I for 1.

    The text itself is not among them; the caller offers those that exist.
    """
    typed = _NOISE.sub("", text).upper()
    if not 5 <= len(typed) <= 7:
        return []
    outward, inward = typed[:-3], typed[-3:]
    inward = _as_digit(inward[0]) + "".join(_as_letter(sign) for sign in inward[1:])
    candidates = []
    for area_length in (1, 2):
        area, district = outward[:area_length], outward[area_length:]
        if not district:
            continue
        area = "".join(_as_letter(sign) for sign in area)
        first = _as_digit(district[0])
        for rest in {district[1:], "".join(_as_digit(sign) for sign in district[1:])}:
            candidate = f"{area}{first}{rest}{inward}"
            if candidate != typed and NORMALISED_POSTCODE.fullmatch(candidate):
                candidates.append(candidate)
    return sorted(set(candidates))


def outside_uk(postcode: str) -> str | None:
    """Return the island that a normalised postcode belongs to, which elects no member to the UK."""
    return _OUTSIDE_UK_AREAS.get(postcode[:2])


def hexagon_centre(q: int, r: int, *, size: float) -> tuple[float, float]:
    """Return the centre of a hexagon of layout odd-r with its point up, y growing downwards.

    ``size`` is the distance from centre to corner; rows of the layout grow northwards.
    """
    x = size * math.sqrt(3) * (q + 0.5 * (r & 1))
    y = -size * 1.5 * r
    return x, y


def _as_digit(sign: str) -> str:
    return _DIGIT_OF.get(sign, sign)


def _as_letter(sign: str) -> str:
    return _LETTER_OF.get(sign, sign)
