"""Reads of the geography domain."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.geography.errors import ConstituencyNotFound
from campaign.geography.models import Constituency, Postcode, PostcodeRelease


def find_postcode(session: Session, postcode: str) -> Postcode | None:
    """Return the entry of a normalised postcode; None when it was never in the directory."""
    return session.get(Postcode, postcode)


def list_known_postcodes(session: Session, postcodes: Sequence[str]) -> list[str]:
    """Return those of the normalised postcodes that lead to a constituency today."""
    return list(
        session.scalars(
            select(Postcode.postcode)
            .where(
                Postcode.postcode.in_(postcodes),
                Postcode.constituency_id.is_not(None),
                Postcode.ended.is_(None),
            )
            .order_by(Postcode.postcode)
        )
    )


def find_constituency(session: Session, constituency_id: int) -> Constituency | None:
    """Return a constituency by its row."""
    return session.get(Constituency, constituency_id)


def get_constituency(session: Session, *, boundary_set_id: int, slug: str) -> Constituency:
    """Return a constituency by its address; raises ConstituencyNotFound."""
    constituency = session.scalar(
        select(Constituency).where(
            Constituency.boundary_set_id == boundary_set_id, Constituency.slug == slug
        )
    )
    if constituency is None:
        raise ConstituencyNotFound("There is no constituency of this name in this election.")
    return constituency


def list_constituencies(session: Session, boundary_set_id: int) -> list[Constituency]:
    """Return the constituencies of a boundary set by name."""
    return list(
        session.scalars(
            select(Constituency)
            .where(Constituency.boundary_set_id == boundary_set_id)
            .order_by(Constituency.name)
        )
    )


def find_postcode_release(session: Session) -> PostcodeRelease | None:
    """Return the import that the postcodes of today came from."""
    return session.scalar(select(PostcodeRelease).order_by(PostcodeRelease.id.desc()).limit(1))
