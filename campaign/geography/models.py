"""Tables of the geography domain."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.core.db import Base
from campaign.core.languages import Language


class BoundarySet(Base):
    """The constituencies of one review, as ``pcon24``: the code that postcode files use for it."""

    __tablename__ = "boundary_sets"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    credit: Mapped[str] = mapped_column(default="")
    """Source and licence of names and hexagons, shown beside the map."""


class Constituency(Base):
    """A seat of one boundary set."""

    __tablename__ = "constituencies"
    __table_args__ = (
        UniqueConstraint("boundary_set_id", "gss_code"),
        UniqueConstraint("boundary_set_id", "slug"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    boundary_set_id: Mapped[int] = mapped_column(ForeignKey("boundary_sets.id"))
    gss_code: Mapped[str]
    """Code of the Government Statistical Service, as E14001063."""
    slug: Mapped[str]
    name: Mapped[str]
    name_cy: Mapped[str] = mapped_column(default="")
    """Welsh name; empty where there is none."""
    nation: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    hex_q: Mapped[int | None]
    """Column in the hexagon map (layout odd-r)."""
    hex_r: Mapped[int | None]
    """Row in the hexagon map; grows northwards."""

    boundary_set: Mapped[BoundarySet] = relationship()

    def name_in(self, language: Language) -> str:
        """Return the name in a language, or the usual one where there is no other."""
        return (self.name_cy if language is Language.WELSH else "") or self.name


class ConstituencyAlias(Base):
    """Another code for a constituency, superseded but still met in files."""

    __tablename__ = "constituency_aliases"

    gss_code: Mapped[str] = mapped_column(primary_key=True)
    constituency_id: Mapped[int] = mapped_column(ForeignKey("constituencies.id"))


class Postcode(Base):
    """A postcode and the constituency it lies in; the whole table is swapped by an import."""

    __tablename__ = "postcodes"
    __table_args__ = ({"sqlite_with_rowid": False},)

    postcode: Mapped[str] = mapped_column(String(8), primary_key=True)
    """Upper case, without a space: AB101AB."""
    constituency_id: Mapped[int | None]
    """None where the postcode has none; not a foreign key, so that 2.7 million rows load fast."""
    ended: Mapped[int | None]
    """Year and month in which the postcode ended, as 199606; None while it lives."""


class PostcodeRelease(Base):
    """One import of postcodes: where they came from, and the credit line that is due."""

    __tablename__ = "postcode_releases"

    id: Mapped[int] = mapped_column(primary_key=True)
    boundary_set_id: Mapped[int] = mapped_column(ForeignKey("boundary_sets.id"))
    name: Mapped[str]
    """Name of the release, as ``ONSPD August 2024`` or the file's own."""
    credit: Mapped[str]
    postcode_count: Mapped[int]
    imported_at: Mapped[datetime]
