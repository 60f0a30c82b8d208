"""Errors of the candidates domain."""

from campaign.core.errors import InvalidInput, NotFound


class CandidacyNotFound(NotFound):
    """No such candidate stands in this election."""


class AddressInvalid(InvalidInput):
    """The e-mail address cannot be one."""


class RepairNotFound(NotFound):
    """No address of this number waits to be repaired."""
