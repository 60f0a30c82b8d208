"""Reads of the supporters domain."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.supporters.models import AddressConfirmation, Supporter


def find_supporter(session: Session, email: str) -> Supporter | None:
    """Return the supporter of a normalised address."""
    return session.scalar(select(Supporter).where(Supporter.email == email))


def has_confirmed_address(session: Session, *, supporter_id: int, campaign_id: int) -> bool:
    """Tell whether the address has been shown to be the supporter's, for this campaign."""
    return session.get(AddressConfirmation, (supporter_id, campaign_id)) is not None
