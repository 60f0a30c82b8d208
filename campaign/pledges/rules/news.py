"""What has changed in a candidate's public answers between two moments, and how mail says it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from campaign.pledges.rules.kinds import STANCE_WORDS, Stance


class PublicEntry(NamedTuple):
    """An answer or a withdrawal, and from when to when it counted in public."""

    candidacy_id: int
    ask_id: int
    event_id: int
    stance: Stance | None
    """None for a withdrawal."""
    public_at: datetime
    struck_at: datetime | None
    """When it was taken out after an objection."""


class NewsKind(StrEnum):
    """What has become of an answer."""

    ANSWERED = "answered"
    CHANGED = "changed"
    REPEATED = "repeated"
    """The same stance in a new entry, as with other reasons."""
    WITHDRAWN = "withdrawn"
    STRUCK = "struck"
    """The newest entry was taken out, so that the one before it counts, or none."""


@dataclass(frozen=True, slots=True)
class AnswerNews:
    """How the public answer to one ask differs from what it was."""

    ask_id: int
    kind: NewsKind
    before: Stance | None
    after: Stance | None
    event_id: int | None
    """The entry that counts now; None where there is none."""


def list_news(
    entries: Iterable[PublicEntry], *, since: datetime, until: datetime
) -> list[AnswerNews]:
    """Return what differs between two moments in the answers of one candidate, by ask.

    What came and went between them is no news.
    """
    by_ask: dict[int, list[PublicEntry]] = {}
    for entry in sorted(entries, key=lambda each: each.event_id):
        by_ask.setdefault(entry.ask_id, []).append(entry)
    found = (
        _compare(ask_id, _newest(theirs, since), _newest(theirs, until), since=since)
        for ask_id, theirs in by_ask.items()
    )
    return [each for each in found if each is not None]


def _newest(entries: Iterable[PublicEntry], moment: datetime) -> PublicEntry | None:
    """Return the entry that counted at a moment."""
    counted = [
        each
        for each in entries
        if each.public_at <= moment and (each.struck_at is None or each.struck_at > moment)
    ]
    return counted[-1] if counted else None


def _compare(
    ask_id: int, old: PublicEntry | None, new: PublicEntry | None, *, since: datetime
) -> AnswerNews | None:
    before, after = old.stance if old else None, new.stance if new else None
    if old is new or (before is None and after is None):
        return None
    if new is None or new.public_at <= since:
        kind = NewsKind.STRUCK
    elif after is None:
        kind = NewsKind.WITHDRAWN
    elif before is None:
        kind = NewsKind.ANSWERED
    else:
        kind = NewsKind.REPEATED if before is after else NewsKind.CHANGED
    return AnswerNews(ask_id, kind, before, after, new.event_id if new else None)


def news_words(news: AnswerNews) -> str:
    """Return where a candidate stands on an ask now, and where they stood before."""
    before = STANCE_WORDS[news.before] if news.before else "withdrawn"
    after = STANCE_WORDS[news.after] if news.after else "no answer"
    match news.kind:
        case NewsKind.ANSWERED:
            return after
        case NewsKind.CHANGED:
            return f"now {after} (was {before})"
        case NewsKind.REPEATED:
            return f"still {after}, in a new entry"
        case NewsKind.WITHDRAWN:
            return f"withdrawn (was {before})"
        case NewsKind.STRUCK:
            return (
                f"now {after} (the entry “{before}” was taken out of the record "
                "because the candidate objected to it)"
            )


def news_headline(kinds: Collection[NewsKind]) -> str:
    """Return what a candidate has done, to stand after their name; one kind for each ask."""
    number = "an answer" if len(kinds) == 1 else f"{len(kinds)} answers"
    match set(kinds):
        case only if only == {NewsKind.ANSWERED}:
            return "has answered"
        case only if only == {NewsKind.CHANGED}:
            return f"has changed {number}"
        case only if only == {NewsKind.REPEATED}:
            return "has answered again"
        case only if only == {NewsKind.WITHDRAWN}:
            return f"has withdrawn {number}"
        case only if only == {NewsKind.STRUCK}:
            return "has objected, and an entry was taken out"
        case only if not only:
            return "has answered and taken it back"
    return "has changed what they answered"
