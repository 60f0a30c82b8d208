"""Proof that no letter was lost: what was accepted, where it stands, and what does not fit."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from campaign.campaigns.queries import list_campaigns
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import MessageStatus
from campaign.letters.models import Action, Letter, LetterTransition
from campaign.letters.queries import count_letters_by_status
from campaign.letters.rules import TRANSITIONS, LetterStatus

_SHOWN = 5
"""Letters named for each fault; the count says how many there are."""


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """One campaign's letters: accepted by the log of births, counted by status, and faults."""

    slug: str
    accepted: int
    by_status: dict[LetterStatus, int]
    faults: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Tell whether the sum holds and nothing is at fault."""
        return not self.faults and self.accepted == sum(self.by_status.values())


def reconcile_letters(session: Session) -> list[Reconciliation]:
    """Return the reconciliation of every campaign, drafts too."""
    return [
        Reconciliation(
            slug=campaign.slug,
            accepted=_count_births(session, campaign.id),
            by_status=count_letters_by_status(session, campaign.id),
            faults=tuple(_faults(session, campaign.id)),
        )
        for campaign in list_campaigns(session)
    ]


def _count_births(session: Session, campaign_id: int) -> int:
    return session.scalar(
        select(func.count())
        .select_from(LetterTransition)
        .join(Letter, Letter.id == LetterTransition.letter_id)
        .where(Letter.campaign_id == campaign_id, LetterTransition.from_status.is_(None))
    ) or 0  # fmt: skip


def _faults(session: Session, campaign_id: int) -> list[str]:
    checks: tuple[tuple[str, Select[int]], ...] = (
        ("without any entry in the log", _letters(~exists().where(_is_of_letter()))),
        ("born twice or not at all in the log", _not_born_once()),
        ("whose last entry in the log is another status", _last_entry_differs(campaign_id)),
        (
            "with a step in the log that does not begin where the last ended",
            _broken_chain(campaign_id),
        ),
        (
            "queued without a message that waits or is being sent, and not for a digest",
            _letters(
                Letter.status == LetterStatus.QUEUED,
                Letter.outbox_message_id.is_not(None) | Letter.digest_at.is_(None),
                ~_message_is(MessageStatus.QUEUED, MessageStatus.SENDING),
            ),
        ),
        (
            "sent without a message that was sent",
            _letters(Letter.status == LetterStatus.SENT, ~_message_is(MessageStatus.SENT)),
        ),
        ("in one message with other letters, and not as a digest", _shared_message()),
        (
            "not to be sent, with a message that may leave or has left",
            _letters(
                Letter.status.in_(
                    (LetterStatus.UNCONFIRMED, LetterStatus.WITHDRAWN, LetterStatus.EXPIRED)
                ),
                _message_is(MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.SENT),
            ),
        ),
        (
            "unconfirmed in an action that is confirmed, or the other way round",
            _unlike_action(),
        ),
        (
            "held without a reason, or with one and not held",
            _letters((Letter.status == LetterStatus.HELD) != Letter.held_reason.is_not(None)),
        ),
    )
    faults = []
    for what, query in checks:
        ids = session.scalars(query.where(Letter.campaign_id == campaign_id)).all()
        if ids:
            named = ", ".join(str(each) for each in ids[:_SHOWN])
            faults.append(f"{len(ids)} {what}: {named}{' …' if len(ids) > _SHOWN else ''}")
    return faults + _illegal_steps(session, campaign_id)


def _letters(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(Letter.id).where(*conditions).order_by(Letter.id)


def _is_of_letter() -> ColumnElement[bool]:
    return LetterTransition.letter_id == Letter.id


def _not_born_once() -> Select[int]:
    once = (
        select(LetterTransition.letter_id)
        .where(LetterTransition.from_status.is_(None))
        .group_by(LetterTransition.letter_id)
        .having(func.count() == 1)
        .subquery()
    )
    return (
        select(Letter.id)
        .outerjoin(once, once.c.letter_id == Letter.id)
        .where(once.c.letter_id.is_(None))
        .order_by(Letter.id)
    )


def _message_is(*statuses: MessageStatus) -> ColumnElement[bool]:
    return exists().where(
        OutboxMessage.id == Letter.outbox_message_id, OutboxMessage.status.in_(statuses)
    )


def _last_entry_differs(campaign_id: int) -> Select[int]:
    log = _log_in_order(campaign_id)
    return (
        select(Letter.id)
        .join(log, log.c.letter_id == Letter.id)
        .where(log.c.is_followed_by.is_(None), log.c.to_status != Letter.status)
        .order_by(Letter.id)
    )


def _broken_chain(campaign_id: int) -> Select[int]:
    log = _log_in_order(campaign_id)
    return (
        select(Letter.id)
        .join(log, log.c.letter_id == Letter.id)
        .where(log.c.follows != log.c.from_status)
        .distinct()
        .order_by(Letter.id)
    )


def _log_in_order(campaign_id: int) -> Subquery:
    """Return a campaign's entries with their neighbours: one pass, however it is planned.

    Asked for each entry by itself, PostgreSQL reads the whole log once for each letter while it has
    no statistics of new tables.
    """
    in_order: dict[str, Any] = {
        "partition_by": LetterTransition.letter_id,
        "order_by": LetterTransition.id,
    }
    return (
        select(
            LetterTransition.letter_id,
            LetterTransition.from_status,
            LetterTransition.to_status,
            func.lag(LetterTransition.to_status).over(**in_order).label("follows"),
            func.lead(LetterTransition.id).over(**in_order).label("is_followed_by"),
        )
        .join(Letter, Letter.id == LetterTransition.letter_id)
        .where(Letter.campaign_id == campaign_id)
        .subquery()
    )


def _unlike_action() -> Select[int]:
    waits = Letter.status == LetterStatus.UNCONFIRMED
    left = Letter.status.in_(
        (LetterStatus.QUEUED, LetterStatus.HELD, LetterStatus.SENT, LetterStatus.BOUNCED)
    )
    return _letters(
        exists().where(
            Action.id == Letter.action_id,
            and_(waits, Action.confirmed_at.is_not(None))
            | and_(left, Action.confirmed_at.is_(None)),
        )
    )


def _shared_message() -> Select[int]:
    """Only a digest carries several letters, and all of them to one candidate of one campaign."""
    other = aliased(Letter)
    return _letters(
        exists().where(
            other.outbox_message_id == Letter.outbox_message_id,
            other.id != Letter.id,
            Letter.digest_at.is_(None)
            | (other.candidacy_id != Letter.candidacy_id)
            | (other.campaign_id != Letter.campaign_id),
        )
    )


def _illegal_steps(session: Session, campaign_id: int) -> list[str]:
    steps = session.execute(
        select(LetterTransition.from_status, LetterTransition.to_status)
        .join(Letter, Letter.id == LetterTransition.letter_id)
        .where(Letter.campaign_id == campaign_id, LetterTransition.from_status.is_not(None))
        .distinct()
    )
    return [
        f"steps in the log from {before} to {after}, which a letter's life does not allow"
        for before, after in steps
        if before is not None and after not in TRANSITIONS[before]
    ]
