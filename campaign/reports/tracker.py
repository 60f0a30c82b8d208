"""What the public tracker shows: counts with their denominators, by place, by party and by ask."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks
from campaign.elections.models import Election
from campaign.elections.queries import get_election
from campaign.geography.queries import list_constituencies
from campaign.pledges.queries import CurrentAnswer
from campaign.pledges.rules import Stance
from campaign.reports.hexmap import HexMap, lay_out
from campaign.reports.register import (
    AGREEING,
    Standing,
    list_answers,
    list_asked,
    list_standings,
)

LATEST_CANDIDATES = 6


class Shade(StrEnum):
    """How a hexagon is filled: by the share of standing candidates who said yes to any ask."""

    NO_POLL = "no_poll"
    """Nobody stands here, or the poll is cancelled."""
    UNANSWERED = "unanswered"
    NO_YES = "no_yes"
    SOME = "some"
    HALF = "half"
    """Half or more of them, not all."""
    ALL = "all"


@dataclass(slots=True)
class Tally:
    """Counts of one group of candidates; ``standing`` is the denominator of all others."""

    standing: int = 0
    reachable: int = 0
    asked: int = 0
    """A confirmed letter was sent to them."""
    answered: int = 0
    """At least one ask is answered."""
    agreed: int = 0
    """Yes, with or without reservations, to at least one ask."""

    @property
    def shade(self) -> Shade:
        """Return the class of the group's hexagon."""
        if not self.standing:
            return Shade.NO_POLL
        if not self.answered:
            return Shade.UNANSWERED
        if not self.agreed:
            return Shade.NO_YES
        if self.agreed == self.standing:
            return Shade.ALL
        return Shade.HALF if self.agreed * 2 >= self.standing else Shade.SOME


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One constituency in the table and on the map."""

    constituency_id: int
    slug: str
    name: str
    is_cancelled: bool
    tally: Tally


@dataclass(frozen=True, slots=True)
class PartyLine:
    """One party in the table."""

    party_id: str
    name: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class AskLine:
    """How one ask was answered; ``answered`` is the sum of ``stances``."""

    ask_id: int
    title: str
    wording: str
    stances: dict[Stance, int]
    answered: int


@dataclass(frozen=True, slots=True)
class LatestCandidate:
    """One of those who answered last, with every answer of theirs, in the order of the asks."""

    standing: Standing
    answers: list[tuple[str, CurrentAnswer]]
    """Title of the ask, and the answer."""

    @property
    def answered_at(self) -> datetime:
        """Return when the newest of the answers was recorded."""
        return max(answer.recorded_at for _title, answer in self.answers)


@dataclass(frozen=True, slots=True)
class Tracker:
    """Everything on the tracker's page."""

    election: Election
    boundary_credit: str
    totals: Tally
    withdrawn: int
    """Candidates who withdrew; in no other count."""
    cancelled_ballots: int
    """Ballots that are not held; their candidates are in no count."""
    asks: list[AskLine]
    places: list[PlaceLine]
    parties: list[PartyLine]
    latest: list[LatestCandidate]
    map: HexMap | None


def build_tracker(session: Session, campaign: Campaign) -> Tracker:
    """Count everything in one pass over the candidates; the number of queries is fixed."""
    election = get_election(session, campaign.election_id)
    standings = list_standings(session, election.id)
    asks = list_asks(session, campaign.id)
    titles = {ask.id: ask.current.title for ask in asks}
    answers = list_answers(session, campaign.id)
    asked = list_asked(session, campaign.id)
    constituencies = list_constituencies(session, election.boundary_set_id)
    by_candidacy: dict[int, list[CurrentAnswer]] = {}
    for answer in answers:
        by_candidacy.setdefault(answer.candidacy_id, []).append(answer)

    totals = Tally()
    by_place = {place.id: Tally() for place in constituencies}
    by_party: dict[str, PartyLine] = {}
    counted = {s.candidacy_id: s for s in standings if s.is_counted}
    for standing in counted.values():
        party = by_party.setdefault(
            standing.party_id,
            PartyLine(standing.party_id, standing.registered_party_name, Tally()),
        )
        for tally in (totals, by_place[standing.constituency_id], party.tally):
            _count(tally, standing, by_candidacy.get(standing.candidacy_id, ()), asked)

    cancelled = {s.constituency_id for s in standings if s.is_cancelled}
    places = [
        PlaceLine(place.id, place.slug, place.name, place.id in cancelled, by_place[place.id])
        for place in constituencies
    ]
    stances = Counter(
        (answer.ask_id, answer.stance) for answer in answers if answer.candidacy_id in counted
    )
    return Tracker(
        election=election,
        boundary_credit=election.boundary_set.credit,
        totals=totals,
        withdrawn=sum(not s.is_counted and not s.is_cancelled for s in standings),
        cancelled_ballots=len(cancelled),
        asks=[
            AskLine(
                ask_id=ask.id,
                title=ask.current.title,
                wording=ask.current.wording,
                stances={stance: stances[ask.id, stance] for stance in Stance},
                answered=sum(stances[ask.id, stance] for stance in Stance),
            )
            for ask in asks
        ],
        places=places,
        # By name, never by what they answered: no party is ranked.
        parties=sorted(by_party.values(), key=lambda line: (line.name.casefold(), line.party_id)),
        latest=_latest(counted, by_candidacy, titles),
        map=lay_out((place.id, place.hex_q, place.hex_r) for place in constituencies),
    )


def _latest(
    counted: Mapping[int, Standing],
    by_candidacy: Mapping[int, Collection[CurrentAnswer]],
    titles: Mapping[int, str],
) -> list[LatestCandidate]:
    """Return those who answered last, newest first."""
    newest = {
        candidacy_id: max((answer.recorded_at, answer.event_id) for answer in answers)
        for candidacy_id, answers in by_candidacy.items()
        if candidacy_id in counted
    }
    latest = sorted(newest, key=lambda each: newest[each], reverse=True)[:LATEST_CANDIDATES]
    found = []
    for candidacy_id in latest:
        given = {answer.ask_id: answer for answer in by_candidacy[candidacy_id]}
        answers = [(titles[ask_id], given[ask_id]) for ask_id in titles if ask_id in given]
        found.append(LatestCandidate(counted[candidacy_id], answers))
    return found


def _count(
    tally: Tally, standing: Standing, answers: Collection[CurrentAnswer], asked: set[int]
) -> None:
    tally.standing += 1
    tally.reachable += standing.is_reachable
    tally.asked += standing.candidacy_id in asked
    tally.answered += bool(answers)
    tally.agreed += any(answer.stance in AGREEING for answer in answers)
