"""Tables of the delivery domain."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from campaign.core.db import Base, enum_by_value
from campaign.delivery.returns import EventDecision, EventKind, Provider, SuppressionReason
from campaign.delivery.rules import AttemptOutcome, Lane, MessageStatus, normalise_recipient


def _recipient_key(context: DefaultExecutionContext) -> str:
    parameters: dict[str, str] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return normalise_recipient(parameters["recipient"])


class OutboxMessage(Base):
    """One e-mail to one recipient, written in the transaction of what caused it."""

    __tablename__ = "outbox_messages"
    __table_args__ = (
        # With the scope before the time, so that no claim walks over what a pause keeps back.
        Index("ix_outbox_messages_claim", "status", "lane", "scope", "due_at", "id"),
        Index(
            "ix_outbox_messages_recipient_key_sent_at_due_at",
            "recipient_key",
            "sent_at",
            "due_at",
        ),
        Index("uq_outbox_messages_return_token", "return_token", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[Lane] = mapped_column(enum_by_value(Lane))
    scope: Mapped[str] = mapped_column(default="")
    """What a pause can stop together: ``campaign:3``; empty for the installation's own mail."""
    status: Mapped[MessageStatus] = mapped_column(enum_by_value(MessageStatus))
    recipient: Mapped[str]
    recipient_key: Mapped[str] = mapped_column(insert_default=_recipient_key)
    """The recipient in the form under which letters are counted."""
    from_name: Mapped[str]
    from_address: Mapped[str]
    reply_to: Mapped[str] = mapped_column(default="")
    return_path: Mapped[str]
    """Envelope sender with a token of this message, so that a bounce names it."""
    return_token: Mapped[str | None]
    """The token of the return path: random, and in no header, so that no bounce can be forged."""
    message_id: Mapped[str] = mapped_column(unique=True)
    """Message-ID header, the same on every try."""
    subject: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    headers: Mapped[str] = mapped_column(Text, default="{}")
    """Further headers, a JSON object of texts."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """Not tried before this moment."""
    not_after: Mapped[datetime | None]
    """Not tried from this moment on; whoever queued the message decides what becomes of it."""
    timezone: Mapped[str | None]
    """Whose hours of the day count for the pace of letters: Europe/London; None for UTC."""
    attempt_count: Mapped[int] = mapped_column(default=0)
    """Tries with a known outcome since it was queued, or a person asked for another round."""
    claimed_by: Mapped[str | None]
    lease_ends_at: Mapped[datetime | None]
    """When another worker may take over a message that is being sent."""
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")
    """What the last unsuccessful try met, without any address."""


class DeliveryAttempt(Base):
    """One try to deliver a message; written before the network is touched, completed after."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (UniqueConstraint("outbox_message_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    outbox_message_id: Mapped[int] = mapped_column(ForeignKey("outbox_messages.id"))
    number: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[AttemptOutcome] = mapped_column(enum_by_value(AttemptOutcome))
    code: Mapped[int | None]
    """SMTP reply code, where the other side gave one."""
    detail: Mapped[str] = mapped_column(default="")


class DeliveryPause(Base):
    """A kill switch that is on: nothing of this scope leaves while the row is there."""

    __tablename__ = "delivery_pauses"

    scope: Mapped[str] = mapped_column(primary_key=True)
    """``campaign:3``, or ``all`` for the whole installation."""
    paused_at: Mapped[datetime]
    actor: Mapped[str]
    """Who switched it on: ``organiser:7``, or ``worker`` when the relay refused us."""
    reason: Mapped[str] = mapped_column(default="")
    ends_at: Mapped[datetime | None]
    """When it ends by itself; None where a person must resume."""


class DomainPause(Base):
    """That a recipient's domain wants less from us: nothing leaves to it before a moment.

    Kept for a while after the end, so that the next refusal makes a longer pause.
    """

    __tablename__ = "domain_pauses"

    domain: Mapped[str] = mapped_column(primary_key=True)
    """As in ``outbox_messages.recipient_key``, after the @."""
    paused_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    refusals: Mapped[int]
    """Pauses in a row; halved by each message that the domain takes."""
    reason: Mapped[str] = mapped_column(default="")


class DeliveryRamp(Base):
    """How far a new campaign's letters have come: 50, then 500, then all."""

    __tablename__ = "delivery_ramps"

    scope: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(default=0)
    """The step in hand, 0 for the first; past the ramp from ``len(STEPS)`` on."""
    begun_at: Mapped[datetime]
    waits_until: Mapped[datetime | None]
    """When the bounces of this step are counted; None while its letters leave."""
    stopped_at: Mapped[datetime | None]
    """When too many came back; a person decides how it goes on."""


class RampMessage(Base):
    """One message that a step of a ramp let leave; a retry is the same message."""

    __tablename__ = "ramp_messages"
    __table_args__ = (Index("ix_ramp_messages_scope_step", "scope", "step"),)

    outbox_message_id: Mapped[int] = mapped_column(
        ForeignKey("outbox_messages.id"), primary_key=True
    )
    scope: Mapped[str]
    step: Mapped[int]


class WorkerHeartbeat(Base):
    """When each delivery worker was last alive."""

    __tablename__ = "worker_heartbeats"

    worker: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class DeliveryEvent(Base):
    """What came back about a message: a bounce, a complaint, a reply. Each is stored once."""

    __tablename__ = "delivery_events"
    __table_args__ = (
        UniqueConstraint("provider", "event_id"),
        Index("ix_delivery_events_address_key_received_at", "address_key", "received_at"),
        Index("ix_delivery_events_kind_decision", "kind", "decision"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[Provider] = mapped_column(enum_by_value(Provider))
    event_id: Mapped[str]
    """The provider's id of the event, or a fingerprint of the mail."""
    outbox_message_id: Mapped[int | None] = mapped_column(
        ForeignKey("outbox_messages.id"), index=True
    )
    kind: Mapped[EventKind] = mapped_column(enum_by_value(EventKind))
    address_key: Mapped[str]
    """Whom the message was to, as in ``outbox_messages.recipient_key``."""
    received_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="")
    """Enhanced status code of RFC 3463, where there is one: ``5.1.1``."""
    excerpt: Mapped[str] = mapped_column(Text, default="")
    """What a person needs to decide about an unreadable bounce; empty once that is done."""
    decision: Mapped[EventDecision | None] = mapped_column(enum_by_value(EventDecision))
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]


class DeliveryProbe(Base):
    """One try of the way back: a message to ourselves, or one that must bounce."""

    __tablename__ = "delivery_probes"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str]
    return_token: Mapped[str] = mapped_column(unique=True)
    """Token of its return path, as in ``outbox_messages``."""
    message_id: Mapped[str] = mapped_column(unique=True)
    sent_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
    """When the first sign of it was taken in."""
    returned_by: Mapped[Provider | None] = mapped_column(enum_by_value(Provider))
    """Who brought that sign."""


class Suppression(Base):
    """That an address gets nothing more from us, and since when; a lifted one is kept."""

    __tablename__ = "suppressions"
    __table_args__ = (
        Index(
            "uq_suppressions_in_force",
            "address_key",
            "reason",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address_key: Mapped[str]
    """As in ``outbox_messages.recipient_key``."""
    reason: Mapped[SuppressionReason] = mapped_column(enum_by_value(SuppressionReason))
    source: Mapped[str]
    """Who said so: a provider, ``recipient``, or ``organiser:7``."""
    since: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str] = mapped_column(default="")
    lifted_reason: Mapped[str] = mapped_column(Text, default="")
