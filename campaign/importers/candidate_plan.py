"""What an update of candidates changes: the file against what is known. Nothing is written here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from campaign.candidates.rules import (
    CandidacyStatus,
    CandidateChanges,
    KnownPerson,
    KnownStanding,
    PersonValues,
    StandingValues,
    official_sort_name,
    sort_name,
)
from campaign.importers.candidate_merges import Merge, Standing
from campaign.importers.candidates import CandidateFile, CandidateRecord


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the database has before an import."""

    people: Mapping[int, KnownPerson]
    standings: Sequence[KnownStanding]
    """All candidacies of this election."""
    elsewhere: Sequence[KnownStanding] = ()
    """Candidacies in other elections of people who are merged."""
    referenced: AbstractSet[int] = frozenset()
    """Candidacies to which letters or pledges point, of people who are merged."""


@dataclass(kw_only=True)
class Plan:
    """What would be written, and what is to be told about it."""

    changes: CandidateChanges
    added: int = 0
    changed: int = 0
    changed_fields: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    returned: int = 0
    withdrawn: list[KnownStanding] = field(default_factory=list)
    merged: list[Merge] = field(default_factory=list)
    kept_apart: list[Merge] = field(default_factory=list)
    """Merges in which both candidacies have letters or answers, so neither can go."""
    emails_missing: int = 0
    """People with an address here and none in the file."""


class Planner:
    """Compares one file with what is known."""

    def __init__(
        self, file: CandidateFile, known: Known, changes: CandidateChanges, *, drops_emails: bool
    ) -> None:
        self._file = file
        self._drops_emails = drops_emails
        self._people = dict(known.people)
        self._known = known
        self._own_ids = {each.id for each in known.standings}
        self._standings = {
            (each.person_id, each.ballot_id): each for each in (*known.standings, *known.elsewhere)
        }
        self._done: set[int] = set()
        self.plan = Plan(changes=changes)

    def compare(self, standings: Sequence[Standing], merges: Sequence[Merge]) -> Plan:
        """Decide everything: merges first, then each row, then who is gone."""
        for merge in merges:
            self._merge(merge)
        for record, ballot_id in standings:
            self._compare(record, ballot_id)
        in_file = {(record.person_id, ballot_id) for record, ballot_id in standings}
        for key, each in self._standings.items():
            is_gone = each.id in self._own_ids and key not in in_file
            if is_gone and each.status is not CandidacyStatus.WITHDRAWN:
                self.plan.withdrawn.append(each)
                self.plan.changes.standings_to_withdraw.append(each.id)
        return self.plan

    def _merge(self, merge: Merge) -> None:
        """Let one person become another; a candidacy that letters point to keeps its row."""
        changes, is_apart = self.plan.changes, False
        mine = [each for key, each in self._standings.items() if key[0] == merge.old_id]
        for each in mine:
            target = (merge.new_id, each.ballot_id)
            other = self._standings.get(target)
            if other is not None and each.id in self._known.referenced:
                if other.id in self._known.referenced:
                    is_apart = True
                    continue
                changes.standings_to_drop.append(other.id)
            elif other is not None:
                changes.standings_to_drop.append(each.id)
                del self._standings[each.person_id, each.ballot_id]
                continue
            del self._standings[each.person_id, each.ballot_id]
            self._standings[target] = each._replace(person_id=merge.new_id)
            changes.standings_to_move.append((each.id, merge.new_id))
        old = self._people[merge.old_id]
        new = self._people.get(merge.new_id)
        # A number that we meet for the first time inherits all; a known one what it lacks.
        self._people[merge.new_id] = (
            old._replace(id=merge.new_id)
            if new is None
            else new._replace(
                imported_email=new.imported_email or old.imported_email,
                corrected_email=(
                    old.corrected_email if new.corrected_email is None else new.corrected_email
                ),
            )
        )
        if is_apart:
            self.plan.kept_apart.append(merge)
            return
        changes.people_to_merge.append((merge.old_id, merge.new_id))
        changes.people_to_remove.append(merge.old_id)
        self.plan.merged.append(merge)

    def _compare(self, record: CandidateRecord, ballot_id: str) -> None:
        plan, fields = self.plan, self._compare_person(record)
        before = self._standings.get((record.person_id, ballot_id))
        values = StandingValues(
            record.person_id,
            ballot_id,
            record.party_id,
            record.party_name,
            _status(record, before),
        )
        if before is None:
            plan.added += 1
            plan.changes.standings_to_add.append(values)
            return
        if before.status is CandidacyStatus.WITHDRAWN:
            plan.returned += 1
        elif before.status is not values.status:
            fields.append("result")
        if (before.party_id, before.party_name) != (values.party_id, values.party_name):
            fields.append("party")
        if before[3:] != values[2:]:
            plan.changes.standings_to_change.append((before.id, values))
        if fields:
            plan.changed += 1
            plan.changed_fields.update(fields)
        elif before.status is not CandidacyStatus.WITHDRAWN:
            plan.unchanged += 1

    def _compare_person(self, record: CandidateRecord) -> list[str]:
        """Decide about a person once; returns what of theirs has changed."""
        if record.person_id in self._done:
            return []
        self._done.add(record.person_id)
        before = self._people.get(record.person_id)
        values = PersonValues(
            record.person_id,
            record.name,
            self._sort_name(record, before),
            self._imported_email(record, before),
            before.corrected_email if before else None,
        )
        known = self._known.people.get(record.person_id)
        if known is None:
            self.plan.changes.people_to_add.append(values)
        elif tuple(known) != tuple(values):
            self.plan.changes.people_to_change.append(values)
        if before is None:
            return []
        fields = []
        if (before.name, before.sort_name) != (values.name, values.sort_name):
            fields.append("name")
        if before.imported_email != values.imported_email:
            fields.append("e-mail")
        return fields

    def _sort_name(self, record: CandidateRecord, before: KnownPerson | None) -> str:
        if record.last_name:
            return official_sort_name(record.name, record.last_name)
        if before is not None and before.name == record.name:
            return before.sort_name  # perhaps the official one, from an earlier file
        return sort_name(record.name)

    def _imported_email(self, record: CandidateRecord, before: KnownPerson | None) -> str | None:
        known = before.imported_email if before else None
        if record.email is not None or known is None:
            return record.email
        if not self._file.has_emails:
            return known
        self.plan.emails_missing += 1
        return None if self._drops_emails else known


def _status(record: CandidateRecord, before: KnownStanding | None) -> CandidacyStatus:
    if record.is_elected is not None:
        return CandidacyStatus.ELECTED if record.is_elected else CandidacyStatus.NOT_ELECTED
    if before is None or before.status is CandidacyStatus.WITHDRAWN:
        return CandidacyStatus.STANDING
    return before.status
