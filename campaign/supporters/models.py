"""Tables of the supporters domain."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from campaign.core.db import Base


class Supporter(Base):
    """A member of the public who writes."""

    __tablename__ = "supporters"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    """Normalised by ``rules.normalise_email``; also the key by which a supporter is found again."""
    created_at: Mapped[datetime]


class AddressConfirmation(Base):
    """That a supporter has shown, for one campaign, that the address is theirs."""

    __tablename__ = "address_confirmations"

    supporter_id: Mapped[int] = mapped_column(ForeignKey("supporters.id"), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    confirmed_at: Mapped[datetime]


class NewsSubscription(Base):
    """That a supporter joined a campaign's mailing list, with the wording they agreed to."""

    __tablename__ = "news_subscriptions"

    supporter_id: Mapped[int] = mapped_column(ForeignKey("supporters.id"), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    wording: Mapped[str] = mapped_column(Text)
    subscribed_at: Mapped[datetime]
    unsubscribed_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    """Up to when they have been told what candidates answered; None before the first time."""
