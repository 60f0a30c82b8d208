"""Past letters of invented supporters: written, confirmed or not, sent, held, taken back."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.demonstration import names
from campaign.demonstration.timeline import PAST_DAYS, Step, moment_before
from campaign.demonstration.voices import CLOSINGS, OPENINGS
from campaign.elections.models import Ballot
from campaign.letters.queries import list_drafts
from campaign.letters.rules import Draft, Writer, prepare_letters
from campaign.letters.service import (
    Correspondence,
    confirm_action,
    submit_action,
    withdraw_letter,
)
from campaign.pledges.queries import list_current_answers

ACTIONS = 130
_RECENT_ACTIONS = 6
"""The last ones were confirmed a moment ago: the worker sends their letters when it starts."""
DIGEST_SEAT = 1
"""Place of the seat to which they wrote; one of its candidates gets them in a digest."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one supporter does: whether they confirm, and whether they take a letter back."""

    writer: Writer
    ballot: Ballot
    candidacies: tuple[Candidacy, ...]
    opening: str
    closing: str
    at: datetime
    is_confirmed: bool = True
    takes_one_back: bool = False


def plan_letters(
    campaign: Campaign,
    ballots: Sequence[tuple[Ballot, Sequence[Candidacy]]],
    *,
    correspondence: Correspondence,
    chance: random.Random,
    now: datetime,
) -> Iterator[Step]:
    """Yield what supporters did, in no order."""
    for number, writer in enumerate(_writers(chance, ACTIONS)):
        # The square makes a few seats lively and leaves many with a letter or two.
        ballot, candidacies = ballots[int(len(ballots) * chance.random() ** 2)]
        plan = Plan(
            writer=writer,
            ballot=ballot,
            candidacies=_recipients(candidacies, chance),
            opening=chance.choice(OPENINGS) if chance.random() < 0.45 else "",
            closing=chance.choice(CLOSINGS) if chance.random() < 0.3 else "",
            at=moment_before(now, chance, days=PAST_DAYS),
            takes_one_back=number % 25 == 7,
        )
        if number < _RECENT_ACTIONS:
            ballot, candidacies = ballots[DIGEST_SEAT]
            plan = replace(
                plan,
                ballot=ballot,
                candidacies=tuple(each for each in candidacies if is_written_to(each)),
                at=now - timedelta(seconds=300 - 50 * number),
                takes_one_back=False,
            )
        elif number % 18 == 5:
            plan = replace(plan, is_confirmed=False)
            if number % 36 == 5:
                at = moment_before(now, chance, days=1.5)
                plan = replace(plan, at=at)
        yield from _steps(plan, campaign, correspondence=correspondence)


_SHOWN = "The campaign may show my words with my first name to the candidate on their answer page"


def is_written_to(candidacy: Candidacy) -> bool:
    """Tell whether a letter to a candidate can leave."""
    return candidacy.status is CandidacyStatus.STANDING and bool(candidacy.person.email)


def _writers(chance: random.Random, count: int) -> Iterator[Writer]:
    everybody = [f"{first} {last}" for last in names.SURNAMES for first in names.FIRST_NAMES]
    for name in chance.sample(everybody, count):
        address = f"{name.lower().replace(' ', '.')}@home.example.org"
        wants_news = chance.random() < 0.3
        # Not by chance, so that everything else of this past stays as it was.
        words_text = _SHOWN if len(name) % 2 else ""
        yield Writer(name=name, email=address, wants_news=wants_news, words_text=words_text)


def _recipients(candidacies: Sequence[Candidacy], chance: random.Random) -> tuple[Candidacy, ...]:
    """Return those who stand, mostly without those who have no address."""
    standing = [each for each in candidacies if each.status is CandidacyStatus.STANDING]
    with_others = chance.random() < 0.12
    chosen = [each for each in standing if each.person.email or with_others]
    if chance.random() < 0.3:
        chosen = chance.sample(chosen, max(1, len(chosen) - 2))
    return tuple(chosen)


def _steps(plan: Plan, campaign: Campaign, *, correspondence: Correspondence) -> Iterator[Step]:
    confirmed_at = plan.at + timedelta(seconds=50)
    action_ids: list[int] = []

    def write(session: Session) -> None:
        drafts = _drafts(session, plan, campaign)
        letters = prepare_letters(
            drafts,
            texts={each.candidacy_id: (each.subject, _own_words(each, plan)) for each in drafts},
            name=plan.writer.name,
            postcode=None,
        )
        submission = submit_action(
            session,
            campaign=campaign,
            ballot=plan.ballot,
            writer=plan.writer,
            letters=letters,
            submission_key=f"demonstration:{plan.writer.email}",
            is_proven=False,
            correspondence=correspondence,
            now=plan.at,
        )
        assert submission.action is not None
        action_ids.append(submission.action.id)

    def confirm(session: Session) -> None:
        action = confirm_action(
            session, action_ids[0], correspondence=correspondence, now=confirmed_at
        )
        if plan.takes_one_back:
            first = action.letters[0].id
            withdraw_letter(session, action, first, now=confirmed_at + timedelta(seconds=8))

    yield Step(plan.at, write)
    if plan.is_confirmed:
        yield Step(confirmed_at, confirm)


def _drafts(session: Session, plan: Plan, campaign: Campaign) -> list[Draft]:
    answers = list_current_answers(
        session, campaign.id, candidacy_ids=[each.id for each in plan.candidacies]
    )
    return list_drafts(
        session,
        campaign=campaign,
        ballot=plan.ballot,
        asks=list_asks(session, campaign.id),
        candidacies=plan.candidacies,
        stances={key: answer.stance for key, answer in answers.items()},
    )


def _own_words(draft: Draft, plan: Plan) -> str:
    return "\n\n".join(part for part in (plan.opening, draft.body, plan.closing) if part)
