"""The one way in which a letter changes its status."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, insert, literal, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from campaign.core.db import UTCDateTime, table_of
from campaign.letters.errors import TransitionRefused
from campaign.letters.models import Letter, LetterTransition
from campaign.letters.rules import HeldReason, LetterStatus, check_transition

SUPPORTER = "supporter"
WORKER = "worker"


_RECORD_BIRTHS = insert(table_of(LetterTransition)).from_select(
    ["letter_id", "at", "to_status", "actor", "reason"],
    select(
        Letter.id,
        bindparam("born_at", type_=UTCDateTime()),
        Letter.status,
        literal(SUPPORTER),
        literal(""),
    )
    .where(Letter.action_id == bindparam("of_action"))
    .order_by(Letter.id),
)


def record_births(connection: Connection, action_id: int, *, now: datetime) -> None:
    """Write the first entry of the log for the letters of an action that was just accepted."""
    connection.execute(_RECORD_BIRTHS, {"of_action": action_id, "born_at": now})


def move_letter(
    session: Session,
    letter: Letter,
    target: LetterStatus,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    held_reason: HeldReason | None = None,
) -> None:
    """Take a letter to its next status; raises TransitionRefused, also when it has moved on."""
    current = letter.status
    session.flush()
    moved = move_letters_where(
        session,
        [Letter.id == letter.id],
        current,
        target,
        actor=actor,
        now=now,
        reason=reason,
        held_reason=held_reason,
    )
    if not moved:
        session.refresh(letter)
        raise TransitionRefused(f"The letter has changed meanwhile: it is {letter.status} now.")
    set_committed_value(letter, "status", target)
    set_committed_value(letter, "held_reason", held_reason)


def move_letters_where(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    current: LetterStatus,
    target: LetterStatus,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    held_reason: HeldReason | None = None,
) -> list[int]:
    """Take all letters that meet the conditions from one status to another; return their ids.

    The status is part of the condition, so a letter that somebody else moves at the same moment
    is moved once only. Every step leaves its entry in the log.
    """
    check_transition(current, target)
    letter_ids = session.scalars(
        update(Letter)
        .where(Letter.status == current, *conditions)
        .values(status=target, held_reason=held_reason)
        .returning(Letter.id)
        .execution_options(synchronize_session=False)
    ).all()
    for letter_id in letter_ids:
        _forget(session, letter_id)
    if letter_ids:
        entry = {
            "at": now,
            "from_status": current,
            "to_status": target,
            "actor": actor,
            "reason": reason or (held_reason or ""),
        }
        session.execute(
            insert(LetterTransition), [entry | {"letter_id": each} for each in letter_ids]
        )
    return list(letter_ids)


def mark_letters_sent(
    session: Session, message_id: int, *, sent_at: datetime, now: datetime
) -> bool:
    """Take the queued letters of a message to sent, and log it; tell whether that was all of it.

    The same step as ``move_letters_where`` makes, by two prebuilt statements: it is the one that
    every letter takes, while a worker sends as fast as the relay allows.
    """
    connection = session.connection()
    rows = connection.execute(_SEND, {"message": message_id, "at": sent_at}).all()
    if not rows:
        return False
    connection.execute(_LOG_SENT, [{"letter": row.id, "now": now} for row in rows])
    for row in rows:
        _forget(session, row.id)
    # Of a digest, other letters may have been on hold in the moment in which it was claimed.
    return rows[0].digest_at is None


def forget_message(session: Session, letter_id: int) -> None:
    """Let a session read again what carries a letter, which has changed."""
    if (known := session.identity_map.get(identity_key(Letter, letter_id))) is not None:
        session.expire(known, ["outbox_message_id", "digest_at"])


def _forget(session: Session, letter_id: int) -> None:
    """Let a session read again what it holds of a letter, which is stale now."""
    if (known := session.identity_map.get(identity_key(Letter, letter_id))) is not None:
        session.expire(known, ["status", "held_reason", "sent_at"])


check_transition(LetterStatus.QUEUED, LetterStatus.SENT)
_LETTERS, _LOG = table_of(Letter), table_of(LetterTransition)
_SEND = (
    update(_LETTERS)
    .where(
        _LETTERS.c.outbox_message_id == bindparam("message"),
        _LETTERS.c.status == LetterStatus.QUEUED,
    )
    .values(status=LetterStatus.SENT, held_reason=None, sent_at=bindparam("at"))
    .returning(_LETTERS.c.id, _LETTERS.c.digest_at)
)
_LOG_SENT = insert(_LOG).values(
    letter_id=bindparam("letter"),
    at=bindparam("now"),
    from_status=LetterStatus.QUEUED,
    to_status=LetterStatus.SENT,
    actor=WORKER,
    reason="",
).inline()  # fmt: skip
