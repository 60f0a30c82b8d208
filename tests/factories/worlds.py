"""Small worlds in which candidates answer; every number in them is known."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.elections.models import Election
from campaign.letters.models import Action, Letter
from campaign.letters.rules import LetterStatus
from tests.factories import (
    EARLY,
    AskFactory,
    BallotFactory,
    CampaignFactory,
    CandidacyFactory,
    SupporterFactory,
)


@dataclass
class PledgeWorld:
    """One campaign of two asks, one ballot, two candidates."""

    campaign: Campaign
    asks: list[Ask]
    candidacies: list[Candidacy]
    election: Election


def pledge_world() -> PledgeWorld:
    """Make the rows; the caller binds the factories."""
    ballot = BallotFactory(constituency__name="Northmoor East", constituency__slug="northmoor-east")
    campaign = CampaignFactory(election=ballot.election, slug="safer-streets")
    return PledgeWorld(
        campaign=campaign,
        asks=[
            AskFactory(campaign=campaign, position=1, slug="priority", wording="Make it first."),
            AskFactory(campaign=campaign, position=2, slug="lights", wording="Light the streets."),
        ],
        candidacies=[
            CandidacyFactory(ballot=ballot, person__name="Ann Ash", party__name="Blue"),
            CandidacyFactory(ballot=ballot, person__name="Bob Birch", party__name="Amber"),
        ],
        election=ballot.election,
    )


def stand_elsewhere(world: PledgeWorld, place: str = "Northmoor West") -> Candidacy:
    """Let the first candidate change ballots, as an import does; return the new candidacy."""
    before = world.candidacies[0]
    before.status = CandidacyStatus.WITHDRAWN
    ballot = BallotFactory(election=world.election, constituency__name=place)
    return CandidacyFactory(ballot=ballot, person=before.person)


def letter_from_somebody(
    session: Session, world: PledgeWorld, *, status: LetterStatus, candidate: int = 0
) -> Letter:
    """Add a letter of a new supporter to one of the candidates."""
    supporter = SupporterFactory()
    candidacy = world.candidacies[candidate]
    action = Action(
        campaign_id=world.campaign.id,
        supporter_id=supporter.id,
        constituency_id=candidacy.ballot.constituency_id,
        submission_key=f"key-{supporter.id}",
        supporter_name="Sam Supporter",
        consent_text="I agree.",
        wants_news=False,
        created_at=EARLY,
        expires_at=EARLY,
    )
    session.add(action)
    session.flush()
    letter = Letter(
        action_id=action.id,
        campaign_id=world.campaign.id,
        supporter_id=supporter.id,
        candidacy_id=candidacy.id,
        status=status,
        subject="Secret subject",
        body="Secret body",
        text_hash=f"hash-{supporter.id}",
        is_personal=True,
        created_at=EARLY,
        sent_at=EARLY if status is LetterStatus.SENT else None,
    )
    session.add(letter)
    session.flush()
    return letter
