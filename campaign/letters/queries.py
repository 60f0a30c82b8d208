"""Reads of the letters domain."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from campaign.campaigns.models import Ask, Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Candidacy
from campaign.core.tokens import Signer
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane, normalise_recipient
from campaign.elections.models import Ballot, Election
from campaign.letters.errors import ActionNotFound
from campaign.letters.models import Action, Letter, LetterTransition, MailChoice, TemplateVariant
from campaign.letters.rules import (
    CONFIRMED_STATUSES,
    Draft,
    LetterStatus,
    candidate_attributes,
    choose_variant,
    fill,
)
from campaign.letters.rules.template import NAME_PLACEHOLDER

_ACTION = "action"
ACTION_LINK_LIFETIME = timedelta(days=200)
"""How long the supporter's page opens from its link; confirming has its own, shorter term."""


# Made once: to put a statement together costs more than to run it.
_VARIANTS = (
    select(TemplateVariant)
    .where(TemplateVariant.campaign_id == bindparam("campaign_id"))
    .order_by(TemplateVariant.position)
)
_CONFIRMATION_TIMES = (
    select(OutboxMessage.created_at)
    .where(
        OutboxMessage.recipient_key == bindparam("key"),
        OutboxMessage.lane == Lane.CONFIRMATION,
        OutboxMessage.created_at > bindparam("since"),
    )
    .order_by(OutboxMessage.created_at)
)


def action_token(signer: Signer, action: Action) -> str:
    """Return the token of the supporter's page of an action."""
    return signer.sign(_ACTION, [action.id, action.submission_key[:16]])


def get_action(session: Session, signer: Signer, token: str) -> Action:
    """Return the action of a link with letters and people loaded; raises a NotFound or Gone."""
    action_id, key = signer.read(_ACTION, token, max_age=int(ACTION_LINK_LIFETIME.total_seconds()))
    action = session.scalar(
        select(Action)
        .where(Action.id == action_id)
        .options(
            joinedload(Action.supporter),
            joinedload(Action.constituency),
            selectinload(Action.letters).joinedload(Letter.candidacy).joinedload(Candidacy.person),
        )
    )
    # Ids can be given again after an erasure; the key makes sure that the link means this row.
    if action is None or action.submission_key[:16] != key:
        raise ActionNotFound("This link leads to no letters. They may have been erased.")
    return action


def find_campaign_of_link(session: Session, signer: Signer, token: str) -> Campaign | None:
    """Return the campaign of an action's link, also of one too old; raises TokenInvalid."""
    action_id, _key = signer.read(_ACTION, token)
    return session.scalar(
        select(Campaign)
        .join(Action, Action.campaign_id == Campaign.id)
        .where(Action.id == action_id)
    )


def get_campaign_of(session: Session, action: Action) -> Campaign:
    """Return the campaign that an action belongs to."""
    return session.get_one(Campaign, action.campaign_id)


def is_waiting(action: Action, *, campaign: Campaign, election: Election, now: datetime) -> bool:
    """Tell whether an action can still be confirmed at this moment."""
    return (
        action.confirmed_at is None
        and now < min(action.expires_at, election.poll_closes_at)
        and campaign.status is CampaignStatus.LIVE
        and any(letter.status is LetterStatus.UNCONFIRMED for letter in action.letters)
    )


def list_last_reasons(session: Session, action: Action) -> dict[int, str]:
    """Return by letter what the log says about its last step; who withdrew it, for one."""
    entries = session.scalars(
        select(LetterTransition)
        .where(LetterTransition.letter_id.in_([letter.id for letter in action.letters]))
        .order_by(LetterTransition.id)
    )
    return {entry.letter_id: entry.reason for entry in entries}


def find_mail_choice(session: Session, campaign_id: int, candidacy_id: int) -> MailChoice | None:
    """Return how a campaign's letters are to come to a candidate, where somebody has chosen."""
    return session.get(MailChoice, (campaign_id, candidacy_id))


def list_variants(session: Session, campaign_id: int) -> list[TemplateVariant]:
    """Return the variants of a campaign's template in the order in which they are tried."""
    return list(session.scalars(_VARIANTS, {"campaign_id": campaign_id}))


def list_drafts(
    session: Session,
    *,
    campaign: Campaign,
    ballot: Ballot,
    asks: Sequence[Ask],
    candidacies: Sequence[Candidacy],
    stances: Mapping[tuple[int, int], str],
) -> list[Draft]:
    """Return what the template makes for each candidate, in the order given.

    ``asks`` are those of today, and ``stances`` holds today's public stance by candidacy and ask.
    A campaign without a template leaves subject and text to the supporter.
    """
    variants = list_variants(session, campaign.id)
    return [
        _draft(candidacy, campaign, ballot, variants=variants, asks=asks, stances=stances)
        for candidacy in candidacies
    ]


def _draft(
    candidacy: Candidacy,
    campaign: Campaign,
    ballot: Ballot,
    *,
    variants: Sequence[TemplateVariant],
    asks: Sequence[Ask],
    stances: Mapping[tuple[int, int], str],
) -> Draft:
    place, polling_day = ballot.constituency, ballot.election.polling_day
    fields = {
        "candidate_name": " ".join(candidacy.person.name.split()),
        "party": candidacy.party_name,
        "constituency": place.name,
        "nation": place.nation,
        "region": place.region,
        "election": ballot.election.name,
        "polling_day": f"{polling_day.day} {polling_day:%B %Y}",
        "campaign": campaign.name,
        "organisation": campaign.organisation,
        "supporter_name": NAME_PLACEHOLDER,
    }
    variant = choose_variant(
        variants,
        candidate_attributes(
            party=candidacy.party_name,
            party_id=candidacy.party_id,
            nation=place.nation,
            region=place.region,
            stances={ask.slug: stances.get((candidacy.id, ask.id)) for ask in asks},
        ),
    )
    return Draft(
        candidacy_id=candidacy.id,
        variant_id=variant.id if variant else None,
        greeting=fill(variant.greeting if variant else "Dear {{ candidate_name }},", fields),
        subject=fill(variant.subject if variant else "", fields),
        body=fill(variant.body if variant else "", fields),
    )


def count_letters_by_status(session: Session, campaign_id: int) -> dict[LetterStatus, int]:
    """Return how many letters of a campaign stand where; every status is there."""
    rows = session.execute(
        select(Letter.status, func.count())
        .where(Letter.campaign_id == campaign_id)
        .group_by(Letter.status)
    )
    counts: dict[LetterStatus, int] = {row[0]: row[1] for row in rows}
    return {status: counts.get(status, 0) for status in LetterStatus}


def count_writers_by_candidacy(
    session: Session, campaign_id: int, *, candidacy_ids: Collection[int] | None = None
) -> dict[int, int]:
    """Return how many different supporters have confirmed a letter to each candidate."""
    query = (
        select(Letter.candidacy_id, func.count(Letter.supporter_id.distinct()))
        .where(Letter.campaign_id == campaign_id, Letter.status.in_(CONFIRMED_STATUSES))
        .group_by(Letter.candidacy_id)
    )
    if candidacy_ids is not None:
        query = query.where(Letter.candidacy_id.in_(candidacy_ids))
    return {row[0]: row[1] for row in session.execute(query)}


def count_writers(session: Session, campaign_id: int) -> int:
    """Return how many different supporters have confirmed a letter of a campaign."""
    writers = select(func.count(Letter.supporter_id.distinct())).where(
        Letter.campaign_id == campaign_id, Letter.status.in_(CONFIRMED_STATUSES)
    )
    return session.scalars(writers).one()


def list_same_letters(
    session: Session, *, supporter_id: int, text_hashes: Mapping[int, str]
) -> list[Letter]:
    """Return a supporter's living letters whose text, by candidacy, is one of these."""
    letters = session.scalars(
        select(Letter)
        .where(
            Letter.supporter_id == supporter_id,
            Letter.candidacy_id.in_(text_hashes),
            Letter.text_hash.in_(text_hashes.values()),
            Letter.status.not_in((LetterStatus.WITHDRAWN, LetterStatus.EXPIRED)),
        )
        .options(
            joinedload(Letter.action), joinedload(Letter.candidacy).joinedload(Candidacy.person)
        )
        .order_by(Letter.id)
    )
    return [letter for letter in letters if text_hashes[letter.candidacy_id] == letter.text_hash]


def list_confirmation_times(
    session: Session, *, recipient: str, since: datetime
) -> Sequence[datetime]:
    """Return when confirmation mails to one address were written since a moment, in order."""
    return (
        session.connection()
        .scalars(_CONFIRMATION_TIMES, {"key": normalise_recipient(recipient), "since": since})
        .all()
    )


def was_mailed_lately(session: Session, *, recipient: str, subject: str, since: datetime) -> bool:
    """Tell whether the same confirmation mail was written to somebody since a moment."""
    return (
        session.scalar(
            select(OutboxMessage.id)
            .where(
                OutboxMessage.recipient == recipient,
                OutboxMessage.lane == Lane.CONFIRMATION,
                OutboxMessage.subject == subject,
                OutboxMessage.created_at > since,
            )
            .limit(1)
        )
        is not None
    )
