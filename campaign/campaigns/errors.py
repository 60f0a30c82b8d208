"""Errors of the campaigns domain."""

from campaign.core.errors import NotFound, Refused


class CampaignNotFound(NotFound):
    """No campaign of this slug is open to the one who asks."""


class CampaignElectionFixed(Refused):
    """A campaign belongs to one election for ever: its letters and answers do."""
