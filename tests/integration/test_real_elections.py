"""The imports on the published files; skipped where those are not there."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.core.db import Database
from campaign.geography.models import Constituency, Postcode
from campaign.importers.candidate_merges import MergeReason
from campaign.importers.constituency_import import import_hexmap
from campaign.importers.errors import ImportRefused
from campaign.importers.postcode_import import PostcodeReport, import_postcodes
from campaign.importers.sources import open_source
from tests.importing import NOW, import_people, import_seats, real_file

pytestmark = pytest.mark.real_data

MAY, JUNE, FINAL = (
    f"candidates/ge2024_{name}.csv.gz"
    for name in ("2024-05-29_core_person", "2024-06-26_core", "final_core_person")
)
SNAPSHOTS = tuple(
    f"candidates/ge2019_2019-{day}_legacy42.csv.gz" for day in ("11-14b", "11-16", "12-08", "12-11")
)


def count_standing(session: Session) -> tuple[int, int]:
    """Candidates standing, and the ballots on which they do."""
    return session.execute(
        select(func.count(), func.count(Candidacy.ballot_id.distinct())).where(
            Candidacy.status == CandidacyStatus.STANDING
        )
    ).one()


def load(database: Database, path: str | Path, **options: bool) -> PostcodeReport:
    with open_source(str(path)) as source:
        return import_postcodes(database, source, now=NOW, boundary_set="pcon24", **options)


def seats_2024(database: Database) -> None:
    with database.transaction() as session:
        import_seats(session, real_file("constituencies/pcon24_650.csv"))


@pytest.mark.parametrize("year", ["2010", "2024"])
def test_650_constituencies(session: Session, year: str) -> None:
    table = real_file(f"constituencies/pcon{year[2:]}_650.csv")
    assert len(import_seats(session, table).changes.added) == 650
    assert len(import_seats(session, table).changes.unchanged) == 650
    with open_source(real_file(f"constituencies/uk-constituencies-{year}.hexjson")) as source:
        assert len(import_hexmap(session, source).changes.unchanged) == 650
    placed = select(func.count()).where(Constituency.hex_q.is_not(None))
    assert session.scalar(placed) == 650


def test_slugs_are_those_of_democracy_club(session: Session) -> None:
    path = real_file("constituencies/uk-constituencies-2024.hexjson")
    import_seats(session, path, boundary_set="pcon24")
    with Path(real_file("constituencies/pcon24_650.csv")).open(encoding="utf-8") as file:
        expected = {row["dc_slug"] for row in csv.DictReader(file)}
    slugs = set(session.scalars(select(Constituency.slug)))
    assert slugs == expected


def test_the_election_of_2024_and_its_final_list_as_an_update(session: Session) -> None:
    import_seats(session, real_file("constituencies/pcon24_650.csv"))
    first = import_people(session, real_file(MAY))
    assert (first.plan.added, first.with_email) == (3190, 2201)
    preview = import_people(session, real_file(JUNE), is_dry_run=True)
    assert (preview.plan.added, len(preview.plan.withdrawn)) == (1768, 443)
    reasons = [merge.reason for merge in preview.proposed]
    assert reasons.count(MergeReason.SAME_NAME) == 186
    assert reasons.count(MergeReason.SAME_BUT_CAPITALS) == 2
    final = import_people(session, real_file(JUNE), merges=True)
    assert (final.plan.added, len(final.plan.withdrawn), len(final.plan.merged)) == (1580, 255, 188)
    assert count_standing(session) == (4515, 650)
    assert import_people(session, real_file(JUNE), merges=True).changes_nothing
    import_people(session, real_file(FINAL))
    assert import_people(session, real_file(FINAL)).changes_nothing
    smiths = select(func.count()).select_from(Candidacy).join(Candidacy.person)
    smiths = smiths.where(
        Person.name == "Greg Smith", Candidacy.ballot_id == "parl.mid-buckinghamshire.2024-07-04"
    )
    assert session.scalar(smiths) == 2


def test_the_four_snapshots_of_2019(session: Session) -> None:
    import_seats(session, real_file("constituencies/pcon10_650.csv"))
    told = []
    for name in SNAPSHOTS:
        report = import_people(session, real_file(name), drops_emails=True)
        plan = report.plan
        told.append(
            (plan.added, len(plan.withdrawn), len(plan.merged), plan.emails_missing),
        )
    assert told == [(3286, 0, 0, 0), (51, 16, 2, 0), (3, 4, 52, 13), (0, 0, 9, 89)]
    assert count_standing(session) == (3320, 650)
    assert import_people(session, real_file(SNAPSHOTS[-1])).changes_nothing


def test_all_postcodes_of_great_britain(sqlite_database: Database) -> None:
    seats_2024(sqlite_database)
    changes = load(sqlite_database, real_file("postcodes/gb_postcodes_pcon24.csv.gz")).changes
    assert (changes.total, changes.added) == (1_734_274, 1_734_274)
    assert changes.without_constituency <= 868


@pytest.mark.parametrize("name", ["onspd_2024-08_AB", "onspd_2025-08_names_AB"])
def test_the_directory_with_its_ended_postcodes(database: Database, name: str) -> None:
    seats_2024(database)
    changes = load(database, real_file(f"postcodes/{name}.csv.gz")).changes
    assert (changes.total, changes.ended) == (8048, 3811)
    with database.reader() as session:
        ended = session.get_one(Postcode, "AB10AA")
    assert ended.ended == 199606


def test_old_boundaries_are_refused_with_a_sentence_that_says_so(database: Database) -> None:
    seats_2024(database)
    with pytest.raises(ImportRefused, match="boundaries of this file are not those"):
        load(database, real_file("postcodes/onspd_2021-05_AB_old_boundaries.csv.gz"))
    with database.reader() as session:
        assert session.scalar(select(func.count()).select_from(Postcode)) == 0


def test_the_newest_layout_s_sample(database: Database) -> None:
    seats_2024(database)
    assert load(database, real_file("postcodes/onspd_2025-11_4_rows.csv")).changes.total == 4


def test_every_release_s_header_is_recognised(sqlite_database: Database, tmp_path: Path) -> None:
    seats_2024(sqlite_database)
    lines = Path(real_file("postcodes/headers_by_release.txt")).read_text().splitlines()
    headers = [line.partition(": ")[2] for line in lines if not line.startswith("#")]
    assert len(headers) == 9
    for number, header in enumerate(headers):
        cells = {"pcds": f"AB1{number} 1AB", "pcon": "S14000061", "pcon24cd": "S14000061"}
        row = ",".join(cells.get(name, "") for name in header.split(","))
        path = tmp_path / f"{number}.csv"
        path.write_text(f"{header}\n{row}\n")
        assert load(sqlite_database, path).changes.total == 1
