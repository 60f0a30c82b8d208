"""How far a campaign has come: a few public numbers, each with its denominator."""

from dataclasses import dataclass

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.elections.models import Ballot
from campaign.letters.models import Letter
from campaign.letters.rules import CONFIRMED_STATUSES
from campaign.pledges import queries as pledges


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Numbers of candidates who stand today, and of the people who wrote to them."""

    standing: int
    reachable: int
    answered: int
    """Candidates who stand and have answered at least one ask."""
    letters: int
    """Letters that their supporters confirmed."""
    supporters: int
    """People who confirmed a letter."""


def get_progress(session: Session, campaign: Campaign) -> Progress:
    """Return the numbers of a campaign as the public sees them."""
    standing = (
        select(Candidacy.id, Person.email)
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .where(
            Ballot.election_id == campaign.election_id,
            Ballot.is_cancelled.is_(False),
            Candidacy.status != CandidacyStatus.WITHDRAWN,
        )
    )
    emails = {row.id: row.email for row in session.execute(standing)}
    answers = pledges.list_current_answers(session, campaign.id)
    letters, supporters = session.execute(
        select(func.count(), func.count(distinct(Letter.supporter_id))).where(
            Letter.campaign_id == campaign.id, Letter.status.in_(CONFIRMED_STATUSES)
        )
    ).one()
    return Progress(
        standing=len(emails),
        reachable=sum(email is not None for email in emails.values()),
        answered=len({candidacy_id for candidacy_id, _ask in answers} & emails.keys()),
        letters=letters,
        supporters=supporters,
    )
