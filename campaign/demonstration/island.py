"""An invented island that elects: the same people and places whenever and wherever it is made."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from campaign.demonstration import names

SEED = 20100401
_INWARD_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_POSTCODES_A_SEAT = 12
_EMAIL_SHARE = 0.84


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A constituency of the island with its place in the hexagon map and its postcodes."""

    number: int
    name: str
    region: str
    hex_q: int
    hex_r: int
    postcodes: tuple[str, ...]

    @property
    def slug(self) -> str:
        """Return the seat's name as it stands in addresses."""
        return self.name.lower().replace(" ", "-")

    @property
    def gss_code(self) -> str:
        """Return a code in the form of the Government Statistical Service, of no real nation."""
        return f"V140{self.number:05d}"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One person on one ballot."""

    person_id: int
    name: str
    email: str | None
    party_id: str
    party_name: str
    seat: Seat
    is_withdrawn: bool = False


@dataclass(frozen=True, kw_only=True)
class Island:
    """Everything invented that an election needs."""

    seats: tuple[Seat, ...]
    standings: tuple[Standing, ...]
    cancelled_seat: Seat
    """Its poll has been called off: nothing is ever sent there."""
    ended_postcode: str
    homeless_postcode: str
    """A postcode of a lighthouse that belongs to no constituency."""


def invent_island() -> Island:
    """Return the island; always the same one."""
    chance = random.Random(SEED)  # noqa: S311 - names, not secrets
    seats = tuple(_seats())
    return Island(
        seats=seats,
        standings=tuple(_standings(seats, chance)),
        cancelled_seat=_by_name(seats, "Isle of Orrin"),
        ended_postcode="ZQ19ZZ",
        homeless_postcode="QK209XX",
    )


def _seats() -> Iterator[Seat]:
    number = 0
    rows = len(names.ISLAND_ROWS)
    for row, (land, row_names) in enumerate(names.ISLAND_ROWS):
        columns = [column for column, sign in enumerate(land) if sign == "#"]
        for column, name in zip(columns, row_names, strict=True):
            number += 1
            yield Seat(
                number=number,
                name=name,
                region=names.REGIONS[row * len(names.REGIONS) // rows],
                hex_q=column,
                hex_r=rows - 1 - row,
                postcodes=tuple(_postcodes(number)),
            )


def _postcodes(number: int) -> Iterator[str]:
    # No postcode of the United Kingdom begins with these areas; Q never stands in a real one.
    area, district = ("ZQ", number) if number <= 20 else ("QK", number - 20)
    for index in range(_POSTCODES_A_SEAT):
        sector, unit = 1 + index // 6, index % 6
        yield f"{area}{district}{sector}A{_INWARD_LETTERS[unit]}"


def _standings(seats: tuple[Seat, ...], chance: random.Random) -> Iterator[Standing]:
    everybody = [f"{first} {last}" for last in names.SURNAMES for first in names.FIRST_NAMES]
    chance.shuffle(everybody)
    unused = iter(everybody)
    person_id = 990_000
    for seat in seats:
        parties = _parties_of(seat, chance)
        twin = next(unused) if seat.name == "Great Yarrick" else None
        for place, (party_id, party_name) in enumerate(parties):
            person_id += 1
            name = twin if twin and place < 2 else next(unused)
            has_email = place == 0 or chance.random() < _EMAIL_SHARE
            yield Standing(
                person_id=person_id,
                name=name,
                email=_email(name, person_id) if has_email else None,
                party_id=party_id,
                party_name=party_name,
                seat=seat,
                is_withdrawn=seat.name == "Corriby" and place == 3,
            )


def _parties_of(seat: Seat, chance: random.Random) -> list[tuple[str, str]]:
    parties = [
        party
        for strength, party in zip((1, 1, 1, 0.9, 0.5, 0.3), names.PARTIES, strict=True)
        if chance.random() < strength
    ]
    independents = chance.choices((0, 1, 2), weights=(6, 4, 1))[0]
    if seat.name == "Corriby":
        independents = max(independents, 1)
    return [*parties, *[names.INDEPENDENT] * independents]


def _email(name: str, person_id: int) -> str:
    return f"{name.lower().replace(' ', '.')}.{person_id % 1000}@example.org"


def _by_name(seats: tuple[Seat, ...], name: str) -> Seat:
    return next(seat for seat in seats if seat.name == name)
