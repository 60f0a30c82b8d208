"""Errors of the campaigns domain."""

from campaign.core.errors import InvalidInput, NotFound, Refused


class CampaignNotFound(NotFound):
    """No campaign of this slug is open to the one who asks."""


class CampaignNotLive(Refused):
    """The campaign takes no letters now."""


class CampaignInvalid(InvalidInput):
    """A campaign's text or settings break a rule."""


class CampaignElectionFixed(Refused):
    """A campaign belongs to one election for ever: its letters and answers do."""
