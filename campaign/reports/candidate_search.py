"""Candidates who match: found by name and place, by party and nation, by what they answered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.campaigns.queries import list_asks
from campaign.candidates.rules import CandidacyStatus, plain_text
from campaign.elections.models import Election
from campaign.elections.queries import get_election
from campaign.geography.models import Constituency
from campaign.geography.queries import list_constituencies
from campaign.pledges.queries import list_current_answers
from campaign.pledges.rules import NO_MARKS, Marks, Stance
from campaign.reports.hexmap import HexMap, Shade, lay_out, shade_of
from campaign.reports.register import AGREEING, Standing, list_counted_parties, list_standings
from campaign.reports.stances import list_current_stances

PAGE_SIZE = 50


class Answered(StrEnum):
    """What can be asked of an answer beside one stance of it."""

    AGREED = "agreed"
    """Yes, with or without reservations."""
    NOT_YET = "not_yet"
    """No answer, from whoever it is."""
    NO_ADDRESS = "no_address"
    """No answer, and no address is known to ask at."""


class Order(StrEnum):
    """How those who match are sorted. Nobody is ranked by what they answered."""

    PLACE = "place"
    """By constituency, then who was elected, then as on the ballot paper."""
    NAME = "name"
    PARTY = "party"
    NEWEST = "newest"
    """Who answered last, first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateQuestion:
    """What somebody looks for; what is None or empty does not narrow."""

    words: str = ""
    ask_id: int | None = None
    """Whose answers count; all asks of today without it."""
    answer: Stance | Answered | None = None
    party_id: str | None = None
    nation: str | None = None
    is_elected: bool = False
    """Only those who were elected."""
    order: Order = Order.PLACE


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate who matches, with their stance on each ask that is answered."""

    standing: Standing
    stances: Mapping[int, Stance]
    marks: Mapping[int, Marks]
    """Which of those answers the candidate disputes; read for those shown only."""

    @property
    def is_elected(self) -> bool:
        """Whether the candidate won the seat."""
        return self.standing.status is CandidacyStatus.ELECTED


@dataclass(slots=True)
class MatchTally:
    """Candidates of one constituency: how many match, of how many who could."""

    standing: int = 0
    matching: int = 0

    @property
    def shade(self) -> Shade:
        """Return the class of the constituency's hexagon."""
        return shade_of(part=self.matching, whole=self.standing, answered=self.matching)

    @property
    def number(self) -> int:
        """Return what is written in the hexagon."""
        return self.matching


@dataclass(frozen=True, slots=True)
class MatchPlace:
    """One constituency on the map and in its table."""

    constituency_id: int
    slug: str
    name: str
    is_cancelled: bool
    tally: MatchTally


@dataclass(frozen=True, slots=True)
class CandidateSearch:
    """A page of those who match, and where all of them are."""

    question: CandidateQuestion
    election: Election
    asks: Sequence[Ask]
    """Those whose stances are shown."""
    matches: list[Match]
    """One page of them."""
    count: int
    """All who match."""
    whole: int
    """Everybody who could: standing, of the party and nation looked for."""
    page: int
    pages: int
    places: list[MatchPlace]
    map: HexMap | None
    uncounted: list[Standing]
    """Whom the words find and no count has: withdrawn, or their poll is cancelled."""
    unfilled: list[MatchPlace]
    """Constituencies that the words name and that have no candidate who counts."""


@dataclass(frozen=True, slots=True)
class SearchChoices:
    """What there is to choose from."""

    asks: list[tuple[int, str, str]]
    """Id, slug and title of those of today."""
    parties: list[tuple[str, str]]
    """Id and name, by name; one for parties of the same name, as registered in two registers."""
    first_party: Mapping[str, str]
    """Id by each id: the first of the same name."""
    nations: list[str]
    has_results: bool
    """Whether it is known who was elected."""


def list_search_choices(session: Session, campaign: Campaign) -> SearchChoices:
    """Return what the form of a campaign's search offers."""
    election = get_election(session, campaign.election_id)
    counted = list_counted_parties(session, election.id)
    by_name: dict[str, list[str]] = {}
    for party_id, name, _elected in sorted(counted):
        by_name.setdefault(name, []).append(party_id)
    parties = [(ids[0], name) for name, ids in by_name.items()]
    places = list_constituencies(session, election.boundary_set_id)
    return SearchChoices(
        asks=[(ask.id, ask.slug, ask.current.title) for ask in list_asks(session, campaign.id)],
        parties=sorted(parties, key=lambda party: (party[1].casefold(), party[0])),
        first_party={each: ids[0] for ids in by_name.values() for each in ids},
        nations=sorted({place.nation for place in places if place.nation}),
        has_results=any(elected for _party_id, _name, elected in counted),
    )


def search_candidates(
    session: Session, campaign: Campaign, question: CandidateQuestion, *, page: int = 1
) -> CandidateSearch:
    """Return whoever matches, a page at a time; the number of queries is fixed.

    A page beyond the last is the last. Withdrawn candidates and cancelled polls never match: whom
    of them the words name is said beside.
    """
    election = get_election(session, campaign.election_id)
    asks = [
        ask
        for ask in list_asks(session, campaign.id)
        if question.ask_id is None or ask.id == question.ask_id
    ]
    places = {each.id: each for each in list_constituencies(session, election.boundary_set_id)}
    everybody = list_standings(session, election.id)
    # A party of Great Britain and of Northern Ireland has two numbers and one name.
    names = {each.registered_party_name for each in everybody if each.party_id == question.party_id}
    group = [each for each in everybody if _is_in_group(each, places, question, names)]
    counted = [each for each in group if each.is_counted]
    stances, newest = _stances_by_candidacy(session, campaign, {ask.id for ask in asks})
    # What has no letter or number in it is in no name.
    sought = plain_text(question.words).split() or question.words.split()

    def is_found(each: Standing) -> bool:
        return fits(
            question.answer, stances.get(each.candidacy_id, {}), each.is_reachable
        ) and _has_words(each, places[each.constituency_id], sought)

    matches = [
        Match(each, stances.get(each.candidacy_id, {}), {}) for each in counted if is_found(each)
    ]
    _sort(matches, question.order, newest)
    pages = max(1, -(-len(matches) // PAGE_SIZE))
    page = min(max(1, page), pages)
    on_map = _places(places, everybody, counted, matches)
    return CandidateSearch(
        question=question,
        election=election,
        asks=asks,
        matches=_marked(session, campaign, matches[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]),
        count=len(matches),
        whole=len(counted),
        page=page,
        pages=pages,
        places=on_map,
        map=lay_out((place.id, place.hex_q, place.hex_r) for place in places.values()),
        uncounted=[each for each in group if sought and not each.is_counted and is_found(each)],
        unfilled=_unfilled(places, on_map, everybody, sought),
    )


def fits(
    answer: Stance | Answered | None, stances: Mapping[int, Stance], is_reachable: bool
) -> bool:
    """Tell whether a candidate's stances are what is looked for, on any of the asks.

    Silence is only where no ask is answered.
    """
    if answer is None:
        return True
    if answer is Answered.NOT_YET:
        return not stances
    if answer is Answered.NO_ADDRESS:
        return not stances and not is_reachable
    wanted = AGREEING if answer is Answered.AGREED else {answer}
    return any(stance in wanted for stance in stances.values())


def _is_in_group(
    standing: Standing,
    places: Mapping[int, Constituency],
    question: CandidateQuestion,
    party_names: Collection[str],
) -> bool:
    return (
        standing.constituency_id in places
        and (question.party_id is None or standing.registered_party_name in party_names)
        and question.nation in (None, places[standing.constituency_id].nation)
        and (not question.is_elected or standing.status is CandidacyStatus.ELECTED)
    )


def _marked(session: Session, campaign: Campaign, matches: Sequence[Match]) -> list[Match]:
    """Return matches with what was said about their answers later."""
    ids = [each.standing.candidacy_id for each in matches if each.stances]
    marks: dict[int, dict[int, Marks]] = {}
    for (candidacy_id, ask_id), answer in list_current_answers(
        session, campaign.id, candidacy_ids=ids
    ).items():
        if answer.marks is not NO_MARKS:
            marks.setdefault(candidacy_id, {})[ask_id] = answer.marks
    return [replace(each, marks=marks.get(each.standing.candidacy_id, {})) for each in matches]


def _stances_by_candidacy(
    session: Session, campaign: Campaign, ask_ids: Collection[int]
) -> tuple[dict[int, dict[int, Stance]], dict[int, int]]:
    """Return the stances of each candidacy by ask, and its place among the newest answers."""
    stances: dict[int, dict[int, Stance]] = {}
    newest: dict[int, int] = {}
    for place, each in enumerate(list_current_stances(session, campaign.id)):
        if each.ask_id in ask_ids:
            stances.setdefault(each.candidacy_id, {})[each.ask_id] = each.stance
            newest.setdefault(each.candidacy_id, place)
    return stances, newest


def _has_words(standing: Standing, place: Constituency, sought: Sequence[str]) -> bool:
    if not sought:
        return True
    text = plain_text(f"{standing.name} {place.name} {place.name_cy}")
    return _has_all(text, sought)


def _has_all(text: str, sought: Sequence[str]) -> bool:
    return all(word in text for word in sought)


def _unfilled(
    places: Mapping[int, Constituency],
    on_map: Sequence[MatchPlace],
    everybody: Sequence[Standing],
    sought: Sequence[str],
) -> list[MatchPlace]:
    if not sought:
        return []
    filled = {each.constituency_id for each in everybody if each.is_counted}
    return [
        each
        for each in on_map
        if each.constituency_id not in filled
        and _has_all(plain_text(f"{each.name} {places[each.constituency_id].name_cy}"), sought)
    ]


def _sort(matches: list[Match], order: Order, newest: Mapping[int, int]) -> None:
    """Sort in place; what is equal stays by constituency and ballot paper."""
    if order is Order.PLACE:
        of_place: dict[int, int] = {}
        for match in matches:
            of_place.setdefault(match.standing.constituency_id, len(of_place))
        matches.sort(
            key=lambda match: (of_place[match.standing.constituency_id], not match.is_elected)
        )
    elif order is Order.NAME:
        matches.sort(key=lambda match: plain_text(match.standing.name))
    elif order is Order.PARTY:
        matches.sort(key=lambda match: match.standing.registered_party_name.casefold())
    elif order is Order.NEWEST:
        last = len(newest)
        matches.sort(key=lambda match: newest.get(match.standing.candidacy_id, last))


def _places(
    places: Mapping[int, Constituency],
    everybody: Sequence[Standing],
    group: Sequence[Standing],
    matches: Sequence[Match],
) -> list[MatchPlace]:
    tallies = {each: MatchTally() for each in places}
    for standing in group:
        tallies[standing.constituency_id].standing += 1
    for match in matches:
        tallies[match.standing.constituency_id].matching += 1
    cancelled = {each.constituency_id for each in everybody if each.is_cancelled}
    return [
        MatchPlace(place.id, place.slug, place.name, place.id in cancelled, tallies[place.id])
        for place in places.values()
    ]
