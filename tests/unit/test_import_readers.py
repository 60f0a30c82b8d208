import json
from pathlib import Path

import pytest

from campaign.importers import candidates, constituencies, hexmap, postcodes
from campaign.importers.candidates import CandidateFile, EmailFault
from campaign.importers.election_dates import dates_of
from campaign.importers.errors import ImportRefused
from campaign.importers.sources import open_source
from tests.importing import ELECTION, FIXTURES, legacy_person, person, write_table

LAYOUT_2015 = (
    "name,id,party,constituency,mapit_id,mapit_url,gss_code,twitter_username,facebook_page_url,"
    "party_ppc_page_url,gender,facebook_personal_url,email,homepage_url,wikipedia_url,birth_date,"
    "parlparse_id,theyworkforyou_url,honorific_prefix,honorific_suffix,party_id,linkedin_url,elected"
)


def read(path: Path, election: str | None = None) -> CandidateFile:
    with open_source(str(path)) as source, source.open_text(".csv") as text:
        return candidates.read(text, election_id=election)


def test_the_current_layout_is_read_in_any_order_of_columns() -> None:
    file = read(FIXTURES / "current.csv", ELECTION)
    assert [record.person_id for record in file.records] == [101, 102, 103, 104, 105]
    first = file.records[0]
    assert (first.name, first.email, first.party_id) == ("Ada Marsh", "Ada@example.org", "PP1")
    assert file.left_out == {"local.2031-05-22": 1}
    assert file.email_faults == {EmailFault.PARLIAMENT: 1, EmailFault.NOT_AN_ADDRESS: 1}
    assert file.records[4].is_cancelled is True


def test_of_several_elections_one_must_be_chosen() -> None:
    with pytest.raises(ImportRefused, match=r"--election.*local\.2031-05-22, parl\.2031-05-22"):
        read(FIXTURES / "current.csv")
    with pytest.raises(ImportRefused, match=r"no candidates of parl\.1999-01-01"):
        read(FIXTURES / "current.csv", "parl.1999-01-01")


def test_the_legacy_layout_is_read(tmp_path: Path) -> None:
    row = legacy_person(
        7, "Ada Marsh", old_person_ids="3;4", elected="True", cancelled_poll="False"
    )
    [record] = read(write_table(tmp_path / "a.csv", [row])).records
    assert (record.party_id, record.code, record.old_person_ids) == ("PP1", "X00000001", (3, 4))
    assert (record.is_elected, record.is_cancelled) == (True, False)


def test_an_independent_keeps_the_legacy_party(tmp_path: Path) -> None:
    row = legacy_person(7, "Ada Marsh", party_id="ynmp-party:2", party_ec_id="")
    [record] = read(write_table(tmp_path / "a.csv", [row])).records
    assert record.party_id == "ynmp-party:2"


def test_the_layout_of_2015_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text(f"{LAYOUT_2015}\n" + "," * 22 + "\n")
    with pytest.raises(ImportRefused, match="layout of May 2015"):
        read(path)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"person_id": "12a"}, 'row 3, column person_id: expected a number, found "12a"'),
        ({"person_id": str(2**31)}, "column person_id"),
        ({"person_name": " "}, "column person_name: expected a name"),
        ({"person_name": "A\x01B"}, "column person_name: expected a name"),
        ({"person_name": "A" * 300}, "column person_name: expected a name of at most 200"),
        ({"election_date": "2031-05-23"}, "column election_date: expected 2031-05-22"),
        ({"ballot_paper_id": "northmoor"}, "column ballot_paper_id: expected an id such as"),
        ({"cancelled_poll": "maybe"}, "column cancelled_poll: expected t or f"),
        ({"party_id": ""}, "column party_id: expected a party"),
        ({"person_id": "1"}, "person 1 stands on this ballot in row 2 already"),
    ],
)
def test_an_error_names_file_row_column_and_what_was_expected(
    tmp_path: Path, cells: dict[str, str], told: str
) -> None:
    rows = [person(1, "Ada Marsh"), person(2, "Ben Holm") | cells]
    with pytest.raises(ImportRefused) as refusal:
        read(write_table(tmp_path / "wrong.csv", rows))
    assert told in str(refusal.value)
    assert str(refusal.value).startswith("wrong.csv, row 3")


def test_a_row_of_too_few_cells_and_a_broken_quote_are_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", [person(1, "Ada Marsh")])
    whole = path.read_text()
    path.write_text(whole + "1,2,3\n")
    with pytest.raises(ImportRefused, match="row 3: expected 9 cells as in the header, found 3"):
        read(path)
    path.write_text(whole + '"never closed')
    with pytest.raises(ImportRefused, match="row 3"):
        read(path)


@pytest.mark.parametrize(
    ("cell", "email"),
    [
        ('"x@example.org"', "x@example.org"),
        (f"x@{'sub.example.org'.title()} ", "x@sub.example.org"),
        ('"o\'neil@example.org"', "o'neil@example.org"),
        ("x@parliament.example.org", None),
        ("x@office.PARLIAMENT.example.org", None),
        ("x@notparliament.example.org", "x@notparliament.example.org"),
        ("x y@example.org", None),
        ("x@example.org".removesuffix(".org"), None),
        ("x@example.org\r\nBcc: y@example.org", None),
    ],
)
def test_addresses_are_unwrapped_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: str, email: str | None
) -> None:
    # Addresses at the real domain could belong to somebody; the rule is the same for any domain.
    assert candidates._PARLIAMENT == "parliament.uk"
    monkeypatch.setattr(candidates, "_PARLIAMENT", "parliament.example.org")
    file = read(write_table(tmp_path / "a.csv", [person(1, "Ada Marsh", email=cell)]))
    assert file.records[0].email == email


def test_nominations_close_19_working_days_before_and_the_poll_at_ten_in_summer_time() -> None:
    from datetime import UTC, date, datetime

    dates = dates_of("parl.2024-07-04", date(2024, 7, 4))
    assert dates.nominations_close_at == datetime(2024, 6, 7, 15, tzinfo=UTC)
    assert dates.poll_closes_at == datetime(2024, 7, 4, 21, tzinfo=UTC)
    with pytest.raises(ImportRefused, match="timetable"):
        dates_of("local.2024-07-04", date(2024, 7, 4))


def read_map(path: Path) -> list[hexmap.Hexagon]:
    with open_source(str(path)) as source, source.open_text() as text:
        return list(hexmap.read(text))


def write_map(path: Path, **content: object) -> Path:
    path.write_text(json.dumps({"layout": "odd-r", **content}))
    return path


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"hexes": {}}, "hexes"),
        ({"hexes": {"X1": {"q": 1, "r": "2"}}}, "X1: expected whole numbers"),
        ({"hexes": {"X1": {"q": 1, "r": 2}, "X2": {"q": 1, "r": 2}}}, "X1 and X2"),
        ({"layout": "even-q", "hexes": {"X1": {"q": 1, "r": 2}}}, "layout odd-r"),
    ],
)
def test_a_map_that_is_none_is_refused(
    tmp_path: Path, content: dict[str, object], told: str
) -> None:
    path = write_map(tmp_path / "a.hexjson", **content)
    with pytest.raises(ImportRefused, match=told):
        read_map(path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Z1,Third", "row 3, column pcon31cd: expected a GSS code"),
        ("X00000002,", "row 3, column name: expected a name"),
        ("X00000001,Third", "row 3: X00000001 is in row 2 already"),
        ("X00000002,First!", "row 3: first is in row 2 already"),
    ],
)
def test_wrong_constituencies_are_refused(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "seats.csv"
    path.write_text(f"pcon31cd,name\nX00000001,First\n{line}\n")
    with open_source(str(path)) as source, source.open_text(".csv") as text:
        slug, records = constituencies.read(text)
        assert slug == "pcon31"
        with pytest.raises(ImportRefused) as refusal:
            list(records)
    assert told in str(refusal.value)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("ONSPD_AUG_2024_UK.csv", "ONSPD August 2024"),
        ("NSPL_05_2025.csv.gz", "NSPL May 2025"),
        ("mine.csv.gz", "mine"),
    ],
)
def test_a_release_has_the_name_of_its_file(file: str, name: str) -> None:
    assert postcodes.release_name(file) == name
