"""Reads of the candidates domain."""

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from campaign.candidates.errors import CandidacyNotFound
from campaign.candidates.models import Candidacy, Person
from campaign.elections.models import Ballot


def list_ballot_candidacies(session: Session, ballot_id: str) -> list[Candidacy]:
    """Return all candidacies of a ballot, withdrawn ones too, in the order of the ballot paper."""
    return list(
        session.scalars(
            select(Candidacy)
            .join(Candidacy.person)
            .where(Candidacy.ballot_id == ballot_id)
            .order_by(Person.sort_name, Person.id)
            .options(contains_eager(Candidacy.person))
        )
    )


def get_candidacy(session: Session, candidacy_id: int) -> Candidacy:
    """Return a candidacy with its person, ballot and constituency; raises CandidacyNotFound."""
    candidacy = session.scalar(
        select(Candidacy)
        .where(Candidacy.id == candidacy_id)
        .options(
            joinedload(Candidacy.person),
            joinedload(Candidacy.ballot).joinedload(Ballot.constituency),
        )
    )
    if candidacy is None:
        raise CandidacyNotFound("This candidate is not known.")
    return candidacy


def get_candidacy_of_person(session: Session, *, person_id: int, election_id: str) -> Candidacy:
    """Return how a person stands in an election; raises CandidacyNotFound."""
    candidacy = session.scalar(
        select(Candidacy)
        .join(Candidacy.ballot)
        .where(Candidacy.person_id == person_id, Ballot.election_id == election_id)
        .options(
            joinedload(Candidacy.person),
            contains_eager(Candidacy.ballot).joinedload(Ballot.constituency),
        )
        .order_by(Candidacy.id)
        .limit(1)
    )
    if candidacy is None:
        raise CandidacyNotFound("Nobody of this number stands in this election.")
    return candidacy
