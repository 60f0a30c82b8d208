"""Tables of the organisers domain; the login columns are those that Flask-Security reads."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from campaign.core.db import Base, enum_by_value
from campaign.organisers.rules import Role


class Organiser(Base):
    """A person with a login and a role."""

    __tablename__ = "organisers"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    role: Mapped[Role] = mapped_column(enum_by_value(Role))
    password: Mapped[str | None]
    """Hash, never the password."""
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    """Changes when all sessions of this organiser must end."""
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]
    current_login_at: Mapped[datetime | None]
    login_count: Mapped[int] = mapped_column(default=0)
    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[str | None]
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(JSON)


class AuditEntry(Base):
    """What an organiser did, to whom and why. Never edited."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    organiser_id: Mapped[int | None] = mapped_column(ForeignKey("organisers.id"))
    """None for a command run on the server."""
    verb: Mapped[str]
    """What was done: ``read_letter``, ``correct_address``, ``pause_delivery``."""
    subject: Mapped[str]
    """What it was done to: ``letter:81``, ``person:4252``, ``campaign:3``."""
    reason: Mapped[str] = mapped_column(Text, default="")
