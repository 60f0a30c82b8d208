"""Everybody who stands in an election, and what they answered, for counts and exports."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.queries import list_asks
from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.elections.models import Ballot, Party
from campaign.geography.models import Constituency
from campaign.letters.models import Letter
from campaign.letters.rules import LetterStatus
from campaign.pledges.queries import CurrentAnswer, list_current_answers
from campaign.pledges.rules import Stance

AGREEING = frozenset({Stance.YES, Stance.YES_WITH_RESERVATIONS})
"""Stances that public counts take as a yes; the words beside each count say so."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One candidacy with what counts and exports say about it."""

    candidacy_id: int
    person_id: int
    name: str
    is_reachable: bool
    """Whether an address is known; the address itself stays where it is."""
    party_id: str
    party_name: str
    """As it stood on the ballot."""
    registered_party_name: str
    status: CandidacyStatus
    ballot_id: str
    is_cancelled: bool
    constituency_id: int
    constituency_name: str
    constituency_slug: str
    gss_code: str

    @property
    def is_counted(self) -> bool:
        """Whether the candidate is in the denominators: standing, on a ballot that is held."""
        return self.status is not CandidacyStatus.WITHDRAWN and not self.is_cancelled


def list_standings(session: Session, election_id: str) -> list[Standing]:
    """Return all candidacies by constituency, then in the order of the ballot paper; one query."""
    rows = session.execute(
        select(
            Candidacy.id,
            Person.id,
            Person.name,
            Person.email,
            Candidacy.party_id,
            Candidacy.party_name,
            Party.name,
            Candidacy.status,
            Ballot.id,
            Ballot.is_cancelled,
            Constituency.id,
            Constituency.name,
            Constituency.slug,
            Constituency.gss_code,
        )
        .join(Candidacy.person)
        .join(Candidacy.party)
        .join(Candidacy.ballot)
        .join(Ballot.constituency)
        .where(Ballot.election_id == election_id)
        .order_by(Constituency.name, Constituency.id, Person.sort_name, Person.id)
    )
    return [
        Standing(candidacy_id, person_id, name, bool(email), *rest)
        for candidacy_id, person_id, name, email, *rest in rows
    ]


def list_answers(session: Session, campaign_id: int) -> list[CurrentAnswer]:
    """Return the public answers to the asks of today, not to those that were ended."""
    asks = {ask.id for ask in list_asks(session, campaign_id)}
    answers = list_current_answers(session, campaign_id).values()
    return [answer for answer in answers if answer.ask_id in asks]


def list_asked(session: Session, campaign_id: int) -> set[int]:
    """Return the ids of the candidacies to which a confirmed letter was sent."""
    return set(
        session.scalars(
            select(Letter.candidacy_id)
            .where(Letter.campaign_id == campaign_id, Letter.status == LetterStatus.SENT)
            .distinct()
        )
    )
