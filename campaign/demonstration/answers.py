"""Past answers of invented candidates: given by link or elsewhere, changed and taken back."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.candidates.models import Candidacy
from campaign.demonstration.evidence import let_it_be_questioned
from campaign.demonstration.timeline import Step, moment_before
from campaign.demonstration.voices import SOURCES, STATEMENTS
from campaign.organisers.rules import actor_of
from campaign.organisers.service import record_audit
from campaign.pledges.rules import CANDIDATE, Channel, Stance
from campaign.pledges.service import record_pledge, review_pledge, withdraw_pledge

ANSWERING_SHARE = 0.3
_LEANINGS = {
    Stance.YES: 55,
    Stance.YES_WITH_RESERVATIONS: 14,
    Stance.PARTLY: 15,
    Stance.NO: 8,
    Stance.DECLINED: 8,
}
_SOURCE_PAGE = "https://news.example.org/velland/election"


@dataclass(frozen=True, kw_only=True)
class Office:
    """The two organisers who keep the record: one enters, the other reviews."""

    enters_id: int
    reviews_id: int


def plan_answers(
    campaign: Campaign,
    asks: Sequence[Ask],
    candidacies: Sequence[Candidacy],
    *,
    office: Office,
    chance: random.Random,
    now: datetime,
) -> Iterator[Step]:
    """Yield what candidates did, in no order; who answers has nothing to do with the party."""
    reachable = [candidacy for candidacy in candidacies if candidacy.person.email]
    answering = chance.sample(reachable, round(len(reachable) * ANSWERING_SHARE))
    for number, candidacy in enumerate(answering):
        at = moment_before(now, chance, days=12)
        yield from _by_link(campaign, asks, candidacy, chance=chance, at=at)
        later = at + (now - at) / 2
        if number == 0:
            answer = partial(_answer, campaign, candidacy=candidacy, ask=asks[0])
            yield Step(later, partial(answer, stance=Stance.PARTLY, statement=_CHANGED, now=later))
        if number == 1:
            yield Step(later, partial(_withdraw, campaign, candidacy, asks[0], now=later))
    others = [candidacy for candidacy in candidacies if candidacy not in answering]
    for number, candidacy in enumerate(chance.sample(others, 6)):
        yield _elsewhere(
            campaign,
            asks[number % len(asks)],
            candidacy,
            office=office,
            number=number,
            at=moment_before(now, chance, days=9),
        )


_CHANGED = (
    "I have thought again after talking to people who work in this field, and I now support a "
    "part of it."
)


def _by_link(
    campaign: Campaign,
    asks: Sequence[Ask],
    candidacy: Candidacy,
    *,
    chance: random.Random,
    at: datetime,
) -> Iterator[Step]:
    stances, weights = list(_LEANINGS), list(_LEANINGS.values())
    leaning = chance.choices(stances, weights)[0]
    for place, ask in enumerate(asks):
        if place and chance.random() < 0.12:
            continue  # Not everybody answers everything.
        stance = leaning if chance.random() < 0.7 else chance.choices(stances, weights)[0]
        has_statement = chance.random() < 0.35
        statement = chance.choice(STATEMENTS[stance]) if has_statement else ""
        answer = partial(_answer, campaign, candidacy=candidacy, ask=ask, now=at)
        yield Step(at, partial(answer, stance=stance, statement=statement))


def _answer(
    campaign: Campaign,
    session: Session,
    *,
    candidacy: Candidacy,
    ask: Ask,
    stance: Stance,
    statement: str,
    now: datetime,
) -> None:
    record_pledge(
        session,
        campaign_id=campaign.id,
        candidacy_id=candidacy.id,
        ask_id=ask.id,
        stance=stance,
        statement=statement,
        channel=Channel.LINK,
        entered_by=CANDIDATE,
        now=now,
    )


def _withdraw(
    campaign: Campaign, candidacy: Candidacy, ask: Ask, session: Session, *, now: datetime
) -> None:
    withdraw_pledge(
        session,
        campaign_id=campaign.id,
        candidacy_id=candidacy.id,
        ask_id=ask.id,
        entered_by=CANDIDATE,
        now=now,
    )


def _elsewhere(
    campaign: Campaign,
    ask: Ask,
    candidacy: Candidacy,
    *,
    office: Office,
    number: int,
    at: datetime,
) -> Step:
    """Return an entry by an organiser; all but the last two reviewed, the last but one refused."""
    channel, quote = SOURCES[number % len(SOURCES)]

    def enter(session: Session) -> None:
        event = record_pledge(
            session,
            campaign_id=campaign.id,
            candidacy_id=candidacy.id,
            ask_id=ask.id,
            stance=Stance.PARTLY if "part" in quote else Stance.YES,
            channel=Channel(channel),
            source_url=f"{_SOURCE_PAGE}/{candidacy.person_id}",
            quote=quote,
            entered_by=actor_of(office.enters_id),
            now=at,
        )
        subject = f"pledge_event:{event.id}"
        record_audit(
            session, organiser_id=office.enters_id, verb="record_pledge", subject=subject, now=at
        )
        if number < 5:
            is_right = number < 4
            reviewed_at = at + timedelta(minutes=9)
            review_pledge(
                session,
                event_id=event.id,
                is_right=is_right,
                reason="" if is_right else "The recording of that evening has other words.",
                reviewer=actor_of(office.reviews_id),
                now=reviewed_at,
            )
            record_audit(
                session,
                organiser_id=office.reviews_id,
                verb="approve_pledge" if is_right else "reject_pledge",
                subject=subject,
                now=reviewed_at,
            )
            let_it_be_questioned(
                session,
                event,
                number=number,
                by=actor_of(office.reviews_id),
                now=reviewed_at + timedelta(minutes=20),
            )

    return Step(at, enter)
