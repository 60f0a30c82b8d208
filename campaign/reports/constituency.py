"""One constituency in one campaign: who stands there and where each stands."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates import queries as candidates
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.elections.models import Ballot
from campaign.pledges import queries as pledges
from campaign.pledges.queries import CurrentAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateStand:
    """One candidate and their public answers of today, by ask."""

    candidacy: Candidacy
    answers: Mapping[int, CurrentAnswer]

    @property
    def is_standing(self) -> bool:
        """Whether the candidate is still in the contest, or was at the poll."""
        return self.candidacy.status is not CandidacyStatus.WITHDRAWN

    @property
    def is_reachable(self) -> bool:
        """Whether an address is known."""
        return self.candidacy.person.email is not None


def list_stands(session: Session, campaign: Campaign, ballot: Ballot) -> list[CandidateStand]:
    """Return everybody on the ballot, in its order, with their answers."""
    candidacies = candidates.list_ballot_candidacies(session, ballot.id)
    answers = pledges.list_current_answers(
        session, campaign.id, candidacy_ids=[candidacy.id for candidacy in candidacies]
    )
    return [
        CandidateStand(
            candidacy=candidacy,
            answers={
                ask_id: answer
                for (candidacy_id, ask_id), answer in answers.items()
                if candidacy_id == candidacy.id
            },
        )
        for candidacy in candidacies
    ]
