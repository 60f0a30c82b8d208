from datetime import date, timedelta

import pytest

from campaign.demonstration.calendar import election_days
from campaign.demonstration.island import invent_island
from campaign.geography.rules import normalise_postcode

REAL_AREAS = frozenset(
    {
        "AB", "AL", "B", "BA", "BB", "BD", "BF", "BH", "BL", "BN", "BR", "BS", "BT", "BX",
        "CA", "CB", "CF", "CH", "CM", "CO", "CR", "CT", "CV", "CW", "DA", "DD", "DE", "DG",
        "DH", "DL", "DN", "DT", "DY", "E", "EC", "EH", "EN", "EX", "FK", "FY", "G", "GIR",
        "GL", "GU", "GY", "HA", "HD", "HG", "HP", "HR", "HS", "HU", "HX", "IG", "IM", "IP",
        "IV", "JE", "KA", "KT", "KW", "KY", "L", "LA", "LD", "LE", "LL", "LN", "LS", "LU",
        "M", "ME", "MK", "ML", "N", "NE", "NG", "NN", "NP", "NR", "NW", "OL", "OX", "PA",
        "PE", "PH", "PL", "PO", "PR", "RG", "RH", "RM", "S", "SA", "SE", "SG", "SK", "SL",
        "SM", "SN", "SO", "SP", "SR", "SS", "ST", "SW", "SY", "TA", "TD", "TF", "TN", "TQ",
        "TR", "TS", "TW", "UB", "W", "WA", "WC", "WD", "WF", "WN", "WR", "WS", "WV", "YO",
        "ZE",
    }
)  # fmt: skip

ISLAND = invent_island()


def test_the_island_is_the_same_each_time() -> None:
    assert invent_island() == ISLAND


def test_forty_seats_each_with_a_place_of_its_own() -> None:
    assert len(ISLAND.seats) == 40
    for attribute in ("slug", "gss_code", "name"):
        assert len({getattr(seat, attribute) for seat in ISLAND.seats}) == 40
    assert len({(seat.hex_q, seat.hex_r) for seat in ISLAND.seats}) == 40
    assert ISLAND.seats[0].hex_r > ISLAND.seats[-1].hex_r  # rows grow northwards


def test_postcodes_look_like_postcodes_and_exist_nowhere() -> None:
    postcodes = [postcode for seat in ISLAND.seats for postcode in seat.postcodes]
    postcodes += [ISLAND.ended_postcode, ISLAND.homeless_postcode]
    assert len(postcodes) == len(set(postcodes))
    for postcode in postcodes:
        assert normalise_postcode(postcode) == postcode
        assert postcode[:2] not in REAL_AREAS
        assert postcode[2].isdigit()


def test_about_two_hundred_people_stand() -> None:
    standings = ISLAND.standings
    assert 180 <= len(standings) <= 220
    assert len({standing.person_id for standing in standings}) == len(standings)
    without = sum(standing.email is None for standing in standings)
    assert 0.1 < without / len(standings) < 0.25
    emails = [standing.email for standing in standings if standing.email]
    assert len(emails) == len(set(emails))
    assert all(email.endswith("@example.org") and " " not in email for email in emails)
    assert sum(standing.is_withdrawn for standing in standings) == 1
    for seat in ISLAND.seats:
        assert sum(standing.seat == seat for standing in standings) >= 3


def test_one_pair_shares_a_name_and_it_is_on_one_ballot() -> None:
    by_name: dict[str, list[str]] = {}
    for standing in ISLAND.standings:
        by_name.setdefault(standing.name, []).append(standing.seat.name)
    assert [seats for seats in by_name.values() if len(seats) > 1] == [["Great Yarrick"] * 2]


@pytest.mark.parametrize("offset", range(0, 400, 3))
def test_the_poll_is_a_thursday_ahead_and_nominations_have_closed(offset: int) -> None:
    today = date(2031, 1, 1) + timedelta(days=offset)
    days = election_days(today)
    assert days.polling_day.weekday() == 3
    assert 14 <= (days.polling_day - today).days <= 28
    assert days.nominations_close_at.date() < today - timedelta(days=15)
    assert days.election_id == f"parl.{days.polling_day}"
