"""Tables of the pledges domain."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.campaigns.models import Ask, AskVersion
from campaign.candidates.models import Candidacy
from campaign.core.db import Base, enum_by_value
from campaign.core.languages import Language
from campaign.pledges.rules import ChangeOutcome, Channel, EventKind, Stance, SuggestionStatus


class PledgeEvent(Base):
    """One event of a campaign's record of answers, chained to the one before.

    The database refuses to change or delete one.
    """

    __tablename__ = "pledge_events"
    __table_args__ = (
        UniqueConstraint("campaign_id", "sequence"),
        Index("ix_pledge_events_current", "campaign_id", "candidacy_id", "ask_id", "id"),
        Index(
            "ix_pledge_events_about",
            "campaign_id",
            "refers_to_id",
            sqlite_where=text("refers_to_id IS NOT NULL"),
            postgresql_where=text("refers_to_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    sequence: Mapped[int]
    """Place in the campaign's chain, from 1 without a gap."""
    kind: Mapped[EventKind] = mapped_column(enum_by_value(EventKind))
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), index=True)
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"))
    ask_version_id: Mapped[int] = mapped_column(ForeignKey("ask_versions.id"))
    """The wording that was answered."""
    refers_to_id: Mapped[int | None] = mapped_column(ForeignKey("pledge_events.id"))
    """The entry that a review, an objection or another decision is about, or an answer corrects."""
    stance: Mapped[Stance | None] = mapped_column(enum_by_value(Stance))
    statement: Mapped[str] = mapped_column(Text, default="")
    """The candidate's own public words: with an answer, or with an objection."""
    channel: Mapped[Channel] = mapped_column(enum_by_value(Channel))
    source_url: Mapped[str] = mapped_column(default="")
    quote: Mapped[str] = mapped_column(Text, default="")
    archive_sha256: Mapped[str] = mapped_column(default="", server_default="")
    """SHA-256 of an archived copy of the source, in hexadecimal; empty without one."""
    archive_url: Mapped[str] = mapped_column(default="", server_default="")
    """Where anybody can see a copy, as at a public web archive."""
    valid_from: Mapped[date | None]
    """The day on which it was said; None for the day of recording."""
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    """An organiser's reason for a decision; public where the decision is."""
    verification_level: Mapped[int]
    entered_by: Mapped[str]
    """``candidate``, or ``organiser:7`` for the organiser of that id."""
    recorded_at: Mapped[datetime]
    form: Mapped[int] = mapped_column(server_default="1")
    """Which fields the hash covers; see ``rules.chain``."""
    previous_hash: Mapped[str]
    hash: Mapped[str]

    candidacy: Mapped[Candidacy] = relationship()
    ask: Mapped[Ask] = relationship()
    ask_version: Mapped[AskVersion] = relationship()
    subject: Mapped["PledgeEvent | None"] = relationship(remote_side="PledgeEvent.id")


class PledgeHead(Base):
    """The end of a campaign's chain as it was published on a day. Never edited, like the events."""

    __tablename__ = "pledge_heads"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    """How many events the record had."""
    head_hash: Mapped[str]
    published_at: Mapped[datetime]


class EvidenceSuggestion(Base):
    """What somebody of the public says that a candidate said, for organisers to look into.

    No part of the record until an organiser enters it there.
    """

    __tablename__ = "evidence_suggestions"
    __table_args__ = (Index("ix_evidence_suggestions_waiting", "campaign_id", "status", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"))
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"))
    stance: Mapped[Stance] = mapped_column(enum_by_value(Stance))
    """As the suggester understands the candidate."""
    source_url: Mapped[str]
    quote: Mapped[str] = mapped_column(Text)
    said_on: Mapped[date | None]
    email: Mapped[str | None]
    """For questions of the organisers; deleted with their decision."""
    suggested_at: Mapped[datetime]
    status: Mapped[SuggestionStatus] = mapped_column(enum_by_value(SuggestionStatus))
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was rejected."""
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("pledge_events.id"))
    """The entry that was made of it."""

    candidacy: Mapped[Candidacy] = relationship()
    ask: Mapped[Ask] = relationship()


class AnswerLink(Base):
    """What differs from the usual about one candidate's link of one campaign.

    A candidate who has no row has the link of generation 1, which needs no row; so a letter can
    carry the link without writing anything.
    """

    __tablename__ = "answer_links"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), primary_key=True)
    generation: Mapped[int] = mapped_column(default=1)
    """Links of an earlier generation no longer open."""
    is_revoked: Mapped[bool] = mapped_column(default=False)
    language: Mapped[Language] = mapped_column(
        enum_by_value(Language), default=Language.ENGLISH, server_default=Language.ENGLISH.value
    )
    """Of the page behind the link, and of what the campaign writes to the candidate."""


class CandidateRequest(Base):
    """What a candidate asked for on their page, for an organiser to act on."""

    __tablename__ = "candidate_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"))
    kind: Mapped[str]
    """A ``RequestKind``."""
    note: Mapped[str] = mapped_column(Text, default="")
    requested_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class PendingChange(Base):
    """A change or withdrawal of an earlier answer that waits for the candidate's confirmation."""

    __tablename__ = "pending_changes"
    __table_args__ = (
        Index(
            "uq_pending_changes_open",
            "campaign_id",
            "candidacy_id",
            "ask_id",
            unique=True,
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_pending_changes_due", "settled_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"))
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"))
    ask_version_id: Mapped[int] = mapped_column(ForeignKey("ask_versions.id"))
    """The wording that the candidate had before them."""
    stance: Mapped[Stance | None] = mapped_column(enum_by_value(Stance))
    """None where the earlier answer is to be withdrawn."""
    statement: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    """When it takes effect without protest; None where an organiser must ask the candidate."""
    outbox_message_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_messages.id"))
    """The mail that asks the candidate about it."""
    settled_at: Mapped[datetime | None]
    outcome: Mapped[ChangeOutcome | None] = mapped_column(enum_by_value(ChangeOutcome))

    ask: Mapped[Ask] = relationship()
    ask_version: Mapped[AskVersion] = relationship()


class InvitationTimetable(Base):
    """When the candidates of a campaign are invited to answer and reminded, all alike."""

    __tablename__ = "invitation_timetables"
    __table_args__ = (
        Index(
            "uq_invitation_timetables_running",
            "campaign_id",
            unique=True,
            sqlite_where=text("stopped_at IS NULL"),
            postgresql_where=text("stopped_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    invite_at: Mapped[datetime]
    first_reminder_days: Mapped[int]
    """Days after the invitation left; 0 for no reminder."""
    second_reminder_days: Mapped[int]
    """Days after the first reminder left; 0 for none."""
    planned_at: Mapped[datetime]
    planned_by: Mapped[str]
    """``organiser:7`` for the organiser of that id."""
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[str] = mapped_column(default="")


class Invitation(Base):
    """One invitation or reminder to one candidate; none is sent twice."""

    __tablename__ = "invitations"
    __table_args__ = (UniqueConstraint("candidacy_id", "campaign_id", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    timetable_id: Mapped[int] = mapped_column(ForeignKey("invitation_timetables.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"))
    step: Mapped[int]
    """0 for the invitation, 1 and 2 for the reminders."""
    outbox_message_id: Mapped[int] = mapped_column(ForeignKey("outbox_messages.id"), unique=True)
    queued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    """When it left, noted by the worker's chores; from then on the candidate has been asked."""
