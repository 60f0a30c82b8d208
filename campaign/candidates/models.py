"""Tables of the candidates domain."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.candidates.rules import CandidacyStatus, RepairOutcome
from campaign.core.db import Base, enum_by_value
from campaign.elections.models import Ballot, Party


class Person(Base):
    """A person who stands or stood, across elections."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Democracy Club's person id."""
    name: Mapped[str]
    sort_name: Mapped[str]
    """Key of ballot-paper order, from ``rules.sort_name`` or the official surname."""
    email: Mapped[str | None] = mapped_column(index=True)
    """The address to write to: the correction where there is one, else the imported one."""
    imported_email: Mapped[str | None]
    """What the last file that had one said."""
    corrected_email: Mapped[str | None]
    """What an organiser entered; empty text for "the known address is wrong"; wins over files."""


class PersonAlias(Base):
    """A former Democracy Club id of somebody who was merged into another entry."""

    __tablename__ = "person_aliases"

    old_person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)


class Candidacy(Base):
    """A person's standing on one ballot for one party."""

    __tablename__ = "candidacies"
    __table_args__ = (UniqueConstraint("person_id", "ballot_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    ballot_id: Mapped[str] = mapped_column(ForeignKey("ballots.id"), index=True)
    party_id: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    party_name: Mapped[str]
    """The party's name as it stood on this ballot."""
    status: Mapped[CandidacyStatus] = mapped_column(enum_by_value(CandidacyStatus))
    withdrawn_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
    ballot: Mapped[Ballot] = relationship()
    party: Mapped[Party] = relationship()


class AddressCorrection(Base):
    """An organiser's change to a candidate's address: who, when and why. Never edited."""

    __tablename__ = "address_corrections"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    old_email: Mapped[str | None]
    new_email: Mapped[str | None]
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str]
    """``organiser:7`` for the organiser of that id."""
    corrected_at: Mapped[datetime]


class ContactRepair(Base):
    """That a candidate's address does not work, for an organiser to find a better one."""

    __tablename__ = "contact_repairs"
    __table_args__ = (
        Index(
            "uq_contact_repairs_open",
            "person_id",
            unique=True,
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    email: Mapped[str]
    """The address that does not work."""
    cause: Mapped[str]
    """What was learned of it: a reason of ``suppressions``."""
    opened_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    outcome: Mapped[RepairOutcome | None] = mapped_column(enum_by_value(RepairOutcome))

    person: Mapped[Person] = relationship()
