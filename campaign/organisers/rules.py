"""Roles of organisers and what the audit log demands, without a database."""

from enum import StrEnum

from email_validator import EmailNotValidError, validate_email

from campaign.organisers.errors import OrganiserAddressInvalid, ReasonTooShort

MINIMUM_REASON_LENGTH = 10
"""Characters of a reason; fewer tell a reader of the audit log nothing."""
MAXIMUM_REASON_LENGTH = 500
MINIMUM_PASSWORD_LENGTH = 12


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


def normalise_login(email: str) -> str:
    """Return the form in which a login's address is kept; raises OrganiserAddressInvalid.

    Lower case throughout, so that one mailbox cannot hold two logins.
    """
    try:
        checked = validate_email(email.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise OrganiserAddressInvalid(
            "That is not a complete e-mail address; write it like name@example.org."
        ) from error
    return checked.normalized.lower()


def check_reason(reason: str) -> str:
    """Return the reason for a logged step without outer spaces; raises ReasonTooShort."""
    reason = reason.strip()
    if len(reason) < MINIMUM_REASON_LENGTH:
        raise ReasonTooShort(
            f"Give a reason of at least {MINIMUM_REASON_LENGTH} characters; it is logged."
        )
    return reason


def actor_of(organiser_id: int) -> str:
    """Return how an organiser is named in the records of other domains: ``organiser:7``."""
    return f"organiser:{organiser_id}"
