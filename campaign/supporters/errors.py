"""Errors of the supporters domain."""

from campaign.core.errors import InvalidInput


class AddressInvalid(InvalidInput):
    """The e-mail address cannot be one."""
