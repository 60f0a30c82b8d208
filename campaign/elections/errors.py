"""Errors of the elections domain."""

from campaign.core.errors import NotFound


class ElectionNotFound(NotFound):
    """No election of this id has been imported."""


class BallotNotFound(NotFound):
    """This constituency has no ballot in this election."""
