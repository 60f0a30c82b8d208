"""Who came back under another number: the same person, known before as somebody else."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from campaign.candidates.rules import CandidacyStatus, KnownPerson, KnownStanding
from campaign.importers.candidates import CandidateRecord

Standing = tuple[CandidateRecord, str]
"""A row of the file and the ballot that it is about."""


class MergeReason(StrEnum):
    """How we know that two numbers are one person."""

    OLD_PERSON_IDS = "the file says so (old_person_ids)"
    SAME_NAME = "same name and ballot"
    SAME_BUT_CAPITALS = "same name but for capitals, same ballot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A number that is gone and the one under which the person is now known."""

    old_id: int
    new_id: int
    name: str
    ballot_id: str
    reason: MergeReason


def settled_merges(standings: Sequence[Standing], people: Mapping[int, KnownPerson]) -> list[Merge]:
    """Return the merges that the file itself states; those of people we never met matter not."""
    in_file = {record.person_id for record, _ in standings}
    merges: dict[int, Merge] = {}
    for record, ballot_id in standings:
        for old_id in record.old_person_ids:
            if old_id in people and old_id not in in_file:
                merges.setdefault(
                    old_id,
                    Merge(
                        old_id=old_id,
                        new_id=record.person_id,
                        name=record.name,
                        ballot_id=ballot_id,
                        reason=MergeReason.OLD_PERSON_IDS,
                    ),
                )
    return list(merges.values())


def proposed_merges(
    standings: Sequence[Standing],
    *,
    people: Mapping[int, KnownPerson],
    known: Sequence[KnownStanding],
    settled: AbstractSet[int],
) -> list[Merge]:
    """Return probable merges: who is gone from a ballot where a new number has the same name.

    Somebody who stood beside a namesake is not the namesake, so the new number must be new on the
    ballot; or, after an update without merging, of the same party as the one that withdrew then.
    Where a name is on the ballot more than once, the party decides, or nothing is proposed.
    """
    in_file = {record.person_id for record, _ in standings}
    before = {(each.person_id, each.ballot_id): each for each in known}
    gone: dict[tuple[str, str], list[KnownStanding]] = defaultdict(list)
    for each in known:
        if each.person_id not in in_file and each.person_id not in settled:
            name = people[each.person_id].name.casefold()
            gone[name, each.ballot_id].append(each)
    new: dict[tuple[str, str], list[CandidateRecord]] = defaultdict(list)
    for record, ballot_id in standings:
        key = (record.name.casefold(), ballot_id)
        if key in gone:
            new[key].append(record)
    merges = []
    for key, records in new.items():
        for record in records:
            old = _same_person(
                record, gone[key], records, is_known=(record.person_id, key[1]) in before
            )
            if old is not None:
                is_exact = people[old.person_id].name == record.name
                merges.append(
                    Merge(
                        old_id=old.person_id,
                        new_id=record.person_id,
                        name=record.name,
                        ballot_id=old.ballot_id,
                        reason=MergeReason.SAME_NAME if is_exact else MergeReason.SAME_BUT_CAPITALS,
                    )
                )
    return merges


def _same_person(
    record: CandidateRecord,
    gone: Sequence[KnownStanding],
    namesakes: Sequence[CandidateRecord],
    *,
    is_known: bool,
) -> KnownStanding | None:
    possible = list(gone)
    if is_known:
        possible = [each for each in possible if each.status is CandidacyStatus.WITHDRAWN]
    if is_known or len(possible) > 1 or len(namesakes) > 1:
        possible = [each for each in possible if each.party_id == record.party_id]
        namesakes = [each for each in namesakes if each.party_id == record.party_id]
    return possible[0] if len(possible) == 1 and len(namesakes) == 1 else None
