"""The import of candidates: read, join to constituencies, compare, write."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

import campaign.letters.models
import campaign.pledges.models  # noqa: F401  (so that all that points to a candidacy is known)
from campaign.candidates.models import Candidacy
from campaign.candidates.queries import (
    list_known_standings,
    list_standings_of_people,
    map_aliases,
    map_known_people,
)
from campaign.candidates.rules import (
    CandidacyStatus,
    CandidateChanges,
    KnownPerson,
    KnownStanding,
    effective_email,
)
from campaign.candidates.service import write_candidate_changes
from campaign.core.db import Base
from campaign.elections.queries import find_election
from campaign.elections.service import write_parties
from campaign.importers.ballots import BallotPlan, join_ballots, write_ballots
from campaign.importers.candidate_merges import (
    Merge,
    Standing,
    proposed_merges,
    settled_merges,
)
from campaign.importers.candidate_plan import Known, Plan, Planner
from campaign.importers.candidates import CandidateFile, EmailFault, read
from campaign.importers.errors import MassWithdrawalRefused
from campaign.importers.garbage import without_garbage_collection
from campaign.importers.sources import Source
from campaign.pledges.service import carry_choices


class MissingEmails(StrEnum):
    """What becomes of an address that we have and the file has no more."""

    KEEP = "keep"
    DROP = "drop"


@dataclass(frozen=True, kw_only=True)
class CandidateOptions:
    """What the organiser decides about an import."""

    boundary_set: str | None = None
    merges_names: bool = False
    """Whether those who came back under another number are merged, or only proposed."""
    missing_emails: MissingEmails = MissingEmails.KEEP
    allows_mass_withdrawal: bool = False


@dataclass(kw_only=True)
class CandidateReport:
    """What an import did, or would do."""

    file: str
    election_id: str
    plan: Plan
    ballots: BallotPlan
    proposed: list[Merge]
    left_out: Counter[str]
    email_faults: Counter[EmailFault]
    drops_emails: bool
    """Whether addresses that the file has no more are dropped."""
    shared_emails: int
    """Addresses that more than one person has."""
    candidates: int
    with_email: int
    """Candidates of the file who can be reached after the import."""
    doubles: list[str] = field(default_factory=list)
    """Rows of the file that are one person by now."""
    refusal: str | None = None
    """Why nothing may be written."""

    @property
    def changes_nothing(self) -> bool:
        """Whether the file is what is known already."""
        return self.plan.changes.is_empty and self.ballots.is_empty

    def check(self) -> None:
        """Raise MassWithdrawalRefused where the import has been refused."""
        if self.refusal is not None:
            raise MassWithdrawalRefused(self.refusal)


@without_garbage_collection()
def read_candidates(source: Source, *, election_id: str | None = None) -> CandidateFile:
    """Read a file of candidates; raises ImportRefused."""
    with source.open_text(".csv") as text:
        return read(text, election_id=election_id)


@without_garbage_collection()
def import_candidates(
    session: Session,
    file: CandidateFile,
    *,
    options: CandidateOptions,
    now: datetime,
    is_dry_run: bool = False,
) -> CandidateReport:
    """Add, change, withdraw and merge candidates as a file says; the caller commits.

    Raises ImportRefused for what is wrong with the file as a whole. An update that would withdraw
    most candidates is not written; ``report.check()`` raises it, once the report has been shown.
    """
    election = find_election(session, file.election_id)
    ballots = join_ballots(session, file, election=election, boundary_set=options.boundary_set)
    known_standings = list_known_standings(session, file.election_id) if election else []
    changes = CandidateChanges(withdrawn_at=now)
    standings, doubles = _today(file, ballots.ballot_ids, map_aliases(session), changes)
    people = map_known_people(
        session, _everybody(standings, known_standings), is_for_update=not is_dry_run
    )
    merges = settled_merges(standings, people)
    proposed = proposed_merges(
        standings,
        people=people,
        known=known_standings,
        settled={merge.old_id for merge in merges},
    )
    if options.merges_names:
        merges, proposed = [*merges, *proposed], []
    known = _known(session, people, known_standings, merges)
    planner = Planner(
        file, known, changes, drops_emails=options.missing_emails is MissingEmails.DROP
    )
    plan = planner.compare(standings, merges)
    report = CandidateReport(
        file=file.name,
        election_id=file.election_id,
        plan=plan,
        ballots=ballots,
        proposed=proposed,
        left_out=file.left_out,
        email_faults=file.email_faults,
        drops_emails=options.missing_emails is MissingEmails.DROP,
        shared_emails=_count_shared(file),
        candidates=len(standings),
        with_email=_count_reachable(standings, people, plan),
        doubles=doubles,
        refusal=_refusal(plan, file, known_standings, options),
    )
    if not is_dry_run and report.refusal is None:
        write_parties(session, {r.party_id: r.party_name for r in file.records})
        write_ballots(session, file, ballots)
        write_candidate_changes(session, changes)
        carry_choices(session, file.election_id, now=now)
    return report


def _refusal(
    plan: Plan, file: CandidateFile, known: Sequence[KnownStanding], options: CandidateOptions
) -> str | None:
    """Return why the file is refused: most candidates would withdraw, so it is a wrong one."""
    standing = sum(each.status is not CandidacyStatus.WITHDRAWN for each in known)
    gone = len(plan.withdrawn)
    if gone * 2 <= standing or options.allows_mass_withdrawal:
        return None
    return (
        f"{file.name} would withdraw {gone:,} of {standing:,} candidates, so it is probably not "
        "the whole list; if it is, add --allow-mass-withdrawal. Nothing has been written."
    )


def _today(
    file: CandidateFile,
    ballot_ids: Sequence[str],
    aliases: Mapping[int, int],
    changes: CandidateChanges,
) -> tuple[list[Standing], list[str]]:
    """Return the rows with the numbers that people have today, and names of rows that fell away."""
    if not aliases:
        return list(zip(file.records, ballot_ids, strict=True)), []
    in_file = {record.person_id for record in file.records}
    standings: dict[tuple[int, str], Standing] = {}
    doubles = []
    for record, ballot_id in zip(file.records, ballot_ids, strict=True):
        standing: Standing = (record, ballot_id)
        today = aliases.get(record.person_id)
        if today is not None and today in in_file:
            # Both numbers are in use again, so they are two people after all.
            if record.person_id not in changes.aliases_to_drop:
                changes.aliases_to_drop.append(record.person_id)
        elif today is not None:
            standing = (replace(record, person_id=today), ballot_id)
        key = (standing[0].person_id, ballot_id)
        if key in standings:
            doubles.append(record.name)
        else:
            standings[key] = standing
    return list(standings.values()), doubles


def _everybody(standings: Iterable[Standing], known: Iterable[KnownStanding]) -> set[int]:
    ids = {record.person_id for record, _ in standings}
    ids.update(old for record, _ in standings for old in record.old_person_ids)
    ids.update(each.person_id for each in known)
    return ids


def _known(
    session: Session,
    people: Mapping[int, KnownPerson],
    standings: Sequence[KnownStanding],
    merges: Sequence[Merge],
) -> Known:
    if not merges:
        return Known(people=people, standings=standings)
    merged = {number for merge in merges for number in (merge.old_id, merge.new_id)}
    own = {each.id for each in standings}
    theirs = list_standings_of_people(session, merged)
    return Known(
        people=people,
        standings=standings,
        elsewhere=[each for each in theirs if each.id not in own],
        referenced=_referenced(session, {each.id for each in theirs}),
    )


def _referenced(session: Session, candidacy_ids: AbstractSet[int]) -> set[int]:
    """Return those of the candidacies that a letter, a pledge or anything else points to."""
    found: set[int] = set()
    target = f"{Candidacy.__tablename__}.id"
    for table in Base.metadata.tables.values():
        for column in table.columns:
            if any(key.target_fullname == target for key in column.foreign_keys):
                found.update(
                    session.scalars(select(column).where(column.in_(candidacy_ids)).distinct())
                )
    return found


def _count_shared(file: CandidateFile) -> int:
    owners: dict[str, set[int]] = {}
    for record in file.records:
        if record.email is not None:
            owners.setdefault(record.email.lower(), set()).add(record.person_id)
    return sum(len(people) > 1 for people in owners.values())


def _count_reachable(
    standings: Sequence[Standing], people: Mapping[int, KnownPerson], plan: Plan
) -> int:
    emails = {
        person.id: effective_email(imported=person.imported_email, corrected=person.corrected_email)
        for person in people.values()
    }
    for each in (*plan.changes.people_to_add, *plan.changes.people_to_change):
        emails[each.id] = each.email
    return sum(bool(emails.get(record.person_id)) for record, _ in standings)
