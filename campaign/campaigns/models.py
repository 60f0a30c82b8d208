"""Tables of the campaigns domain."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.campaigns.rules import CampaignStatus, Imprint, MailForm, MailHabits
from campaign.core.db import Base, enum_by_value


class Campaign(Base):
    """One set of asks to the candidates of one election, run by one organisation."""

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    election_id: Mapped[str] = mapped_column(ForeignKey("elections.id"), index=True)
    status: Mapped[CampaignStatus] = mapped_column(enum_by_value(CampaignStatus))
    name: Mapped[str]
    organisation: Mapped[str]
    """Name of the charity or group that runs the campaign."""
    summary: Mapped[str] = mapped_column(Text)
    """One or two sentences: the first thing that a visitor reads."""
    introduction: Mapped[str] = mapped_column(Text, default="")
    """Markdown."""
    help_panel: Mapped[str] = mapped_column(Text, default="")
    """Markdown; shown on every page of the campaign; empty for none."""
    accent: Mapped[str] = mapped_column(default="", server_default="")
    """Colour of links, buttons and the head, as ``#rrggbb``; empty for the house's own."""
    promoter: Mapped[str]
    promoter_address: Mapped[str]
    on_behalf_of: Mapped[str] = mapped_column(default="")
    on_behalf_of_address: Mapped[str] = mapped_column(default="")
    contact_name: Mapped[str]
    """A named human whom candidates and supporters can ask."""
    contact_email: Mapped[str]
    consent_text: Mapped[str] = mapped_column(Text)
    """What a supporter agrees to; its wording is stored with each action."""
    news_text: Mapped[str] = mapped_column(Text, default="")
    """Label of the mailing-list box; empty for no such box."""
    mail_form: Mapped[MailForm] = mapped_column(
        enum_by_value(MailForm),
        default=MailForm.EVERY_LETTER,
        server_default=MailForm.EVERY_LETTER.value,
    )
    """How letters come to candidates who have chosen nothing themselves."""
    letters_a_day: Mapped[int] = mapped_column(
        default=MailHabits.letters_a_day, server_default=str(MailHabits.letters_a_day)
    )
    """Letters of their own to one mailbox on one day; further ones wait for the digest."""
    digest_hour: Mapped[int] = mapped_column(
        default=MailHabits.digest_hour, server_default=str(MailHabits.digest_hour)
    )
    """When digests leave: the hour in the time zone of the election."""
    created_at: Mapped[datetime]

    asks: Mapped[list["Ask"]] = relationship(order_by="Ask.position")
    evidence: Mapped[list["Evidence"]] = relationship(order_by="Evidence.position")

    @property
    def imprint(self) -> Imprint:
        """Return the imprint that stands on everything that this campaign publishes."""
        return Imprint(
            promoter=self.promoter,
            promoter_address=self.promoter_address,
            on_behalf_of=self.on_behalf_of,
            on_behalf_of_address=self.on_behalf_of_address,
        )


class Ask(Base):
    """One thing that the campaign wants a candidate to commit to."""

    __tablename__ = "asks"
    __table_args__ = (UniqueConstraint("campaign_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    slug: Mapped[str]
    """Stable name of the ask in addresses and exports, whatever its wording."""
    position: Mapped[int]
    """Order on the page, from 1."""
    is_retired: Mapped[bool] = mapped_column(default=False)

    versions: Mapped[list["AskVersion"]] = relationship(order_by="AskVersion.number")

    @property
    def current(self) -> "AskVersion":
        """Return the wording that is asked today."""
        return self.versions[-1]


class AskVersion(Base):
    """A wording of an ask; letters and pledges pin the one that they saw.

    Never edited: the database refuses, because an answer is one to this very text.
    """

    __tablename__ = "ask_versions"
    __table_args__ = (UniqueConstraint("ask_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"))
    number: Mapped[int]
    title: Mapped[str]
    """Short form for tables and headings."""
    wording: Mapped[str] = mapped_column(Text)
    """The full sentence that a candidate says yes or no to."""
    created_at: Mapped[datetime]


class Evidence(Base):
    """A figure or statement behind an ask, with its source and date."""

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("campaign_id", "position"),
        CheckConstraint("source <> ''", name="has_source"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    ask_id: Mapped[int | None] = mapped_column(ForeignKey("asks.id"))
    """The ask that it speaks for; None for the campaign as a whole."""
    position: Mapped[int]
    value: Mapped[str]
    """The figure as it is shown large: ``1 in 4``, ``5,411``."""
    claim: Mapped[str] = mapped_column(Text)
    source: Mapped[str]
    dated: Mapped[str]
    """Date of the source in words: ``Spring 2010``."""
    link: Mapped[str] = mapped_column(default="")
