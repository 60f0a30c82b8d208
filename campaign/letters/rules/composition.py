"""How a letter is put together, told from another, and timed."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from campaign.letters.rules.template import NAME_PLACEHOLDER
from campaign.letters.rules.text import clean_body, clean_subject

CONFIRM_WITHIN = timedelta(hours=48)
CLOSING = "Yours sincerely,"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the template makes for one candidate, before the supporter touches it."""

    candidacy_id: int
    variant_id: int | None
    greeting: str
    subject: str
    body: str


@dataclass(frozen=True, kw_only=True)
class DraftGroup:
    """Recipients whose drafts read the same, so that one editor serves them all."""

    candidacy_ids: tuple[int, ...]
    subject: str
    body: str


@dataclass(frozen=True, kw_only=True)
class PreparedLetter:
    """A letter as it will be sent: ``body`` runs from greeting to signature."""

    candidacy_id: int
    variant_id: int | None
    subject: str
    body: str
    text_hash: str
    is_personal: bool


def group_drafts(drafts: Iterable[Draft]) -> list[DraftGroup]:
    """Return the drafts in groups of the same subject and body, in order of first appearance."""
    groups: dict[tuple[str, str], list[int]] = {}
    for draft in drafts:
        groups.setdefault((draft.subject, draft.body), []).append(draft.candidacy_id)
    return [
        DraftGroup(candidacy_ids=tuple(ids), subject=subject, body=body)
        for (subject, body), ids in groups.items()
    ]


def compose(*, greeting: str, body: str, name: str, postcode: str | None) -> str:
    """Return the whole text that a candidate reads, from greeting to signature."""
    signature = f"{name}\n{postcode}" if postcode else name
    return f"{greeting}\n\n{body}\n\n{CLOSING}\n\n{signature}"


def split(body: str) -> tuple[str, str]:
    """Return greeting and text of a composed letter, without its signature."""
    greeting, _, rest = body.partition("\n\n")
    return greeting, rest.rpartition(f"\n\n{CLOSING}\n\n")[0] or rest


def prepare_letters(
    drafts: Sequence[Draft],
    *,
    texts: Mapping[int, tuple[str, str]],
    name: str,
    postcode: str | None,
) -> list[PreparedLetter]:
    """Return the letters for those candidates that have a text, in the order of the drafts.

    ``texts`` holds subject and body by candidacy, as the supporter left them. Raises TextInvalid.
    """
    cleaned = {
        typed: (
            clean_subject(typed[0].replace(NAME_PLACEHOLDER, name)),
            clean_body(typed[1].replace(NAME_PLACEHOLDER, name)),
        )
        for typed in set(texts.values())  # Most letters of a supporter share one text.
    }
    folded = lru_cache(_folded)  # So do most drafts.
    letters = []
    for draft in drafts:
        if draft.candidacy_id not in texts:
            continue
        subject, text = cleaned[texts[draft.candidacy_id]]
        offered = (draft.subject + "\n" + draft.body).replace(NAME_PLACEHOLDER, name)
        body = compose(greeting=draft.greeting, body=text, name=name, postcode=postcode)
        letters.append(
            PreparedLetter(
                candidacy_id=draft.candidacy_id,
                variant_id=draft.variant_id,
                subject=subject,
                body=body,
                text_hash=text_hash(subject, body),
                is_personal=folded(offered) != folded(subject + "\n" + text),
            )
        )
    return letters


def text_hash(subject: str, body: str) -> str:
    """Return the SHA-256 by which the same text is found again, however its spaces fall."""
    return hashlib.sha256(f"{_folded(subject)}\n{_folded(body)}".encode()).hexdigest()


def submission_digest(
    *, key: str, campaign_id: int, email: str, letters: Iterable[PreparedLetter]
) -> str:
    """Return what makes one press of the button the same as another.

    The form's own key alone is not enough: somebody who goes back, mends their address and sends
    again sends something new.
    """
    contents = sorted(f"{letter.candidacy_id}:{letter.text_hash}" for letter in letters)
    return hashlib.sha256("\n".join([key, str(campaign_id), email, *contents]).encode()).hexdigest()


def expires_at(now: datetime, *, poll_closes_at: datetime) -> datetime:
    """Return when an unconfirmed action lapses: in 48 hours, and never past the close of poll."""
    return min(now + CONFIRM_WITHIN, poll_closes_at)


def _folded(text: str) -> str:
    return " ".join(text.split())
