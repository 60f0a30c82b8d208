"""Tables of the elections domain."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.core.db import Base
from campaign.elections.rules import ElectionPhase, phase_at
from campaign.geography.models import BoundarySet, Constituency


class Election(Base):
    """A polling day and its contests."""

    __tablename__ = "elections"

    id: Mapped[str] = mapped_column(primary_key=True)
    """Democracy Club's id: parl.2024-07-04."""
    name: Mapped[str]
    boundary_set_id: Mapped[int] = mapped_column(ForeignKey("boundary_sets.id"))
    polling_day: Mapped[date]
    nominations_close_at: Mapped[datetime]
    """When the list of candidates becomes final; no letter leaves before."""
    poll_closes_at: Mapped[datetime]
    """No letter leaves after."""
    timezone: Mapped[str] = mapped_column(default="Europe/London")
    candidates_credit: Mapped[str] = mapped_column(default="")
    """Credit line of the source of candidates, shown wherever they are; Markdown, for its link."""

    boundary_set: Mapped[BoundarySet] = relationship()

    def phase(self, now: datetime) -> ElectionPhase:
        """Return where the election stands at a moment."""
        return phase_at(
            now,
            nominations_close_at=self.nominations_close_at,
            poll_closes_at=self.poll_closes_at,
        )


class Party(Base):
    """A party as the Electoral Commission registers it, or a label such as Independent."""

    __tablename__ = "parties"

    id: Mapped[str] = mapped_column(primary_key=True)
    """Electoral Commission id: PP52; ynmp-party:2 for independents."""
    name: Mapped[str]


class Ballot(Base):
    """The contest of one election in one constituency."""

    __tablename__ = "ballots"
    __table_args__ = (UniqueConstraint("election_id", "constituency_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    """Democracy Club's id: parl.aldershot.2024-07-04."""
    election_id: Mapped[str] = mapped_column(ForeignKey("elections.id"))
    constituency_id: Mapped[int] = mapped_column(ForeignKey("constituencies.id"), index=True)
    is_cancelled: Mapped[bool] = mapped_column(default=False)
    """A countermanded poll: nothing is ever sent for it."""

    election: Mapped[Election] = relationship()
    constituency: Mapped[Constituency] = relationship()
