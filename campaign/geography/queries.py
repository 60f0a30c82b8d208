"""Reads of the geography domain."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.geography.errors import BoundarySetNotFound, ConstituencyNotFound
from campaign.geography.models import (
    BoundarySet,
    Constituency,
    ConstituencyAlias,
    Postcode,
    PostcodeRelease,
)
from campaign.geography.rules import (
    NORTHERN_IRELAND_AREA,
    PostcodeOutcome,
    likely_postcodes,
    normalise_postcode,
    outside_uk,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostcodeLookup:
    """What came of looking up what somebody typed."""

    outcome: PostcodeOutcome
    postcode: str = ""
    """Normalised; empty when the text is no postcode."""
    constituency: Constituency | None = None
    suggestions: tuple[str, ...] = ()
    """Normalised postcodes that exist and were probably meant."""
    ended: date | None = None
    """First day of the month in which the postcode ended."""
    island: str = ""


def look_up_postcode(session: Session, text: str, *, boundary_set_id: int) -> PostcodeLookup:
    """Return the constituency of a typed postcode, or why there is none and what was meant."""
    postcode = normalise_postcode(text)
    if postcode is None:
        return PostcodeLookup(
            outcome=PostcodeOutcome.NOT_A_POSTCODE, suggestions=_suggestions(session, text)
        )
    entry = session.get(Postcode, postcode)
    if entry is not None and entry.ended is None and entry.constituency_id is not None:
        constituency = session.get(Constituency, entry.constituency_id)
        if constituency is not None and constituency.boundary_set_id == boundary_set_id:
            return PostcodeLookup(
                outcome=PostcodeOutcome.FOUND, postcode=postcode, constituency=constituency
            )
    if island := outside_uk(postcode):
        return PostcodeLookup(outcome=PostcodeOutcome.OUTSIDE_UK, postcode=postcode, island=island)
    if entry is None and postcode.startswith(NORTHERN_IRELAND_AREA):
        return PostcodeLookup(outcome=PostcodeOutcome.LEFT_OUT, postcode=postcode)
    if entry is None:
        return PostcodeLookup(
            outcome=PostcodeOutcome.UNKNOWN,
            postcode=postcode,
            suggestions=_suggestions(session, text),
        )
    if entry.ended is not None:
        return PostcodeLookup(
            outcome=PostcodeOutcome.ENDED,
            postcode=postcode,
            ended=date(entry.ended // 100, entry.ended % 100, 1),
        )
    return PostcodeLookup(outcome=PostcodeOutcome.NO_CONSTITUENCY, postcode=postcode)


def _suggestions(session: Session, text: str) -> tuple[str, ...]:
    likely = likely_postcodes(text)
    return tuple(list_known_postcodes(session, likely)) if likely else ()


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


def find_boundary_set(session: Session, slug: str) -> BoundarySet | None:
    """Return a boundary set by its name, as pcon24."""
    return session.scalar(select(BoundarySet).where(BoundarySet.slug == slug))


def get_boundary_set(session: Session, slug: str) -> BoundarySet:
    """Return a boundary set by its name; raises BoundarySetNotFound."""
    boundary_set = find_boundary_set(session, slug)
    if boundary_set is None:
        raise BoundarySetNotFound(
            f"There is no boundary set {slug}; import its constituencies first."
        )
    return boundary_set


def find_last_boundary_set(session: Session) -> BoundarySet | None:
    """Return the boundary set that was imported last."""
    return session.scalar(select(BoundarySet).order_by(BoundarySet.id.desc()).limit(1))


def find_boundary_set_of_codes(session: Session, codes: Collection[str]) -> BoundarySet | None:
    """Return the boundary set that has most of these GSS codes; None when none has any."""
    return session.scalar(
        select(BoundarySet)
        .join(Constituency, Constituency.boundary_set_id == BoundarySet.id)
        .where(Constituency.gss_code.in_(codes))
        .group_by(BoundarySet.id)
        .order_by(func.count().desc(), BoundarySet.id.desc())
        .limit(1)
    )


def map_codes(session: Session, boundary_set_id: int) -> dict[str, int]:
    """Return the constituency of each GSS code of a boundary set, superseded codes too."""
    own = select(Constituency.gss_code, Constituency.id).where(
        Constituency.boundary_set_id == boundary_set_id
    )
    former = (
        select(ConstituencyAlias.gss_code, ConstituencyAlias.constituency_id)
        .join(Constituency, Constituency.id == ConstituencyAlias.constituency_id)
        .where(Constituency.boundary_set_id == boundary_set_id)
    )
    # A code of today wins over a former one.
    return dict(
        [*session.execute(former), *session.execute(own)],
    )


def map_slugs(session: Session, boundary_set_id: int) -> dict[str, int]:
    """Return the constituency of each slug of a boundary set."""
    own = select(Constituency.slug, Constituency.id).where(
        Constituency.boundary_set_id == boundary_set_id
    )
    return dict(session.execute(own).all())


def list_boundary_sets(session: Session) -> list[BoundarySet]:
    """Return all boundary sets in the order of their import."""
    return list(session.scalars(select(BoundarySet).order_by(BoundarySet.id)))
