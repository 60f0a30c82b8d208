"""Invented people and figures in every state that a component can show.

Plain objects with the attributes that the macros read: nothing here is in the database.
"""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.rules import CandidacyStatus
from campaign.pledges.queries import CurrentAnswer
from campaign.pledges.rules import (
    Channel,
    DisputeState,
    EventKind,
    Marks,
    RequestKind,
    Stance,
    VerificationLevel,
)
from campaign.reports import hexmap
from campaign.reports.candidate_search import MatchPlace, MatchTally
from campaign.reports.constituency import CandidateStand
from campaign.reports.hexmap import Shade
from campaign.reports.members import MemberLine, MemberTally
from campaign.reports.tracker import PlaceLine, Tally

AT = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)
CAMPAIGN = SimpleNamespace(
    slug="safer-internet", name="Make the internet safer for children", status=CampaignStatus.LIVE
)
ADDRESS = "https://campaign.example.org/safer-internet/"

MARKS = [
    Marks(dispute=DisputeState.OPEN, dispute_words="I was not at that meeting."),
    Marks(dispute=DisputeState.KEPT, settled_because="The recording is clear."),
    Marks(dispute=DisputeState.STRUCK, settled_because="It was somebody of the same name."),
    Marks(hidden_because="It names a private person."),
]

ASKS = [
    SimpleNamespace(
        id=number,
        slug=f"ask-{number}",
        current=SimpleNamespace(number=1, title=title, wording=wording),
    )
    for number, title, wording in (
        (1, "Children’s safety online first", "Make children’s safety online a priority."),
        (2, "Act against trading", "Act against the trading of abuse images."),
        (3, "Sentences that protect", "See that sentences and treatment protect children."),
    )
]


def _answer(ask: int, stance: Stance, **changes: Any) -> CurrentAnswer:
    values: dict[str, Any] = {
        "candidacy_id": 1,
        "ask_id": ask,
        "ask_version": 1,
        "stance": stance,
        "statement": "",
        "channel": Channel.LINK,
        "source_url": "",
        "quote": "",
        "verification_level": VerificationLevel.FIRST_HAND,
        "recorded_at": AT,
        "event_id": ask,
        "sequence": ask,
    }
    return CurrentAnswer(**values | changes)


def _stand(
    number: int,
    name: str,
    party: str,
    *answers: CurrentAnswer,
    email: str | None = "candidate@example.org",
    status: CandidacyStatus = CandidacyStatus.STANDING,
    refusal: RequestKind | None = None,
) -> CandidateStand:
    person = SimpleNamespace(id=number, name=name, email=email)
    candidacy: Any = SimpleNamespace(
        id=number, person=person, person_id=number, party_name=party, status=status
    )
    return CandidateStand(
        candidacy=candidacy, answers={each.ask_id: each for each in answers}, refusal=refusal
    )


STANDS = {
    "all": _stand(
        1,
        "Jane Smith",
        "Reed Party",
        _answer(1, Stance.YES, statement="I have worked for this for ten years."),
        _answer(2, Stance.YES_WITH_RESERVATIONS),
        _answer(3, Stance.PARTLY),
    ),
    "some": _stand(
        2,
        "Tomos Hale",
        "Heron Alliance",
        _answer(1, Stance.NO, marks=MARKS[0]),
        _answer(3, Stance.DECLINED, ask_version=0),
    ),
    "none": _stand(3, "Edith Marlowe", "Independent"),
    "unreachable": _stand(4, "John Wray", "Lantern Party", email=None),
    "refused": _stand(5, "Rosa Quill", "Island First", refusal=RequestKind.NOTHING_MORE),
    "elected": _stand(
        7,
        "Morwenna Kitto",
        "Harbour Party",
        _answer(2, Stance.YES, marks=MARKS[1]),
        status=CandidacyStatus.ELECTED,
    ),
    "withdrawn": _stand(6, "Ivo Penn", "Reed Party", status=CandidacyStatus.WITHDRAWN),
}

RECORDED = _answer(
    3,
    Stance.PARTLY,
    channel=Channel.HUSTINGS,
    verification_level=VerificationLevel.CONFIRMED,
    quote="“Treatment first, then longer sentences.” Town hall, 28 April.",
    source_url="https://news.example.org/hustings",
)

FORMER = (
    SimpleNamespace(
        kind=EventKind.ANSWER,
        stance=Stance.YES,
        recorded_at=AT,
        elsewhere=SimpleNamespace(name_in=lambda _language: "Corriby"),
    ),
    SimpleNamespace(kind=EventKind.WITHDRAWAL, recorded_at=AT, elsewhere=None),
)
"""Entries that count no more: of who changed ballots, and a withdrawal."""

EVIDENCE = (
    SimpleNamespace(
        value="1 in 6",
        claim="of 100 offenders had a conviction for assaulting or grooming a child",
        source="NSPCC, study of court cases",
        link="https://news.example.org/study",
        dated="spring 2010",
    ),
    SimpleNamespace(
        value="5,411",
        claim="reports reached the Child Exploitation and Online Protection Centre in a year",
        source="CEOP",
        link="",
        dated="2008–09",
    ),
)

TALLIES = {
    Shade.NO_POLL: Tally(),
    Shade.UNANSWERED: Tally(standing=5, reachable=4, asked=3),
    Shade.NO_YES: Tally(standing=5, reachable=4, asked=4, answered=2),
    Shade.SOME: Tally(standing=5, reachable=4, asked=4, answered=2, agreed=1),
    Shade.HALF: Tally(standing=5, reachable=5, asked=5, answered=4, agreed=3),
    Shade.ALL: Tally(standing=5, reachable=5, asked=5, answered=5, agreed=5),
}

_NAMES = ("Great Yarrick", "Aldmoor", "Birk", "Thrushgill", "Marlow Tor", "Northmoor")

PLACES = [
    PlaceLine(
        constituency_id=number,
        slug=name.lower().replace(" ", "-"),
        name=name,
        is_cancelled=tally.shade is Shade.NO_POLL,
        tally=tally,
    )
    for number, (name, tally) in enumerate(zip(_NAMES, TALLIES.values(), strict=True))
]

MATCHES = [
    MatchPlace(
        constituency_id=number,
        slug=name.lower().replace(" ", "-"),
        name=name,
        is_cancelled=False,
        tally=MatchTally(standing=standing, matching=matching),
    )
    for number, (name, (standing, matching)) in enumerate(
        zip(_NAMES[:5], ((0, 0), (6, 0), (6, 1), (6, 3), (5, 5)), strict=True)
    )
]

MEMBERS = [
    MemberLine(
        constituency_id=number,
        slug=name.lower().replace(" ", "-"),
        name=name,
        is_cancelled=False,
        is_contested=number > 0,
        tally=MemberTally(asks=asks, answered=answered, agreed=agreed),
    )
    for number, (name, (asks, answered, agreed)) in enumerate(
        zip(
            (*_NAMES, "Wrenmouth"),
            ((0, 0, 0), (0, 0, 0), (4, 0, 0), (4, 1, 0), (4, 2, 1), (4, 4, 2), (4, 4, 4)),
            strict=True,
        )
    )
]

MAP = hexmap.lay_out((place.constituency_id, at % 3, at // 3) for at, place in enumerate(PLACES))

DAYS = [
    SimpleNamespace(day=date(2031, 4, 18 + back), accepted=accepted, sent=sent)
    for back, (accepted, sent) in enumerate(
        ((4, 2), (9, 8), (0, 0), (14, 12), (22, 20), (19, 19), (31, 24))
    )
]
"""Letters of a week, the oldest first."""

CHANGES = [
    SimpleNamespace(
        title=ASKS[0].current.title,
        earlier=RECORDED,
        stance=Stance.PARTLY,
        statement="I have thought again.",
    ),
    SimpleNamespace(title=ASKS[1].current.title, earlier=RECORDED, stance=None, statement=""),
]
WAITING = [
    SimpleNamespace(stance=Stance.PARTLY, statement="I have thought again.", due_at=AT),
    SimpleNamespace(stance=None, statement="", due_at=None),
]
ROLL = SimpleNamespace(
    standing=202,
    to_invite=119,
    invited=0,
    failed=1,
    answered=60,
    refusing=2,
    stopped=5,
    without_address=15,
)
