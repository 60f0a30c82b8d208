"""What the public tracker shows: counts with their denominators, by place, by party and by ask."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.campaigns.queries import list_asks
from campaign.elections.models import Election
from campaign.elections.queries import get_election
from campaign.elections.rules import ElectionPhase
from campaign.geography.queries import list_constituencies
from campaign.pledges.queries import (
    CurrentAnswer,
    list_current_answers,
)
from campaign.pledges.rules import Stance
from campaign.reports.hexmap import HexMap, Shade, lay_out, shade_of
from campaign.reports.members import MemberLine, list_member_lines
from campaign.reports.register import (
    AGREEING,
    Standing,
    list_counted_standings,
    list_uncounted_standings,
    map_standings,
)
from campaign.reports.stances import CurrentStance, list_current_stances

LATEST_CANDIDATES = 6


@dataclass(slots=True)
class Tally:
    """Counts of one group of candidates; ``standing`` is the denominator of all others."""

    standing: int = 0
    reachable: int = 0
    asked: int = 0
    """A letter or an invitation was sent to them."""
    answered: int = 0
    """At least one ask is answered."""
    agreed: int = 0
    """Yes, with or without reservations, to at least one ask."""

    @property
    def shade(self) -> Shade:
        """Return the class of the group's hexagon."""
        return shade_of(part=self.agreed, whole=self.standing, answered=self.answered)

    @property
    def number(self) -> int:
        """Return what is written in the hexagon."""
        return self.agreed


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
    """One party in the table; of Great Britain and of Northern Ireland it can have two numbers."""

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
class Elected:
    """The members who were elected, and what they had answered."""

    tally: Tally
    asks: list[AskLine]
    places: list[MemberLine]
    decided: int
    """Constituencies of which it is known who was elected."""
    contested: int
    """All whose poll is held."""


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
    is_over: bool
    """Whether the poll has closed, and with it the record."""
    elected: Elected | None
    """None until results are imported."""
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


def build_tracker(session: Session, campaign: Campaign, *, now: datetime) -> Tracker:
    """Count everything in one pass over the candidates; the number of queries is fixed."""
    election = get_election(session, campaign.election_id)
    asks = list_asks(session, campaign.id)
    constituencies = list_constituencies(session, election.boundary_set_id)
    standings = list_counted_standings(session, election.id, campaign_id=campaign.id)
    counted = {standing.candidacy_id for standing in standings}
    uncounted = list_uncounted_standings(session, election.id)
    cancelled = {each.constituency_id for each in uncounted if each.is_cancelled}
    stances = [
        stance
        for stance in list_current_stances(session, campaign.id)
        if stance.candidacy_id in counted
    ]
    answered = {stance.candidacy_id for stance in stances}
    agreed = {stance.candidacy_id for stance in stances if stance.stance in AGREEING}

    elected = {each.candidacy_id for each in standings if each.is_elected}
    totals, members = Tally(), Tally()
    by_place = {place.id: Tally() for place in constituencies}
    by_party: dict[str, PartyLine] = {}
    for standing in standings:
        name = standing.registered_party_name
        party = by_party.get(name)
        if party is None:
            party = by_party[name] = PartyLine(name, Tally())
        has_answered = standing.candidacy_id in answered
        has_agreed = standing.candidacy_id in agreed
        tallies = [totals, by_place[standing.constituency_id], party.tally]
        for tally in [*tallies, members] if standing.is_elected else tallies:
            tally.standing += 1
            tally.reachable += standing.is_reachable
            tally.asked += standing.is_asked
            tally.answered += has_answered
            tally.agreed += has_agreed
    member_stances = [each for each in stances if each.candidacy_id in elected]
    member_lines = list_member_lines(
        constituencies,
        standings,
        [(each.candidacy_id, each.stance in AGREEING) for each in member_stances],
        asks=len(asks),
        cancelled=cancelled,
    )
    return Tracker(
        election=election,
        boundary_credit=election.boundary_set.credit,
        is_over=election.phase(now) is ElectionPhase.CLOSED,
        elected=_elected(members, asks, member_stances, member_lines) if elected else None,
        totals=totals,
        withdrawn=sum(not each.is_cancelled for each in uncounted),
        cancelled_ballots=len(cancelled),
        asks=_ask_lines(asks, stances),
        places=[
            PlaceLine(place.id, place.slug, place.name, place.id in cancelled, by_place[place.id])
            for place in constituencies
        ],
        # By name, never by what they answered: no party is ranked.
        parties=sorted(by_party.values(), key=lambda line: line.name.casefold()),
        latest=_latest(session, campaign, asks, stances),
        map=lay_out((place.id, place.hex_q, place.hex_r) for place in constituencies),
    )


def _elected(
    tally: Tally,
    asks: Sequence[Ask],
    stances: Sequence[CurrentStance],
    lines: list[MemberLine],
) -> Elected:
    return Elected(
        tally=tally,
        asks=_ask_lines(asks, stances),
        places=lines,
        decided=sum(bool(line.tally.asks) for line in lines),
        contested=sum(line.is_contested for line in lines),
    )


def _ask_lines(asks: Sequence[Ask], stances: Sequence[CurrentStance]) -> list[AskLine]:
    counts = Counter((each.ask_id, each.stance) for each in stances)
    return [
        AskLine(
            ask_id=ask.id,
            title=ask.current.title,
            wording=ask.current.wording,
            stances={stance: counts[ask.id, stance] for stance in Stance},
            answered=sum(counts[ask.id, stance] for stance in Stance),
        )
        for ask in asks
    ]


def _latest(
    session: Session, campaign: Campaign, asks: Sequence[Ask], stances: Sequence[CurrentStance]
) -> list[LatestCandidate]:
    """Return those who answered last, newest first; ``stances`` come in that order."""
    ids = list(dict.fromkeys(each.candidacy_id for each in stances))[:LATEST_CANDIDATES]
    people = map_standings(session, ids)
    answers = list_current_answers(session, campaign.id, candidacy_ids=ids)
    return [
        LatestCandidate(
            people[candidacy_id],
            [
                (ask.current.title, answers[candidacy_id, ask.id])
                for ask in asks
                if (candidacy_id, ask.id) in answers
            ],
        )
        for candidacy_id in ids
    ]
