"""Rules about supporters, without a database."""

import hashlib

from email_validator import EmailNotValidError, validate_email

from campaign.supporters.errors import AddressInvalid

EMAIL_LIMIT = 254
"""Characters of an address that mail can carry (RFC 5321, section 4.5.3.1.3)."""
PUBLIC_FLOOR = 5
"""Counts of supporters below this are not shown in public: they could point at a person."""


def normalise_email(text: str) -> str:
    """Return the address as supporters are found by it; raises AddressInvalid.

    Lower case throughout: no provider of note tells Jane@ from jane@, and people do not either.
    """
    try:
        parts = validate_email(
            text.strip()[: EMAIL_LIMIT + 1], check_deliverability=False, allow_smtputf8=False
        )
    except EmailNotValidError as error:
        raise AddressInvalid("Enter an e-mail address like name@example.org.") from error
    return parts.normalized.lower()


def address_digest(email: str) -> str:
    """Return what a browser's proof holds instead of the address itself."""
    return hashlib.sha256(email.encode()).hexdigest()[:24]


def public_count(number: int) -> int | None:
    """Return a count of supporters, or of what they did, as the public is told it: "at least".

    None below PUBLIC_FLOOR, and always a multiple of it: the exact count of everybody less that of
    all places but one, or today's less yesterday's, would tell the few who are not to be shown.
    """
    return number // PUBLIC_FLOOR * PUBLIC_FLOOR or None
