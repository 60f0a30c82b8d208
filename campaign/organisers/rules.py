"""Roles of organisers, without a database."""

from enum import StrEnum


class Role(StrEnum):
    """What an organiser may do; each role may do all that the ones below it may."""

    OWNER = "owner"
    ORGANISER = "organiser"
    MODERATOR = "moderator"
    VIEWER = "viewer"


_RANK = {Role.VIEWER: 0, Role.MODERATOR: 1, Role.ORGANISER: 2, Role.OWNER: 3}


def allows(role: Role, needed: Role) -> bool:
    """Tell whether somebody with ``role`` may do what ``needed`` is needed for."""
    return _RANK[role] >= _RANK[needed]
