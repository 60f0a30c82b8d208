"""Errors of the pledges domain."""

from campaign.core.errors import Gone, InvalidInput, NotFound, Refused


class AnswerLinkRevoked(Gone):
    """The link has been replaced or switched off, or the campaign has closed."""


class PledgeEventNotFound(NotFound):
    """No such entry in this campaign's record."""


class PledgeInvalid(InvalidInput):
    """An answer breaks a rule of the record."""


class OwnEntry(Refused):
    """Nobody reviews what they entered themselves."""
