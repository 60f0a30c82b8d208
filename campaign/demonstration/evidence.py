"""What became of entries that organisers made, and what the public suggested."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.candidates.models import Candidacy
from campaign.demonstration.timeline import Step, moment_before
from campaign.demonstration.voices import SOURCES
from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import CANDIDATE, Stance
from campaign.pledges.service import dispute_entry, hide_texts, settle_dispute, suggest_evidence

_OBJECTION = "I spoke of another question that evening. Please ask me again."
_SUGGESTIONS = 3
_READER_PAGE = "https://news.example.org/velland/readers"


def let_it_be_questioned(
    session: Session, event: PledgeEvent, *, number: int, by: str, now: datetime
) -> None:
    """Let the first entry be disputed, the second also settled, the third have its texts hidden."""
    campaign_id, event_id = event.campaign_id, event.id
    if number in (0, 1):
        dispute_entry(
            session,
            campaign_id=campaign_id,
            event_id=event_id,
            entered_by=CANDIDATE,
            words=_OBJECTION,
            now=now,
        )
    if number == 1:
        settle_dispute(
            session,
            campaign_id=campaign_id,
            event_id=event_id,
            is_right=True,
            settler=by,
            reason="The recording of the evening has these words.",
            now=now + timedelta(minutes=12),
        )
    if number == 2:
        hide_texts(
            session,
            campaign_id=campaign_id,
            event_id=event_id,
            hidden_by=by,
            reason="The quote names a neighbour who has nothing to do with it.",
            now=now,
        )


def plan_suggestions(
    campaign: Campaign,
    asks: Sequence[Ask],
    candidacies: Sequence[Candidacy],
    *,
    chance: random.Random,
    now: datetime,
) -> Iterator[Step]:
    """Yield what the public suggested about some candidates and nobody has looked into."""
    for number, candidacy in enumerate(chance.sample(list(candidacies), _SUGGESTIONS)):
        at = moment_before(now, chance, days=2)
        ask = asks[number % len(asks)]
        yield Step(at, partial(_suggest, campaign, ask, candidacy, number=number, now=at))


def _suggest(
    campaign: Campaign,
    ask: Ask,
    candidacy: Candidacy,
    session: Session,
    *,
    number: int,
    now: datetime,
) -> None:
    suggest_evidence(
        session,
        campaign_id=campaign.id,
        candidacy_id=candidacy.id,
        ask_id=ask.id,
        stance=Stance.YES if number else Stance.PARTLY,
        source_url=f"{_READER_PAGE}/{candidacy.person_id}",
        quote=SOURCES[number][1] if number else "",
        said_on=(now - timedelta(days=1)).date(),
        email="reader@example.org" if number == 1 else None,
        now=now,
    )
