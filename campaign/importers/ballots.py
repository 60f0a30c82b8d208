"""Ballots of a file of candidates, joined to the constituencies that we know."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from campaign.elections.models import Election
from campaign.elections.queries import map_ballots
from campaign.elections.service import add_ballots, create_election, set_cancelled
from campaign.geography.models import BoundarySet
from campaign.geography.queries import (
    get_boundary_set,
    list_boundary_sets,
    map_codes,
    map_slugs,
)
from campaign.importers.candidates import CandidateFile, CandidateRecord
from campaign.importers.election_dates import TIMEZONE, dates_of, name_of
from campaign.importers.errors import ImportRefused

CREDIT = (
    "Candidates: [Democracy Club](https://democracyclub.org.uk/), "
    "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)."
)


@dataclass(kw_only=True)
class BallotPlan:
    """The ballots of a file: which are new, which polls are cancelled."""

    boundary_set_id: int
    is_new_election: bool
    ballot_ids: list[str] = field(default_factory=list)
    """The ballot of each record of the file, in the same order."""
    added: dict[str, tuple[int, bool]] = field(default_factory=dict)
    """New ballots: their constituency, and whether the poll is cancelled."""
    cancelled: list[str] = field(default_factory=list)
    """Known ballots whose poll is cancelled by this file."""
    restored: list[str] = field(default_factory=list)
    """Known ballots whose poll was cancelled and takes place by this file."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing about ballots changes."""
        return not (self.is_new_election or self.added or self.cancelled or self.restored)

    @property
    def count(self) -> int:
        """Return the number of ballots in the file."""
        return len(set(self.ballot_ids))


def join_ballots(
    session: Session,
    file: CandidateFile,
    *,
    election: Election | None,
    boundary_set: str | None = None,
) -> BallotPlan:
    """Find the constituency and ballot of each record; raises ImportRefused where there is none.

    The slug in the ballot's id decides; a GSS code only where the layout has no ballot id, because
    codes are missing for some seats and superseded for others.
    """
    target = _boundary_set(session, file, election, boundary_set)
    dates_of(file.election_id, file.polling_day)  # refuses an unknown kind before anything else
    slugs, codes = map_slugs(session, target.id), map_codes(session, target.id)
    slug_of = {constituency_id: slug for slug, constituency_id in slugs.items()}
    known = map_ballots(session, file.election_id) if election else {}
    plan = BallotPlan(boundary_set_id=target.id, is_new_election=election is None)
    kind = file.election_id.partition(".")[0]
    ids: dict[int, str] = {}
    is_cancelled: dict[int, bool] = {}
    for record in file.records:
        constituency_id = _constituency(file, record, target.slug, slugs, codes)
        ballot_id = (
            record.ballot_paper_id or f"{kind}.{slug_of[constituency_id]}.{file.polling_day}"
        )
        if ids.setdefault(constituency_id, ballot_id) != ballot_id:
            raise ImportRefused(
                f"{file.where(record, 'ballot_paper_id')}: {ballot_id} and "
                f"{ids[constituency_id]} are in the same constituency."
            )
        if record.is_cancelled is not None:
            is_cancelled[constituency_id] = (
                is_cancelled.get(constituency_id, False) or record.is_cancelled
            )
        plan.ballot_ids.append(known[constituency_id][0] if constituency_id in known else ballot_id)
    for constituency_id, ballot_id in ids.items():
        if constituency_id not in known:
            plan.added[ballot_id] = (constituency_id, is_cancelled.get(constituency_id, False))
            continue
        known_id, was_cancelled = known[constituency_id]
        if is_cancelled.get(constituency_id, was_cancelled) != was_cancelled:
            (plan.restored if was_cancelled else plan.cancelled).append(known_id)
    return plan


def write_ballots(session: Session, file: CandidateFile, plan: BallotPlan) -> None:
    """Add the election and its ballots, and note which polls are cancelled."""
    if plan.is_new_election:
        dates = dates_of(file.election_id, file.polling_day)
        create_election(
            session,
            election_id=file.election_id,
            name=name_of(file.election_id, file.polling_day, ballot_count=plan.count),
            boundary_set_id=plan.boundary_set_id,
            polling_day=file.polling_day,
            nominations_close_at=dates.nominations_close_at,
            poll_closes_at=dates.poll_closes_at,
            timezone=TIMEZONE,
            candidates_credit=CREDIT,
        )
    add_ballots(session, file.election_id, plan.added)
    for ballot_id in plan.cancelled:
        set_cancelled(session, ballot_id, is_cancelled=True)
    for ballot_id in plan.restored:
        set_cancelled(session, ballot_id, is_cancelled=False)


def _boundary_set(
    session: Session, file: CandidateFile, election: Election | None, slug: str | None
) -> BoundarySet:
    """Return the boundaries asked for, the election's, or the newest that fit the whole file."""
    if slug is None and election is not None:
        return election.boundary_set
    if slug is None:
        newest_first = list_boundary_sets(session)[::-1]
        if not newest_first:
            raise ImportRefused("There are no constituencies yet; import them before candidates.")
        fitting = (each for each in newest_first if _fits(session, each, file))
        return newest_first[0] if len(newest_first) == 1 else next(fitting, newest_first[0])
    target = get_boundary_set(session, slug)
    if election is not None and election.boundary_set_id != target.id:
        raise ImportRefused(
            f"{election.id} has the boundaries {election.boundary_set.slug}, not {slug}."
        )
    return target


def _fits(session: Session, boundary_set: BoundarySet, file: CandidateFile) -> bool:
    slugs, codes = map_slugs(session, boundary_set.id), map_codes(session, boundary_set.id)
    return all(
        record.ballot_paper_id.split(".")[1] in slugs
        if record.ballot_paper_id
        else record.code in codes
        for record in file.records
    )


def _constituency(
    file: CandidateFile,
    record: CandidateRecord,
    boundary_set: str,
    slugs: Mapping[str, int],
    codes: Mapping[str, int],
) -> int:
    if record.ballot_paper_id:
        slug = record.ballot_paper_id.split(".")[1]
        column, found, constituency_id = "ballot_paper_id", slug, slugs.get(slug)
    else:
        column, found, constituency_id = "post_id", record.code, codes.get(record.code)
    if constituency_id is None:
        shown = f"“{found}”" if found else "nothing"
        raise ImportRefused(
            f"{file.where(record, column)}: expected a constituency of {boundary_set}, found "
            f"{shown}; name other boundaries with --boundary-set."
        )
    return constituency_id
