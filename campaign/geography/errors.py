"""Errors of the geography domain."""

from campaign.core.errors import InvalidInput, NotFound, Refused


class ConstituencyNotFound(NotFound):
    """No constituency of this slug in the election's boundaries."""


class BoundarySetNotFound(NotFound):
    """No constituencies have been imported under this name."""


class ConstituenciesInvalid(InvalidInput):
    """A list of constituencies contradicts itself or what is known."""


class PostcodeTwice(InvalidInput):
    """A postcode comes twice in one set."""


class PostcodesDisturbed(Refused):
    """Somebody else loaded postcodes at the same time."""
