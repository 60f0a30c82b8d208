"""One constituency in one campaign: who stands there and where each stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.candidates import queries as candidates
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.elections.models import Ballot
from campaign.pledges import queries as pledges
from campaign.pledges.queries import CurrentAnswer
from campaign.pledges.rules import RequestKind
from campaign.reports.register import AGREEING


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateStand:
    """One candidate and their public answers to the asks of today, by ask."""

    candidacy: Candidacy
    answers: Mapping[int, CurrentAnswer]
    refusal: RequestKind | None
    """What they asked for that stops letters."""

    @property
    def is_standing(self) -> bool:
        """Whether the candidate is still in the contest, or was at the poll."""
        return self.candidacy.status is not CandidacyStatus.WITHDRAWN

    @property
    def is_elected(self) -> bool:
        """Whether the candidate won the seat."""
        return self.candidacy.status is CandidacyStatus.ELECTED

    @property
    def is_refusing(self) -> bool:
        """Whether the candidate has asked for no more letters."""
        return self.refusal is RequestKind.NOTHING_MORE

    @property
    def is_reachable(self) -> bool:
        """Whether a letter can be sent: an address is known, and nobody said that it is wrong."""
        return bool(self.candidacy.person.email) and self.refusal is None

    @property
    def can_be_asked(self) -> bool:
        """Whether silence is theirs; see ``can_be_asked``."""
        return can_be_asked(self.candidacy, self.refusal)

    @property
    def agreed(self) -> int:
        """Return to how many asks they said yes, with or without reservations."""
        return sum(answer.stance in AGREEING for answer in self.answers.values())


def can_be_asked(candidacy: Candidacy, refusal: RequestKind | None) -> bool:
    """Tell whether a candidate's silence is theirs.

    It is where a letter reaches them, or they want none, or stand no more.
    """
    return (
        bool(candidacy.person.email and refusal is None)
        or refusal is RequestKind.NOTHING_MORE
        or candidacy.status is CandidacyStatus.WITHDRAWN
    )


def list_stands(
    session: Session, campaign: Campaign, ballot: Ballot, asks: Sequence[Ask]
) -> list[CandidateStand]:
    """Return everybody on the ballot, in its order, with their answers to these asks."""
    candidacies = candidates.list_ballot_candidacies(session, ballot.id)
    ids = [candidacy.id for candidacy in candidacies]
    answers = pledges.list_current_answers(session, campaign.id, candidacy_ids=ids)
    refusals = pledges.list_mail_refusals(session, campaign.id, candidacy_ids=ids)
    return [
        CandidateStand(
            candidacy=candidacy,
            answers={
                ask.id: answers[candidacy.id, ask.id]
                for ask in asks
                if (candidacy.id, ask.id) in answers
            },
            refusal=refusals.get(candidacy.id),
        )
        for candidacy in candidacies
    ]
