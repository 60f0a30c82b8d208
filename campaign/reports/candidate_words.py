"""Candidates by a few words, as organisers type them: on both databases alike, and as in public."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import plain_text
from campaign.elections.models import Ballot
from campaign.geography.models import Constituency


def list_candidacies_with(session: Session, campaign: Campaign, words: str) -> list[int]:
    """Return the candidacies whose name, party or constituency holds every word.

    Signs alone are no words, and nobody has them.
    """
    sought = plain_text(words).split()
    rows = session.execute(
        select(Candidacy.id, Person.name, Candidacy.party_name, Constituency.name)
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .join(Ballot.constituency)
        .where(Ballot.election_id == campaign.election_id)
    )
    return [
        candidacy_id
        for candidacy_id, *texts in rows
        if sought and _has_all(plain_text("\n".join(texts)), sought)
    ]


def _has_all(text: str, words: list[str]) -> bool:
    return all(word in text for word in words)
