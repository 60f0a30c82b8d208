"""The ways in for what comes back: a mail, or the request of a mail service."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from campaign.core.toolkit import Toolkit
from campaign.delivery.incoming.mail import IncomingMail, read_mail
from campaign.delivery.incoming.reading import find_token, read
from campaign.delivery.incoming.storing import store_event
from campaign.delivery.incoming.webhooks.base import ReportedEvent
from campaign.delivery.models import OutboxMessage
from campaign.delivery.queries import (
    count_events,
    find_message_by_message_id,
    find_message_by_return_token,
    has_been_written_to,
)
from campaign.delivery.returns import EventKind, Provider, without_keys
from campaign.delivery.rules import Lane, normalise_recipient
from campaign.followups.correspondence import correspondence
from campaign.followups.probing import take_probe, take_reported_probe
from campaign.followups.returned_mail import check_settled, react
from campaign.letters.service import find_letter_of, queue_passed_on

EVENTS_A_DAY = 25
"""Mails about one message that are looked at in a day; whoever sends more has a program for it."""
REPLIES_A_DAY = 3
"""Replies to one letter that are passed on in a day."""
_DAY = timedelta(days=1)
_EVER = timedelta(days=400)


class Taken(StrEnum):
    """What became of an incoming mail; each of these means that it need not come again."""

    NOT_OURS = "not about a message of ours"
    KNOWN = "known already"
    NOTHING = "nothing to do"
    STORED = "stored"
    PASSED_ON = "passed on"
    PROBE = "a probe that came back"


def take_mail(
    toolkit: Toolkit,
    session: Session,
    raw: bytes,
    *,
    recipients: Sequence[str] = (),
    now: datetime,
) -> Taken:
    """Take one mail in, in the caller's transaction; the same mail again does nothing more.

    ``recipients`` are those of the envelope, where they are known. Raises MessageUnderWay for a
    mail that must come again, and nothing for anything that a mail can hold.
    """
    mail = read_mail(raw)
    token = find_token(mail, toolkit.settings.mail.return_path_form, list(recipients))
    if token and take_probe(session, token=token, now=now):
        return Taken.PROBE
    message = find_message_by_return_token(session, token) if token else None
    if message is None or _is_our_own(session, mail):
        return Taken.NOT_OURS
    reading = read(mail, recipient=message.recipient, sent_text=message.body)
    if reading.kind is None:
        return Taken.NOTHING
    check_settled(message, reading.kind)
    if count_events(session, message.id, since=now - _DAY) >= EVENTS_A_DAY:
        return Taken.NOTHING
    event = store_event(
        session,
        provider=Provider.MAIL,
        event_id=hashlib.sha256(f"{token}:{mail.fingerprint}".encode()).hexdigest(),
        kind=reading.kind,
        message=message,
        address_key=message.recipient_key,
        status=reading.status,
        excerpt=reading.excerpt,
        now=now,
    )
    if event is None:
        return Taken.KNOWN
    if reading.kind in (EventKind.REPLY, EventKind.AUTOMATIC_REPLY):
        return _pass_on(toolkit, session, mail, reading.kind, message=message, now=now)
    react(toolkit, session, event, kind=reading.kind, message=message, now=now)
    return Taken.STORED


def take_reported(
    toolkit: Toolkit, session: Session, events: Sequence[ReportedEvent], *, now: datetime
) -> int:
    """Take in the events of a mail service that has proved itself; return how many were new.

    Events about mail that is not ours are passed over. Raises MessageUnderWay.
    """
    taken = 0
    for each in events:
        if take_reported_probe(
            session, message_id=each.message_id, provider=each.provider, now=now
        ):
            continue
        message = find_message_by_message_id(session, each.message_id) if each.message_id else None
        key = message.recipient_key if message else _complaining(session, each)
        if not key:
            continue
        if message is not None:
            check_settled(message, each.kind)
        event = store_event(
            session,
            provider=each.provider,
            event_id=each.event_id,
            kind=each.kind,
            message=message,
            address_key=key,
            status=each.status,
            now=now,
        )
        if event is not None:
            react(toolkit, session, event, kind=each.kind, message=message, now=now)
            taken += 1
    return taken


def _complaining(session: Session, event: ReportedEvent) -> str:
    """Return who complains without naming a message, if it is somebody to whom we write."""
    key = normalise_recipient(event.recipient)
    is_complaint = event.kind is EventKind.COMPLAINT
    return key if is_complaint and has_been_written_to(session, key) else ""


def _is_our_own(session: Session, mail: IncomingMail) -> bool:
    """Tell whether a message of ours came back to us as it left: the beginning of every loop."""
    known = mail.message_id
    return bool(known) and find_message_by_message_id(session, known) is not None


def _pass_on(
    toolkit: Toolkit,
    session: Session,
    mail: IncomingMail,
    kind: EventKind,
    *,
    message: OutboxMessage,
    now: datetime,
) -> Taken:
    """Pass a reply on to the supporter whose letter it answers.

    What is passed on is a notice, and replies to notices go nowhere: so nothing can go round.
    """
    letter = find_letter_of(session, message.id) if message.lane is Lane.LETTER else None
    is_automatic = kind is EventKind.AUTOMATIC_REPLY
    # The event of this very mail is stored already.
    limit, span = (1, _EVER) if is_automatic else (REPLIES_A_DAY, _DAY)
    count = count_events(session, message.id, since=now - span, kinds=[kind])
    reply = without_keys(mail.text())
    if letter is None or count > limit or not reply:
        return Taken.STORED
    if normalise_recipient(mail.sender) == normalise_recipient(letter.action.supporter.email):
        return Taken.STORED  # They would get their own words.
    queue_passed_on(
        session,
        letter,
        reply=reply,
        replier=mail.sender,
        is_automatic=is_automatic,
        correspondence=correspondence(toolkit, session),
        now=now,
    )
    return Taken.PASSED_ON
