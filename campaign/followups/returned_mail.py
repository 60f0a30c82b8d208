"""What follows when something comes back about a message: letters, addresses, people to tell."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.candidates.queries import list_candidacies_at, list_people_at
from campaign.candidates.service import open_repair
from campaign.core.toolkit import Toolkit
from campaign.delivery.errors import MessageUnderWay
from campaign.delivery.models import DeliveryEvent, OutboxMessage
from campaign.delivery.queries import (
    find_message,
    get_message,
    get_undecided_event,
    list_attempts,
    list_soft_bounce_times,
)
from campaign.delivery.returns import (
    SOFT_BOUNCE_WINDOW,
    SOFT_KINDS,
    EventDecision,
    EventKind,
    SuppressionReason,
    has_bounced_too_often,
    is_refused_address,
)
from campaign.delivery.rules import AttemptOutcome, FinalMessage, MessageStatus
from campaign.delivery.service import suppress
from campaign.followups.correspondence import correspondence, delivery_handler
from campaign.letters.rules import MailStop
from campaign.letters.service import record_return, stop_letters
from campaign.letters.service.returns import RETURN_PATH

_MAIL_SERVER = "mail server"
"""Source of a suppression, where the address was refused when a message was handed over."""
_RETURNED = SOFT_KINDS | {EventKind.HARD_BOUNCE}
_STOPS = {
    SuppressionReason.COMPLAINT: MailStop.COMPLAINED,
    SuppressionReason.HARD_BOUNCE: MailStop.BOUNCED,
    SuppressionReason.SOFT_BOUNCES: MailStop.BOUNCED,
}


def check_settled(message: OutboxMessage, kind: EventKind) -> None:
    """Raise MessageUnderWay where a report is quicker than our own record of the sending.

    Whoever brings it brings it again in a moment, and finds a letter that is sent.
    """
    if message.status is MessageStatus.SENDING and kind in _RETURNED:
        raise MessageUnderWay("The sending of this message is not recorded yet.")


def react(
    toolkit: Toolkit,
    session: Session,
    event: DeliveryEvent,
    *,
    kind: EventKind,
    message: OutboxMessage | None,
    now: datetime,
) -> None:
    """Do what an event asks for, in the transaction that stores it.

    ``kind`` is the event's own, or what a person made of an unreadable one.
    """
    source = event.decided_by or event.provider.value
    if kind in _RETURNED and message is not None:
        record_return(
            session,
            message,
            reason=f"{kind.value} {event.status}".strip(),
            correspondence=correspondence(toolkit, session),
            now=now,
        )
    reason = _reason_to_stop(session, event.address_key, kind, now=now)
    if reason is not None:
        stop_address(session, event.address_key, reason=reason, source=source, now=now)


def stop_address(
    session: Session,
    address_key: str,
    *,
    reason: SuppressionReason,
    source: str,
    now: datetime,
) -> None:
    """Let nothing more leave to an address: its letters wait, and somebody looks for a better one.

    Whoever complained is not looked for at another address; only an owner can lift that.
    """
    suppress(session, address_key, reason=reason, source=source, now=now)
    candidacies = list_candidacies_at(session, [address_key])
    stops = dict.fromkeys(candidacies, _STOPS[reason])
    stop_letters(session, stops, campaign_id=None, actor=RETURN_PATH, now=now)
    if reason is not SuppressionReason.COMPLAINT:
        for person in list_people_at(session, [address_key]):
            open_repair(session, person, cause=reason.value, now=now)


def outcome_handler(toolkit: Toolkit) -> Callable[[Session, FinalMessage, datetime], None]:
    """Return what the worker calls when a message is sent or failed: letters, then addresses."""
    tell_letters = delivery_handler(toolkit)

    def handle(session: Session, message: FinalMessage, now: datetime) -> None:
        tell_letters(session, message, now)
        if message.status is MessageStatus.FAILED and _is_refused_address(session, message.id):
            stop_address(
                session,
                get_message(session, message.id).recipient_key,
                reason=SuppressionReason.HARD_BOUNCE,
                source=_MAIL_SERVER,
                now=now,
            )

    return handle


def _is_refused_address(session: Session, message_id: int) -> bool:
    """Tell whether the last try was refused because of the address: a bounce without a mail."""
    attempts = list_attempts(session, message_id)
    if not attempts or attempts[-1].outcome is not AttemptOutcome.PERMANENT_FAILURE:
        return False
    return is_refused_address(attempts[-1].code, attempts[-1].detail)


def decide_event(
    toolkit: Toolkit,
    session: Session,
    event_id: int,
    *,
    decision: EventDecision,
    actor: str,
    now: datetime,
) -> DeliveryEvent:
    """Let a person say what an unreadable bounce is, and act upon it; raises EventNotFound."""
    event = get_undecided_event(session, event_id)
    event.decision, event.decided_by, event.decided_at = decision, actor, now
    event.excerpt = ""  # It has served its purpose, and may quote people.
    session.flush()
    kinds = {EventDecision.HARD: EventKind.HARD_BOUNCE, EventDecision.SOFT: EventKind.SOFT_BOUNCE}
    kind = kinds.get(decision)
    if kind is not None:
        number = event.outbox_message_id
        message = find_message(session, number) if number is not None else None
        react(toolkit, session, event, kind=kind, message=message, now=now)
    return event


def _reason_to_stop(
    session: Session, address_key: str, kind: EventKind, *, now: datetime
) -> SuppressionReason | None:
    if kind is EventKind.HARD_BOUNCE:
        return SuppressionReason.HARD_BOUNCE
    if kind is EventKind.COMPLAINT:
        return SuppressionReason.COMPLAINT
    if kind in SOFT_KINDS:
        times = list_soft_bounce_times(session, address_key, since=now - SOFT_BOUNCE_WINDOW)
        if has_bounced_too_often(times, now=now):
            return SuppressionReason.SOFT_BOUNCES
    return None
