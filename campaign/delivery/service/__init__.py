"""Writes of the delivery domain: what enters the outbox, and what may not leave it."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaign.core.config import MailSettings
from campaign.core.db import as_loaded, table_of
from campaign.delivery.errors import MessageNotFailed, UnsafeHeader
from campaign.delivery.models import DeliveryPause, OutboxMessage, Suppression
from campaign.delivery.queries import get_message, get_suppression, is_suppressed
from campaign.delivery.returns import (
    RETURN_TOKEN_BYTES,
    SUPPRESSED_IN,
    SuppressionReason,
    echo_headers,
    return_address,
)
from campaign.delivery.rules import ALL_SCOPES, Lane, MessageStatus, normalise_recipient
from campaign.delivery.service.ramps import accept_bounces

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")

UNSUBSCRIBE_HERE = "[[unsubscribe]]"
"""Stands in the text of a notice for the link by which its reader declines further ones."""

_ADD_MESSAGE = insert(table_of(OutboxMessage)).returning(table_of(OutboxMessage).c.id)


def queue_message(
    session: Session,
    *,
    mail: MailSettings,
    lane: Lane,
    scope: str,
    recipient: str,
    from_name: str,
    subject: str,
    body: str,
    now: datetime,
    reply_to: str = "",
    due_at: datetime | None = None,
    not_after: datetime | None = None,
    timezone: str | None = None,
    headers: Mapping[str, str] | None = None,
    make_unsubscribe_link: Callable[[str], str] | None = None,
) -> OutboxMessage:
    """Write one e-mail to one recipient into the outbox, in the caller's transaction.

    Message-ID and return path are made here and stay the same on every try. Written at once, so
    that the caller can hold the message's id. A notice to an address that gets none is written as
    cancelled. ``make_unsubscribe_link`` gets the Message-ID of a notice that its reader may
    decline; it stands in the headers, and in the body where that has ``UNSUBSCRIBE_HERE``. Raises
    UnsafeHeader for a control character in a header.
    """
    # Two tokens: everybody who gets the mail can read the Message-ID, and pass it on.
    token, return_token = secrets.token_hex(12), secrets.token_hex(RETURN_TOKEN_BYTES)
    sender_domain = mail.sender.rpartition("@")[2]
    message_id = f"<{token}@{sender_domain}>"
    further = dict(headers or {}) | echo_headers(mail.provider, message_id)
    if make_unsubscribe_link is not None:
        unsubscribe_link = make_unsubscribe_link(message_id)
        body = body.replace(UNSUBSCRIBE_HERE, unsubscribe_link)
        further |= {
            "List-Unsubscribe": f"<{unsubscribe_link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
        }
    for value in (recipient, from_name, subject, reply_to, *further, *further.values()):
        if _CONTROL.search(value):
            raise UnsafeHeader(
                "A header of an e-mail cannot hold a line break or control character."
            )
    # Letters are held by those who write them; the worker passes over what slips through.
    recipient_key = normalise_recipient(recipient)
    is_declined = lane is Lane.NOTICE and is_suppressed(session, recipient_key, lane)
    row = {
        "lane": lane,
        "scope": scope,
        "status": MessageStatus.CANCELLED if is_declined else MessageStatus.QUEUED,
        "recipient": recipient,
        "recipient_key": recipient_key,
        "from_name": from_name,
        "from_address": mail.sender,
        "reply_to": reply_to,
        "return_path": return_address(
            mail.return_path_form, return_token, mail.return_path_domain or sender_domain
        ),
        "return_token": return_token,
        "message_id": message_id,
        "subject": subject,
        "body": body,
        "headers": json.dumps(further),
        "created_at": now,
        "due_at": due_at or now,
        "not_after": not_after,
        "timezone": timezone,
        "attempt_count": 0,
        "last_error": "",
    }
    row["id"] = session.connection().execute(_ADD_MESSAGE, row).scalar_one()
    return as_loaded(session, OutboxMessage(**row))


def cancel_message(session: Session, message_id: int) -> bool:
    """Take back a message that no worker has claimed; tell whether it was in time."""
    cancelled = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.status == MessageStatus.QUEUED)
        .values(status=MessageStatus.CANCELLED)
        .returning(OutboxMessage.id)
    )
    return cancelled.scalar() is not None


def retry_failed(session: Session, message_id: int, now: datetime) -> OutboxMessage:
    """Give a message that failed for good another round of tries, from now.

    Its Message-ID and its earlier attempts stay. Raises MessageNotFound, MessageNotFailed.
    """
    message = get_message(session, message_id)
    if message.status is not MessageStatus.FAILED:
        raise MessageNotFailed("Only a message that could not be delivered can be tried again.")
    message.status = MessageStatus.QUEUED
    message.attempt_count = 0
    message.failed_at = None
    message.due_at = now
    return message


def move_deadlines(session: Session, scope: str, *, not_after: datetime, limit: int) -> int:
    """Give a scope's messages that have not left another end; return how many were changed.

    Only those that have an end; one that a worker records at this moment is left for another time.
    What has failed keeps up too: a person may send it again.
    """
    session.flush()
    stale = session.scalars(
        select(OutboxMessage.id)
        .where(
            OutboxMessage.status.in_(
                (MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.FAILED)
            ),
            OutboxMessage.scope == scope,
            OutboxMessage.not_after.is_not(None),
            OutboxMessage.not_after != not_after,
        )
        .limit(limit)
        .with_for_update(skip_locked=True, of=OutboxMessage)
    ).all()
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(stale))
        .values(not_after=not_after)
        .execution_options(synchronize_session="fetch")
    )
    return len(stale)


def pause(session: Session, *, scope: str, actor: str, reason: str, now: datetime) -> None:
    """Switch the kill switch of a scope on until somebody resumes; a person's own stays theirs."""
    found = session.get(DeliveryPause, scope)
    if found is None:
        session.add(DeliveryPause(scope=scope, actor=actor, reason=reason, paused_at=now))
    elif found.ends_at is not None:
        # A pause that would end by itself becomes one that does not.
        found.actor, found.reason, found.paused_at, found.ends_at = actor, reason, now, None


def pause_after_refusal(session: Session, *, reason: str, ends_at: datetime, now: datetime) -> None:
    """Pause everything for a while, because the relay refuses us and not a letter.

    The first try after the pause shows whether somebody has mended the fault. What a person has
    paused stays as it is.
    """
    found = session.get(DeliveryPause, ALL_SCOPES, with_for_update=True)
    if found is None:
        found = DeliveryPause(scope=ALL_SCOPES, paused_at=now, actor="worker")
        session.add(found)
    elif found.ends_at is None:
        return
    found.reason, found.ends_at = reason, ends_at


def resume(session: Session, scope: str) -> None:
    """Switch the kill switch of a scope off; does nothing when it is.

    Where a ramp had stopped, whoever resumes has seen its bounces: its next step begins.
    """
    accept_bounces(session, scope)
    found = session.get(DeliveryPause, scope)
    if found is not None:
        session.delete(found)


def lift_ended_pauses(session: Session, now: datetime) -> int:
    """Switch off what was to end by now; return how many kill switches that were."""
    ended = session.scalars(select(DeliveryPause).where(DeliveryPause.ends_at <= now)).all()
    for each in ended:
        session.delete(each)
    return len(ended)


def suppress(
    session: Session,
    address_key: str,
    *,
    reason: SuppressionReason,
    source: str,
    now: datetime,
) -> bool:
    """Let nothing more leave to an address; tell whether that is new.

    Its notices are cancelled at once. Letters are for the caller to hold; until then the worker
    passes over them.
    """
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    added = session.execute(
        dialect.insert(Suppression)
        .values(
            address_key=address_key,
            reason=reason,
            source=source,
            since=now,
            lifted_by="",
            lifted_reason="",
        )
        .on_conflict_do_nothing()
        .returning(Suppression.id)
    ).scalar()
    if reason in SUPPRESSED_IN[Lane.NOTICE]:
        session.execute(
            update(OutboxMessage)
            .where(
                OutboxMessage.recipient_key == address_key,
                OutboxMessage.lane == Lane.NOTICE,
                OutboxMessage.status == MessageStatus.QUEUED,
            )
            .values(status=MessageStatus.CANCELLED)
            .execution_options(synchronize_session=False)
        )
    return added is not None


def lift_suppression(
    session: Session, suppression_id: int, *, actor: str, reason: str, now: datetime
) -> Suppression:
    """Let mail go to an address again; the entry is kept. Raises SuppressionNotFound."""
    entry = get_suppression(session, suppression_id)
    entry.lifted_at, entry.lifted_by, entry.lifted_reason = now, actor, reason
    return entry


def lift_bounces(
    session: Session,
    address_key: str,
    *,
    actor: str,
    reason: str,
    now: datetime,
    wants_notices: bool = False,
) -> int:
    """Let mail go again to an address that is known to work after all; return what was lifted.

    A complaint stays, and so does it that notices were declined unless they are wanted again.
    """
    reasons = {SuppressionReason.HARD_BOUNCE, SuppressionReason.SOFT_BOUNCES}
    if wants_notices:
        reasons.add(SuppressionReason.UNSUBSCRIBED)
    lifted = session.scalars(
        update(Suppression)
        .where(
            Suppression.address_key == address_key,
            Suppression.lifted_at.is_(None),
            Suppression.reason.in_(reasons),
        )
        .values(lifted_at=now, lifted_by=actor, lifted_reason=reason)
        .returning(Suppression.id)
        .execution_options(synchronize_session=False)
    )
    return len(lifted.all())
