"""What must stand beside open data, wherever it is given: licence, credit and imprint."""

from campaign.campaigns.models import Campaign
from campaign.elections.models import Election
from campaign.reports.spreadsheets import plain_links

LICENCE_NAME = "CC BY 4.0"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
LICENCE = f"{LICENCE_NAME}, {LICENCE_URL}"


def credit_line(campaign: Campaign, election: Election) -> str:
    """Return whom to name beside a campaign's figures, as plain text."""
    return " ".join(
        (f"Answers: {campaign.organisation}.", plain_links(election.candidates_credit))
    ).strip()


def credits_of(campaign: Campaign, election: Election) -> dict[str, object]:
    """Return licence, credit and imprint as they stand in each file and answer."""
    return {
        "licence": LICENCE,
        "credit": credit_line(campaign, election),
        "imprint": str(campaign.imprint),
    }
