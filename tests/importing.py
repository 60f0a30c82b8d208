"""Importing in tests: hand-made files, the real ones where they are, and short ways to import."""

import csv
import io
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from campaign.core.config import PROJECT_ROOT
from campaign.importers.candidate_import import (
    CandidateOptions,
    CandidateReport,
    MissingEmails,
    import_candidates,
    read_candidates,
)
from campaign.importers.constituency_import import ConstituencyReport, import_constituencies
from campaign.importers.sources import open_source

FIXTURES = Path(__file__).parent / "fixtures" / "imports"
REAL_DATA = Path(os.environ.get("CAMPAIGN_TEST_DATA", PROJECT_ROOT.parent / "shared" / "data"))
NOW = datetime(2031, 5, 1, 9, 0, tzinfo=UTC)
ELECTION = "parl.2031-05-22"


def real_file(name: str) -> str:
    """The path of a real file; skips the test where the data is not there, as it may be."""
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip(f"the real election files are not at {REAL_DATA}")
    return str(path)


def import_seats(
    session: Session, path: str | Path = FIXTURES / "seats.csv", boundary_set: str | None = None
) -> ConstituencyReport:
    with open_source(str(path)) as source:
        slug = boundary_set or ("pcon31" if path == FIXTURES / "seats.csv" else None)
        return import_constituencies(session, source, boundary_set=slug)


def import_people(
    session: Session,
    path: str | Path,
    *,
    election: str | None = None,
    merges: bool = False,
    drops_emails: bool = False,
    allows_mass_withdrawal: bool = False,
    boundary_set: str | None = None,
    is_dry_run: bool = False,
    now: datetime = NOW,
) -> CandidateReport:
    with open_source(str(path)) as source:
        file = read_candidates(source, election_id=election)
    report = import_candidates(
        session,
        file,
        options=CandidateOptions(
            boundary_set=boundary_set,
            merges_names=merges,
            missing_emails=MissingEmails.DROP if drops_emails else MissingEmails.KEEP,
            allows_mass_withdrawal=allows_mass_withdrawal,
        ),
        now=now,
        is_dry_run=is_dry_run,
    )
    report.check()
    return report


def person(number: int, name: str, seat: str = "northmoor", **cells: str) -> dict[str, str]:
    """One row of Democracy Club's current layout."""
    return {
        "person_id": str(number),
        "person_name": name,
        "election_id": ELECTION,
        "ballot_paper_id": f"parl.{seat}.2031-05-22",
        "election_date": "2031-05-22",
        "party_name": "Lighthouse Party",
        "party_id": "PP1",
        "cancelled_poll": "f",
        "email": f'"person-{number}@example.org"',
        **cells,
    }


def legacy_person(number: int, name: str, code: str = "X00000001", **cells: str) -> dict[str, str]:
    """One row of Democracy Club's legacy layout of 37 columns, as far as it is read."""
    return {
        "id": str(number),
        "name": name,
        "election": ELECTION,
        "election_date": "2031-05-22",
        "party_id": "party:1",
        "party_name": "Lighthouse Party",
        "post_id": f"WMC:{code}",
        "old_person_ids": "",
        "email": f"person-{number}@example.org",
        **cells,
    }


def write_table(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    rows = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path
