"""Small worlds in which candidates answer; every number in them is known."""

from dataclasses import dataclass

from campaign.campaigns.models import Ask, Campaign
from campaign.candidates.models import Candidacy
from campaign.elections.models import Election
from tests.factories import AskFactory, BallotFactory, CampaignFactory, CandidacyFactory


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
