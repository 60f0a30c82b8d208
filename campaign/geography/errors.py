"""Errors of the geography domain."""

from campaign.core.errors import NotFound


class ConstituencyNotFound(NotFound):
    """No constituency of this slug in the election's boundaries."""
