"""The members who were elected, constituency by constituency: how far each had said yes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from campaign.geography.models import Constituency
from campaign.reports.hexmap import Shade, shade_of
from campaign.reports.register import CountedStanding


@dataclass(slots=True)
class MemberTally:
    """The asks that were put to a constituency's member, and what became of them."""

    asks: int = 0
    """None while it is not known who was elected."""
    answered: int = 0
    agreed: int = 0
    """Yes, with or without reservations."""

    @property
    def shade(self) -> Shade:
        """Return the class of the constituency's hexagon."""
        return shade_of(part=self.agreed, whole=self.asks, answered=self.answered)

    @property
    def number(self) -> int:
        """Return what is written in the hexagon."""
        return self.agreed


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One constituency on the map of members and in its table."""

    constituency_id: int
    slug: str
    name: str
    is_cancelled: bool
    is_contested: bool
    """Whether anybody stood, and the poll is held."""
    tally: MemberTally


def list_member_lines(
    places: Sequence[Constituency],
    standings: Iterable[CountedStanding],
    answers: Iterable[tuple[int, bool]],
    *,
    asks: int,
    cancelled: Collection[int],
) -> list[MemberLine]:
    """Return every constituency; ``answers`` are those of members: candidacy, whether a yes."""
    tallies = {place.id: MemberTally() for place in places}
    contested = set()
    by_candidacy = {}
    for standing in standings:
        contested.add(standing.constituency_id)
        if standing.is_elected:
            tally = by_candidacy[standing.candidacy_id] = tallies[standing.constituency_id]
            tally.asks += asks
    for candidacy_id, is_yes in answers:
        by_candidacy[candidacy_id].answered += 1
        by_candidacy[candidacy_id].agreed += is_yes
    return [
        MemberLine(
            constituency_id=place.id,
            slug=place.slug,
            name=place.name,
            is_cancelled=place.id in cancelled,
            is_contested=place.id in contested,
            tally=tallies[place.id],
        )
        for place in places
    ]
