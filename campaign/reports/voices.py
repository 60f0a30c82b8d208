"""What moved the constituents who wrote to a candidate, in their words where they allowed it."""

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy
from campaign.letters.models import Action, HiddenWords, Letter
from campaign.letters.queries import list_variants
from campaign.letters.rules import LetterStatus
from campaign.letters.rules.words import first_name, own_words

VOICES_SHOWN = 3
_LETTERS_READ = 20
"""Newest letters that are looked at: some have changed a template by a word only."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A constituent's own words; for the candidate only."""

    first_name: str
    words: str


def list_voices(
    session: Session, campaign: Campaign, candidacy: Candidacy, *, limit: int = VOICES_SHOWN
) -> list[Voice]:
    """Return the newest words of supporters whose letters the candidate has, by their leave.

    Only of personal letters that were sent, one of each supporter, and none that an organiser hid.
    """
    rows = session.execute(
        select(Letter.body, Action.supporter_name, Letter.supporter_id)
        .join(Action, Action.id == Letter.action_id)
        .where(
            Letter.campaign_id == campaign.id,
            Letter.candidacy_id == candidacy.id,
            Letter.status == LetterStatus.SENT,
            Letter.is_personal.is_(True),
            Action.words_text != "",
            ~exists().where(HiddenWords.letter_id == Letter.id),
        )
        .order_by(Letter.id.desc())
        .limit(_LETTERS_READ)
    ).all()
    if not rows:
        return []
    templates = [variant.body for variant in list_variants(session, campaign.id)]
    voices: dict[int, Voice] = {}
    for body, name, supporter_id in rows:
        words = own_words(body, templates=templates)
        if words and supporter_id not in voices:
            voices[supporter_id] = Voice(first_name(name), words)
    return list(voices.values())[:limit]
