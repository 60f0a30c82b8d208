"""Two weeks of letters and answers, so that no page of the demonstration is empty."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks
from campaign.campaigns.rules import MailForm
from campaign.candidates.models import Candidacy
from campaign.candidates.queries import list_ballot_candidacies
from campaign.delivery.models import DeliveryAttempt, OutboxMessage
from campaign.delivery.rules import AttemptOutcome, MessageStatus, campaign_scope
from campaign.delivery.service.ramps import pass_ramp
from campaign.demonstration.answers import Office, plan_answers
from campaign.demonstration.evidence import plan_suggestions
from campaign.demonstration.island import SEED
from campaign.demonstration.timeline import PAST_DAYS, Step
from campaign.demonstration.writers import DIGEST_SEAT, is_written_to, plan_letters
from campaign.elections.models import Ballot
from campaign.letters.service import (
    Correspondence,
    choose_mail_form,
    hasten_digest,
    record_delivery,
    run_chores,
)
from campaign.pledges.service import publish_heads

_LEFT_TO_THE_WORKER = timedelta(minutes=6)
"""What was written so lately is still in the outbox when the demonstration starts."""
_DEAD_ADDRESSES = 2
_REFUSAL = "550 the mail server of the recipient knows no such mailbox"


def write_past(
    session: Session,
    campaign: Campaign,
    *,
    office: Office,
    correspondence: Correspondence,
    further: Sequence[Step] = (),
    now: datetime,
) -> None:
    """Let the last two weeks happen: every step through the services, at its own time.

    ``further`` are steps of others that belong among them.
    """
    chance = random.Random(SEED)  # noqa: S311 - a play, not a secret
    ballots = _list_ballots(session, campaign.election_id)
    open_ballots = [each for each in ballots if not each[0].is_cancelled]
    candidacies = [candidacy for _, standing in open_ballots for candidacy in standing]
    asks = list_asks(session, campaign.id)
    steps = [
        *plan_answers(campaign, asks, candidacies, office=office, chance=chance, now=now),
        *plan_letters(
            campaign, open_ballots, correspondence=correspondence, chance=chance, now=now
        ),
        *further,
    ]
    steps += _digest_steps(campaign, open_ballots[DIGEST_SEAT][1], now=now)
    chance.shuffle(open_ballots)
    post = _Post(correspondence, dead=_dead_addresses(open_ballots))
    rounds = [now - timedelta(hours=hours) for hours in range(2, PAST_DAYS * 24, 6)]
    steps += [Step(at, partial(post.tidy, now=at)) for at in rounds]
    # Of its own chance, so that the rest of the past stays as it was.
    readers = random.Random(SEED + 1)  # noqa: S311 - a play, not a secret
    steps += plan_suggestions(campaign, asks, candidacies, chance=readers, now=now)
    for step in sorted(steps):
        if step.at < now - _LEFT_TO_THE_WORKER:
            post.deliver(session, step.at)
        step.act(session)
    post.deliver(session, now - _LEFT_TO_THE_WORKER)
    # Two weeks of letters have shown what a ramp shows, and what leaves now goes nowhere.
    pass_ramp(session, campaign_scope(campaign.id), now)


def _digest_steps(
    campaign: Campaign, candidacies: Sequence[Candidacy], *, now: datetime
) -> list[Step]:
    """Let a candidate choose digests; today's leaves when the demonstration starts."""
    # The first of a seat may be one whose mailbox is dead.
    candidacy = [each for each in candidacies if is_written_to(each)][1]
    chosen_at = now - timedelta(days=3)

    def choose(session: Session) -> None:
        choose_mail_form(
            session,
            campaign=campaign,
            candidacy_id=candidacy.id,
            form=MailForm.ONE_DIGEST,
            actor="candidate",
            now=chosen_at,
        )

    hasten = partial(hasten_digest, campaign_id=campaign.id, candidacy_id=candidacy.id, now=now)
    return [Step(chosen_at, choose), Step(now, hasten)]


class _Post:
    """What the worker did in the past: it sent what was due, or failed."""

    def __init__(self, correspondence: Correspondence, *, dead: frozenset[str]) -> None:
        self._correspondence = correspondence
        self._dead = dead

    def tidy(self, session: Session, *, now: datetime) -> None:
        """Do the chores: remind, let what nobody confirmed expire, publish the record's head."""
        run_chores(session, correspondence=self._correspondence, now=now)
        publish_heads(session, now)

    def deliver(self, session: Session, until: datetime) -> None:
        """Settle every message that was due at this moment."""
        due = session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.status == MessageStatus.QUEUED, OutboxMessage.due_at <= until)
            .order_by(OutboxMessage.id)
        ).all()
        for message in due:
            self._settle(session, message)

    def _settle(self, session: Session, message: OutboxMessage) -> None:
        started_at = message.due_at + timedelta(seconds=1)
        finished_at = started_at + timedelta(milliseconds=400)
        is_dead = message.recipient in self._dead
        message.attempt_count = 1
        if is_dead:
            message.status, message.failed_at = MessageStatus.FAILED, finished_at
            message.last_error = _REFUSAL
        else:
            message.status, message.sent_at = MessageStatus.SENT, finished_at
        outcome = AttemptOutcome.PERMANENT_FAILURE if is_dead else AttemptOutcome.SENT
        session.add(
            DeliveryAttempt(
                outbox_message_id=message.id,
                number=1,
                started_at=started_at,
                finished_at=finished_at,
                outcome=outcome,
                code=550 if is_dead else 250,
                detail=_REFUSAL if is_dead else "",
            )
        )
        record_delivery(session, message, finished_at, correspondence=self._correspondence)


def _list_ballots(session: Session, election_id: str) -> list[tuple[Ballot, list[Candidacy]]]:
    ballots = session.scalars(
        select(Ballot)
        .where(Ballot.election_id == election_id)
        .order_by(Ballot.id)
        .options(joinedload(Ballot.constituency), joinedload(Ballot.election))
    ).all()
    return [(ballot, list_ballot_candidacies(session, ballot.id)) for ballot in ballots]


def _dead_addresses(ballots: list[tuple[Ballot, list[Candidacy]]]) -> frozenset[str]:
    addresses = [
        candidacy.person.email
        for _, candidacies in ballots[:_DEAD_ADDRESSES]
        for candidacy in candidacies[:1]
        if candidacy.person.email
    ]
    return frozenset(addresses)
