"""Errors of the organisers domain."""

from campaign.core.errors import InvalidInput, Refused


class OrganiserExists(Refused):
    """Somebody with this address has a login already."""


class OrganiserAddressInvalid(InvalidInput):
    """The e-mail address of a login cannot be one."""


class ReasonTooShort(InvalidInput):
    """A step that is logged needs a reason that a reader of the log can understand."""
