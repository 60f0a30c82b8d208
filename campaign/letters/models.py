"""Tables of the letters domain."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.campaigns.rules import MailForm
from campaign.candidates.models import Candidacy
from campaign.core.db import Base, enum_by_value
from campaign.geography.models import Constituency
from campaign.letters.rules import AnswerChoice, HeldReason, LetterStatus
from campaign.supporters.models import Supporter


class TemplateVariant(Base):
    """One wording of a campaign's letter template; the first whose condition fits is used."""

    __tablename__ = "template_variants"
    __table_args__ = (UniqueConstraint("campaign_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    position: Mapped[int]
    name: Mapped[str]
    condition: Mapped[dict[str, str]] = mapped_column(JSON)
    """Attribute of the candidate to the value it must have; empty for the last variant."""
    subject: Mapped[str]
    greeting: Mapped[str]
    body: Mapped[str] = mapped_column(Text)


class Action(Base):
    """One supporter's one submission to one campaign."""

    __tablename__ = "actions"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    supporter_id: Mapped[int] = mapped_column(ForeignKey("supporters.id"), index=True)
    constituency_id: Mapped[int] = mapped_column(ForeignKey("constituencies.id"), index=True)
    submission_key: Mapped[str] = mapped_column(unique=True)
    """Made once for each form that is shown, so that a form sent twice is one action."""
    supporter_name: Mapped[str]
    """The name that the letters are signed with."""
    postcode: Mapped[str | None]
    """Kept only where the letters are signed with it."""
    consent_text: Mapped[str] = mapped_column(Text)
    """The wording that the supporter agreed to when sending."""
    wants_news: Mapped[bool]
    news_text: Mapped[str] = mapped_column(Text, default="")
    words_text: Mapped[str] = mapped_column(Text, default="")
    """The wording under which the candidate may see the supporter's words beside the asks."""
    created_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    """When it lapses unless confirmed: 48 hours, and never past the close of poll."""
    reminded_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]

    supporter: Mapped[Supporter] = relationship()
    constituency: Mapped[Constituency] = relationship()
    letters: Mapped[list["Letter"]] = relationship(back_populates="action", order_by="Letter.id")


class ActionAskVersion(Base):
    """The wordings of the asks that stood before the supporter when they wrote."""

    __tablename__ = "action_ask_versions"

    action_id: Mapped[int] = mapped_column(ForeignKey("actions.id"), primary_key=True)
    ask_version_id: Mapped[int] = mapped_column(ForeignKey("ask_versions.id"), primary_key=True)


class Letter(Base):
    """One message from one supporter to one candidate."""

    __tablename__ = "letters"
    __table_args__ = (
        Index(
            "uq_letters_same_text",
            "supporter_id",
            "candidacy_id",
            "text_hash",
            unique=True,
            sqlite_where=text("status NOT IN ('withdrawn', 'expired')"),
            postgresql_where=text("status NOT IN ('withdrawn', 'expired')"),
        ),
        # Each also holds what is counted below it, so that counts read no letter.
        Index("ix_letters_of_campaign", "campaign_id", "status", "supporter_id"),
        Index("ix_letters_to_candidate", "candidacy_id", "status", "campaign_id", "supporter_id"),
        Index(
            "ix_letters_waiting_for_digest",
            "status",
            "digest_at",
            sqlite_where=text("outbox_message_id IS NULL AND digest_at IS NOT NULL"),
            postgresql_where=text("outbox_message_id IS NULL AND digest_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("actions.id"), index=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    supporter_id: Mapped[int] = mapped_column(ForeignKey("supporters.id"))
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"))
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("template_variants.id"))
    outbox_message_id: Mapped[int | None] = mapped_column(
        ForeignKey("outbox_messages.id"), index=True
    )
    """What carries the letter, alone or with others; delivery status is read from there."""
    digest_at: Mapped[datetime | None]
    """When the digest is due that the letter waits for or goes with; None for one of its own."""
    status: Mapped[LetterStatus] = mapped_column(enum_by_value(LetterStatus))
    held_reason: Mapped[HeldReason | None] = mapped_column(enum_by_value(HeldReason))
    subject: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    """The whole text as the candidate reads it, from greeting to signature, without our footer."""
    text_hash: Mapped[str]
    """SHA-256 of subject and body, to find an identical letter; kept when text is scrubbed."""
    is_personal: Mapped[bool]
    """Whether the supporter changed the template's text."""
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    action: Mapped[Action] = relationship(back_populates="letters")
    candidacy: Mapped[Candidacy] = relationship()


class LetterQuestion(Base):
    """What a supporter is asked about a letter that had not left when its candidate answered."""

    __tablename__ = "letter_questions"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), primary_key=True)
    opened_at: Mapped[datetime]
    asked_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the mail that asks was written; one mail asks about all letters of an action."""
    expires_at: Mapped[datetime | None]
    """When nothing is sent unless the supporter has chosen; None until they are asked."""
    choice: Mapped[AnswerChoice | None] = mapped_column(enum_by_value(AnswerChoice))
    chosen_at: Mapped[datetime | None]

    letter: Mapped[Letter] = relationship()


class MailChoice(Base):
    """How the letters of a campaign come to one candidate, where somebody has chosen.

    For each campaign by itself: the link by which it is chosen is one campaign's, so whoever reads
    its mail must not be able to silence another's. "Nothing more" is a request of the pledges.
    """

    __tablename__ = "mail_choices"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), primary_key=True)
    form: Mapped[MailForm] = mapped_column(enum_by_value(MailForm))
    chosen_by: Mapped[str]
    """``candidate``, or ``organiser:7`` for the organiser of that id."""
    chosen_at: Mapped[datetime]

    @property
    def is_own(self) -> bool:
        """Tell whether the candidate chose it, by their own link."""
        return self.chosen_by == "candidate"


class LetterTransition(Base):
    """One step in a letter's life. Never edited."""

    __tablename__ = "letter_transitions"

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), index=True)
    at: Mapped[datetime]
    from_status: Mapped[LetterStatus | None] = mapped_column(enum_by_value(LetterStatus))
    """None for the letter's birth."""
    to_status: Mapped[LetterStatus] = mapped_column(enum_by_value(LetterStatus))
    actor: Mapped[str]
    """``supporter``, ``candidate``, ``worker``, or ``organiser:7`` for the organiser of that id."""
    reason: Mapped[str] = mapped_column(default="")


class HiddenWords(Base):
    """That an organiser keeps a letter's words off the candidate's page; the letter stays sent."""

    __tablename__ = "hidden_words"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), primary_key=True)
    hidden_at: Mapped[datetime]
    actor: Mapped[str]
    """``organiser:7`` for the organiser of that id."""
