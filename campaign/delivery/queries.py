"""Reads of the delivery domain."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, not_, or_, select
from sqlalchemy.orm import Session

from campaign.core.db import table_of
from campaign.delivery.errors import EventNotFound, MessageNotFound, SuppressionNotFound
from campaign.delivery.models import (
    DeliveryAttempt,
    DeliveryEvent,
    DeliveryPause,
    DeliveryProbe,
    DeliveryRamp,
    DomainPause,
    OutboxMessage,
    RampMessage,
    Suppression,
    WorkerHeartbeat,
)
from campaign.delivery.returns import (
    SOFT_KINDS,
    SUPPRESSED_IN,
    EventDecision,
    EventKind,
    Provider,
    SuppressionReason,
)
from campaign.delivery.rules import (
    ALL_SCOPES,
    DAY,
    Lane,
    Line,
    MessageStatus,
    StepFigures,
    Waiting,
    jitter_of,
)

Row = TypeVarTuple("Row")

# Made once: to put a statement together costs more than to run it.
_SUPPRESSED = select(table_of(Suppression).c.address_key, table_of(Suppression).c.reason).where(
    Suppression.lifted_at.is_(None), Suppression.reason.in_(bindparam("reasons", expanding=True))
)


def find_pause(session: Session, scope: str) -> DeliveryPause | None:
    """Return the kill switch of a scope where it is on."""
    return session.get(DeliveryPause, scope)


def is_paused_by_person(session: Session, scope: str) -> bool:
    """Tell whether a scope's messages wait until somebody decides; a pause with an end is not."""
    query = select(DeliveryPause.scope).where(
        DeliveryPause.scope.in_((scope, ALL_SCOPES)), DeliveryPause.ends_at.is_(None)
    )
    return session.scalar(query.limit(1)) is not None


def list_pauses(session: Session) -> list[DeliveryPause]:
    """Return every kill switch that is on, the oldest first."""
    return list(session.scalars(select(DeliveryPause).order_by(DeliveryPause.paused_at)))


def list_domain_pauses(session: Session, now: datetime) -> list[DomainPause]:
    """Return the domains to which nothing leaves now, those paused the longest first."""
    query = select(DomainPause).where(DomainPause.ends_at > now)
    return list(session.scalars(query.order_by(DomainPause.ends_at.desc(), DomainPause.domain)))


def find_domain_pause(session: Session, domain: str, now: datetime) -> DomainPause | None:
    """Return the pause of a domain where nothing leaves to it now."""
    found = session.get(DomainPause, domain)
    return found if found is not None and found.ends_at > now else None


def find_ramp(session: Session, scope: str) -> DeliveryRamp | None:
    """Return how far a scope's letters have come; None before the first one leaves."""
    return session.get(DeliveryRamp, scope)


def list_stopped_ramps(session: Session) -> list[DeliveryRamp]:
    """Return the ramps at which too many letters came back, the oldest first."""
    query = select(DeliveryRamp).where(DeliveryRamp.stopped_at.is_not(None))
    return list(session.scalars(query.order_by(DeliveryRamp.stopped_at)))


def count_ramp_step(session: Session, scope: str, step: int) -> StepFigures:
    """Count the letters of one step of a ramp."""
    returned = (
        select(DeliveryEvent.id)
        .where(
            DeliveryEvent.outbox_message_id == OutboxMessage.id,
            or_(
                DeliveryEvent.kind == EventKind.HARD_BOUNCE,
                DeliveryEvent.decision == EventDecision.HARD,
            ),
        )
        .exists()
    )
    is_refused = OutboxMessage.status == MessageStatus.FAILED
    waits = OutboxMessage.status.in_((MessageStatus.QUEUED, MessageStatus.SENDING))
    row = session.execute(
        select(
            func.count(),
            func.count(case((waits & (OutboxMessage.attempt_count == 0), 1))),
            func.count(case((OutboxMessage.status == MessageStatus.SENT, 1))),
            func.count(case((or_(is_refused, returned), 1))),
        )
        .join(RampMessage, RampMessage.outbox_message_id == OutboxMessage.id)
        .where(RampMessage.scope == scope, RampMessage.step == step)
    ).one()
    return StepFigures(letters=row[0], untried=row[1], sent=row[2], bounced=row[3])


def find_message(session: Session, message_id: int) -> OutboxMessage | None:
    """Return a message of the outbox."""
    return session.get(OutboxMessage, message_id)


def get_message(session: Session, message_id: int) -> OutboxMessage:
    """Return a message of the outbox; raises MessageNotFound."""
    message = find_message(session, message_id)
    if message is None:
        raise MessageNotFound("There is no message with this number in the outbox.")
    return message


def list_attempts(session: Session, message_id: int) -> list[DeliveryAttempt]:
    """Return the tries to deliver a message, in their order."""
    return list(
        session.scalars(
            select(DeliveryAttempt)
            .where(DeliveryAttempt.outbox_message_id == message_id)
            .order_by(DeliveryAttempt.number)
        )
    )


def count_messages_by_status(
    session: Session, scope: str | None = None
) -> dict[MessageStatus, int]:
    """Return how many messages stand where, of one scope or of all; every status has a number."""
    query = select(OutboxMessage.status, func.count()).group_by(OutboxMessage.status)
    if scope is not None:
        query = query.where(OutboxMessage.scope == scope)
    counted = {row[0]: row[1] for row in session.execute(query)}
    return {status: counted.get(status, 0) for status in MessageStatus}


def list_failed_messages(
    session: Session, scope: str | None = None, *, limit: int = 100
) -> list[OutboxMessage]:
    """Return messages that could not be delivered, the latest failure first."""
    query = select(OutboxMessage).where(OutboxMessage.status == MessageStatus.FAILED)
    if scope is not None:
        query = query.where(OutboxMessage.scope == scope)
    query = query.order_by(OutboxMessage.failed_at.desc(), OutboxMessage.id.desc()).limit(limit)
    return list(session.scalars(query))


def count_failed_mail(session: Session) -> int:
    """Return how many confirmations and notices could not be delivered."""
    return session.scalars(
        select(func.count()).where(
            OutboxMessage.status == MessageStatus.FAILED, OutboxMessage.lane != Lane.LETTER
        )
    ).one()


def can_be_sent_again(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a failed message may leave again: in time, to an address in use."""
    return (OutboxMessage.status == MessageStatus.FAILED) & is_in_time(now) & is_not_suppressed()


def count_due(session: Session, now: datetime) -> int:
    """Return how many messages could leave now: queued, due, in time, not paused nor on a ramp."""
    return session.scalars(_due(select(func.count()), now)).one()


def find_oldest_due_at(
    session: Session, now: datetime, lane: Lane | None = None
) -> datetime | None:
    """Return since when the longest waiting of the due messages has been due, of one lane or all.

    Of one lane it is found in an index and nothing is counted.
    """
    query = _due(select(OutboxMessage.due_at), now)
    if lane is not None:
        query = query.where(OutboxMessage.lane == lane)
    return session.scalar(query.order_by(OutboxMessage.due_at).limit(1))


def measure_due(session: Session, now: datetime) -> dict[Lane, tuple[int, datetime]]:
    """Return for each lane with due messages how many these are, and since when the oldest is."""
    query = _due(select(OutboxMessage.lane, func.count(), func.min(OutboxMessage.due_at)), now)
    found = {
        row[0]: (row[1], row[2]) for row in session.execute(query.group_by(OutboxMessage.lane))
    }
    return {lane: found[lane] for lane in Lane if lane in found}


def count_letters_not_due(session: Session, now: datetime) -> int:
    """Return how many letters are queued for later."""
    return session.scalars(
        select(func.count()).where(
            OutboxMessage.status == MessageStatus.QUEUED,
            OutboxMessage.lane == Lane.LETTER,
            OutboxMessage.due_at > now,
        )
    ).one()


def find_last_heartbeat(session: Session) -> datetime | None:
    """Return when any delivery worker was last alive."""
    return session.scalars(select(func.max(WorkerHeartbeat.seen_at))).one()


def is_in_time(now: datetime) -> ColumnElement[bool]:
    """Return the condition that it is not too late for a message to leave."""
    return or_(OutboxMessage.not_after.is_(None), OutboxMessage.not_after > now)


def find_message_by_return_token(session: Session, token: str) -> OutboxMessage | None:
    """Return the message whose return path holds this token."""
    return session.scalar(select(OutboxMessage).where(OutboxMessage.return_token == token))


def find_message_by_message_id(session: Session, message_id: str) -> OutboxMessage | None:
    """Return the message with this Message-ID, with or without its angle brackets.

    A Message-ID is known to everybody who got the mail: ask only for those who have proved who
    they are, or where nothing depends on it.
    """
    wanted = f"<{message_id.strip().strip('<>')}>"
    return session.scalar(select(OutboxMessage).where(OutboxMessage.message_id == wanted))


def has_been_written_to(session: Session, address_key: str) -> bool:
    """Tell whether any message was ever queued for an address."""
    found = select(OutboxMessage.id).where(OutboxMessage.recipient_key == address_key).limit(1)
    return session.scalar(found) is not None


def is_suppressed(session: Session, address_key: str, lane: Lane) -> bool:
    """Tell whether messages of a lane may not leave to an address."""
    found = session.scalar(
        select(Suppression.id)
        .where(
            Suppression.address_key == address_key,
            Suppression.lifted_at.is_(None),
            Suppression.reason.in_(SUPPRESSED_IN[lane]),
        )
        .limit(1)
    )
    return found is not None


def is_not_suppressed() -> ColumnElement[bool]:
    """Return the condition that a message's recipient may get messages of its lane."""
    messages, entries = table_of(OutboxMessage), table_of(Suppression)
    entry = select(entries.c.id).where(
        entries.c.address_key == messages.c.recipient_key,
        entries.c.lifted_at.is_(None),
        or_(
            *(
                and_(messages.c.lane == lane, entries.c.reason.in_(reasons))
                for lane, reasons in SUPPRESSED_IN.items()
                if reasons
            )
        ),
    )
    return not_(entry.correlate(messages).exists())


def map_suppressed_addresses(session: Session, lane: Lane) -> dict[str, SuppressionReason]:
    """Return every address that messages of a lane may not go to; a complaint comes first."""
    session.flush()
    rows = session.connection().execute(_SUPPRESSED, {"reasons": list(SUPPRESSED_IN[lane])})
    found: dict[str, SuppressionReason] = {}
    for key, reason in rows:
        if found.get(key) is not SuppressionReason.COMPLAINT:
            found[key] = reason
    return found


def list_suppressions(session: Session, *, limit: int, offset: int = 0) -> list[Suppression]:
    """Return the entries in force, the newest first."""
    return list(
        session.scalars(
            select(Suppression)
            .where(Suppression.lifted_at.is_(None))
            .order_by(Suppression.id.desc())
            .limit(limit)
            .offset(offset)
        )
    )


def count_suppressions(session: Session) -> int:
    """Return how many entries are in force."""
    return session.scalars(
        select(func.count()).select_from(Suppression).where(Suppression.lifted_at.is_(None))
    ).one()


def get_suppression(session: Session, suppression_id: int) -> Suppression:
    """Return an entry that is in force; raises SuppressionNotFound."""
    found = session.get(Suppression, suppression_id)
    if found is None or found.lifted_at is not None:
        raise SuppressionNotFound("No entry of this number is in force.")
    return found


def list_soft_bounce_times(
    session: Session, address_key: str, *, since: datetime
) -> Sequence[datetime]:
    """Return when softly bounced messages to an address came back, since a moment.

    What came before an organiser last let mail go there again no longer counts.
    """
    lifted_at = session.scalar(
        select(func.max(Suppression.lifted_at)).where(Suppression.address_key == address_key)
    )
    is_soft = or_(
        DeliveryEvent.kind.in_(SOFT_KINDS),
        DeliveryEvent.decision == EventDecision.SOFT,
    )
    return session.scalars(
        select(DeliveryEvent.received_at).where(
            DeliveryEvent.address_key == address_key,
            DeliveryEvent.received_at >= max(since, lifted_at or since),
            is_soft,
        )
    ).all()


def count_events(
    session: Session, message_id: int, *, since: datetime, kinds: Sequence[EventKind] = ()
) -> int:
    """Return how many events a message has had since a moment, of some kinds or of any."""
    query = select(func.count()).where(
        DeliveryEvent.outbox_message_id == message_id, DeliveryEvent.received_at > since
    )
    if kinds:
        query = query.where(DeliveryEvent.kind.in_(kinds))
    return session.scalars(query).one()


def list_undecided_events(session: Session, *, limit: int = 100) -> list[DeliveryEvent]:
    """Return bounces that no program could read and nobody has decided on, the oldest first."""
    return list(
        session.scalars(
            select(DeliveryEvent)
            .where(DeliveryEvent.kind == EventKind.UNREADABLE, DeliveryEvent.decision.is_(None))
            .order_by(DeliveryEvent.id)
            .limit(limit)
        )
    )


def count_undecided_events(session: Session) -> int:
    """Return how many bounces wait for a person."""
    return session.scalars(
        select(func.count()).where(
            DeliveryEvent.kind == EventKind.UNREADABLE, DeliveryEvent.decision.is_(None)
        )
    ).one()


def list_events(session: Session, *, limit: int = 100) -> list[DeliveryEvent]:
    """Return what came back of late, the newest first."""
    return list(
        session.scalars(select(DeliveryEvent).order_by(DeliveryEvent.id.desc()).limit(limit))
    )


def map_last_events(session: Session) -> dict[Provider, datetime]:
    """Return when each of those who tell us of bounces last did."""
    query = select(DeliveryEvent.provider, func.max(DeliveryEvent.received_at))
    return {row[0]: row[1] for row in session.execute(query.group_by(DeliveryEvent.provider))}


def find_last_probe(session: Session) -> DeliveryProbe | None:
    """Return the newest try of the way back."""
    return session.scalar(select(DeliveryProbe).order_by(DeliveryProbe.id.desc()).limit(1))


def get_undecided_event(session: Session, event_id: int) -> DeliveryEvent:
    """Return a bounce that waits for a person, locked; raises EventNotFound."""
    found = session.scalar(
        select(DeliveryEvent)
        .where(
            DeliveryEvent.id == event_id,
            DeliveryEvent.kind == EventKind.UNREADABLE,
            DeliveryEvent.decision.is_(None),
        )
        .with_for_update()
    )
    if found is None:
        raise EventNotFound("Nothing is left to decide about this bounce.")
    return found


def find_lines(session: Session, address_keys: Collection[str], now: datetime) -> dict[str, Line]:
    """Return what decides when letters leave to each of these addresses, of all campaigns.

    In no line: what a campaign's kill switch or the recipient stops, and what is to be tried again.
    What waits for the bounces of its campaign's ramp is last in line, and not before that time.
    """
    ramps = select(DeliveryRamp.scope, DeliveryRamp.waits_until)
    ramps = ramps.where(DeliveryRamp.waits_until.is_not(None))
    waits_until = {row.scope: row.waits_until for row in session.execute(ramps)}
    letters = select(
        OutboxMessage.scope,
        OutboxMessage.recipient_key,
        OutboxMessage.id,
        OutboxMessage.status,
        OutboxMessage.sent_at,
        OutboxMessage.due_at,
        OutboxMessage.timezone,
        OutboxMessage.not_after,
    ).where(OutboxMessage.recipient_key.in_(address_keys), OutboxMessage.lane == Lane.LETTER)
    sent = letters.where(OutboxMessage.sent_at > now - DAY)
    waiting = letters.where(
        OutboxMessage.sent_at.is_(None),
        OutboxMessage.status.in_((MessageStatus.QUEUED, MessageStatus.SENDING)),
        is_in_time(now),
        is_not_suppressed(),
        OutboxMessage.scope.not_in(select(DeliveryPause.scope)),
        or_(OutboxMessage.attempt_count == 0, OutboxMessage.due_at <= now),
    ).order_by(OutboxMessage.id)
    times: dict[str, list[datetime]] = {key: [] for key in address_keys}
    lines: dict[str, list[tuple[int, Waiting]]] = {key: [] for key in address_keys}
    for row in session.execute(sent):
        times[row.recipient_key].append(row.sent_at)
    for row in sorted(session.execute(waiting), key=lambda each: each.scope in waits_until):
        if row.status is MessageStatus.SENDING:
            times[row.recipient_key].append(now)
        else:
            earliest = max(row.due_at, waits_until.get(row.scope) or row.due_at)
            letter = Waiting(earliest, row.timezone, row.not_after, jitter_of(row.id))
            lines[row.recipient_key].append((row.id, letter))
    return {key: Line(times[key], lines[key]) for key in address_keys}


def _due(query: Select[*Row], now: datetime) -> Select[*Row]:
    # Letters that wait for the bounces of their campaign's step are not overdue.
    blocked = select(DeliveryRamp.scope).where(
        or_(DeliveryRamp.waits_until.is_not(None), DeliveryRamp.stopped_at.is_not(None))
    )
    return query.where(
        or_(OutboxMessage.lane != Lane.LETTER, OutboxMessage.scope.not_in(blocked)),
        OutboxMessage.status == MessageStatus.QUEUED,
        OutboxMessage.due_at <= now,
        is_in_time(now),
        is_not_suppressed(),
        OutboxMessage.scope.not_in(select(DeliveryPause.scope)),
        ~select(DeliveryPause.scope).where(DeliveryPause.scope == ALL_SCOPES).exists(),
    )
