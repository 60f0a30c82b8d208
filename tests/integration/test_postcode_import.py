from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from campaign.core import schema
from campaign.core.db import Database
from campaign.geography.models import Postcode, PostcodeRelease
from campaign.geography.service import NEXT_POSTCODES
from campaign.importers import postcodes as reader_module
from campaign.importers.errors import ImportRefused
from campaign.importers.postcode_import import PostcodeReport, import_postcodes
from campaign.importers.sources import open_source
from tests.importing import NOW, import_seats

HEADER = "pcd7,pcds,doterm,pcon31cd,pcon30cd"
ROWS = (
    "ZQ1 1AA,ZQ1 1AA,,X00000001,Y00000001",
    "ZQ1 1AB,ZQ1 1AB,199606,X00000002,Y00000001",
    "IM1 1AA,IM1 1AA,,M99999999,M99999999",
    "ZQ1 1AC,ZQ1 1AC,,,",
    "BT1 1AA,BT1 1AA,,X00000003,Y00000001",
    "zq11ad,zq1 1ad,,X00000091,Y00000001",
    "NPT 0AA,NPT 0AA,198001,X00000001,Y00000001",
)


@pytest.fixture(autouse=True)
def _seats(database: Database) -> Iterator[None]:
    with database.transaction() as session:
        import_seats(session)
    yield
    assert not inspect(database.engine).has_table(NEXT_POSTCODES)


def load(
    database: Database, path: Path, *rows: str, header: str = HEADER, **options: bool
) -> PostcodeReport:
    path.write_text("\n".join([header, *rows]) + "\n")
    with open_source(str(path)) as source:
        return import_postcodes(database, source, now=NOW, **options)


def stored(database: Database) -> dict[str, tuple[int | None, int | None]]:
    with database.reader() as session:
        return {
            row.postcode: (row.constituency_id, row.ended)
            for row in session.scalars(select(Postcode).order_by(Postcode.postcode))
        }


def test_postcodes_are_swapped_and_the_schema_stays_as_it_was(
    database: Database, tmp_path: Path
) -> None:
    report = load(database, tmp_path / "ONSPD_AUG_2031_UK.csv", *ROWS)
    assert stored(database) == {
        "IM11AA": (None, None),
        "ZQ11AA": (1, None),
        "ZQ11AB": (2, 199606),
        "ZQ11AC": (None, None),
        "ZQ11AD": (1, None),
    }
    changes = report.changes
    assert (changes.total, changes.added, changes.ended, changes.without_constituency) == (
        5,
        5,
        1,
        2,
    )
    assert (report.northern_ireland_left_out, report.unusual_left_out) == (1, 1)
    with database.reader() as session:
        release = session.scalars(select(PostcodeRelease)).one()
    assert (release.name, release.postcode_count) == ("ONSPD August 2031", 5)
    assert "Royal Mail data" in release.credit
    report = load(database, tmp_path / "ONSPD_NOV_2031_UK.csv", ROWS[0], with_northern_ireland=True)
    assert (report.changes.removed, report.changes.changed) == (4, 0)
    schema.check_models(database)
    names = inspect(database.engine).get_pk_constraint("postcodes")
    assert names["name"] == "pk_postcodes"


def test_the_same_file_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    assert load(database, path, *ROWS).is_written
    report = load(database, path, *ROWS)
    assert report.changes.is_empty
    assert not report.is_written


def test_with_a_licence_northern_ireland_is_there(database: Database, tmp_path: Path) -> None:
    load(database, tmp_path / "a.csv", *ROWS, with_northern_ireland=True)
    assert stored(database)["BT11AA"] == (3, None)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("ZQ1 1AE,ZQ1 1AE,,S14000002,", "not a constituency of pcon31.*not those of the election"),
        ("ZQ1 1AE,ZQ1 1AE,,somewhere,", "row 3, column pcon31cd: expected the code"),
        ("ZQ1 1AE,what,,X00000001,", 'row 3, column pcds: expected a postcode.*"what"'),
        ("ZQ1 1AE,ZQ1 1AE,soon,X00000001,", "row 3, column doterm: expected year and month"),
        ("ZQ1 1AE,ZQ1 1AE,", "row 3: expected 5 cells"),
        ("ZQ1 1AA,ZQ1 1AA,,X00000001,", "ZQ11AA comes twice"),
    ],
)
def test_a_wrong_row_refuses_the_file_and_the_old_postcodes_stay(
    database: Database, tmp_path: Path, row: str, told: str
) -> None:
    load(database, tmp_path / "a.csv", *ROWS)
    before = stored(database)
    with pytest.raises(ImportRefused, match=told):
        load(database, tmp_path / "b.csv", ROWS[0], row)
    assert stored(database) == before


def test_ctrl_c_leaves_the_old_postcodes(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(database, tmp_path / "a.csv", *ROWS)
    before = stored(database)
    monkeypatch.setattr(reader_module, "BLOCK_ROWS", 2)

    def interrupt(_position: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(database, tmp_path / "b.csv", *ROWS[:3], progress=interrupt)
    assert stored(database) == before


def test_a_dry_run_counts_and_leaves_nothing(database: Database, tmp_path: Path) -> None:
    load(database, tmp_path / "a.csv", *ROWS)
    before = stored(database)
    moved = ROWS[0].replace("X00000001", "X00000002")
    report = load(database, tmp_path / "b.csv", moved, is_dry_run=True)
    assert (report.changes.changed, report.changes.removed, report.is_written) == (1, 4, False)
    assert stored(database) == before


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("postcode,code", "ZQ1 1AA,X00000002"),
        ("ZQ1 1AB,X00000001", "ZQ1 1AA,X00000002"),
        ("PCDS,DOTERM,PCON", "ZQ1 1AA,,X00000002"),
        ("pcds,pcon30cd,pcon29cd", "ZQ1 1AA,Y00000001,X00000002"),
    ],
)
def test_the_columns_are_found(database: Database, tmp_path: Path, header: str, row: str) -> None:
    load(database, tmp_path / "a.csv", row, header=header)
    assert stored(database)["ZQ11AA"] == (2, None)


def test_a_table_that_a_killed_import_left_is_replaced(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        session.connection().exec_driver_sql(f"CREATE TABLE {NEXT_POSTCODES} (x INTEGER)")
    load(database, tmp_path / "a.csv", ROWS[0])
    assert stored(database) == {"ZQ11AA": (1, None)}
