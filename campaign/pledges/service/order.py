"""What was recorded of one answer, and that the newest entry is what was said last."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy.orm import Session

from campaign.pledges.errors import PledgeInvalid
from campaign.pledges.queries import HistoryEntry, list_history
from campaign.pledges.rules import EventKind, Saying, find_newer_before, find_older_after


def list_entries_of(
    session: Session, campaign_id: int, candidacy_id: int, ask_id: int
) -> list[HistoryEntry]:
    """Return everything that was recorded of a candidate's answer to one ask, oldest first."""
    entries = list_history(session, campaign_id, candidacy_id)
    return [entry for entry in entries if entry.ask_id == ask_id]


def find_latest(history: Sequence[HistoryEntry]) -> HistoryEntry | None:
    """Return the newest entry that counts or still can."""
    open_ones = [
        entry
        for entry in history
        if entry.decision is not EventKind.REJECTION and not entry.marks.is_struck
    ]
    return open_ones[-1] if open_ones else None


def list_counting(history: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    """Return the entries that the public sees and that were not struck; the last one counts."""
    return [entry for entry in history if entry.is_public and not entry.marks.is_struck]


def get_corrected(history: Iterable[HistoryEntry], sequence: int) -> HistoryEntry:
    """Return the entry of this number that another answer can correct; raises PledgeInvalid."""
    for entry in history:
        if entry.sequence == sequence and entry.can_be_corrected:
            return entry
    raise PledgeInvalid(
        "Entry %(number)s cannot be corrected by this answer. Choose the ask that it is about; and "
        "only what organisers entered and the public sees is corrected.",
        number=sequence,
    )


def check_takes_no_place(
    said_on: date, corrects: int | None, history: Sequence[HistoryEntry]
) -> None:
    """Refuse what was said before an answer that is public: it would take that answer's place."""
    public = [entry.saying for entry in list_counting(history)]
    new = Saying(max((each.sequence for each in public), default=0) + 1, said_on, corrects)
    if newer := find_newer_before(new, public):
        raise PledgeInvalid(
            "Entry %(number)s is public and of %(day)s, and this was said before it: the newest "
            "entry counts, so an older one cannot be added behind it. If that entry is wrong, open "
            "it under “All answers” and choose “Correct it”.",
            number=newer.sequence,
            day=newer.said_on.isoformat(),
        )


def check_order(waiting: HistoryEntry, history: Sequence[HistoryEntry]) -> None:
    """Refuse to make public what would take the place of a newer answer, or stand behind an older.

    Another entry may have become public since this one was recorded.
    """
    new, public = waiting.saying, [entry.saying for entry in list_counting(history)]
    if newer := find_newer_before(new, public):
        raise PledgeInvalid(
            "Entry %(number)s is public and of %(day)s, and this was said before it, on %(said)s: "
            "it would take the place of a newer answer. Reject it.",
            number=newer.sequence,
            day=newer.said_on.isoformat(),
            said=new.said_on.isoformat(),
        )
    if older := find_older_after(new, public):
        raise PledgeInvalid(
            "Entry %(number)s was recorded later and is public, and is of %(day)s; this was said "
            "after it, on %(said)s, and would not count behind it. Reject it, and record it again.",
            number=older.sequence,
            day=older.said_on.isoformat(),
            said=new.said_on.isoformat(),
        )
