"""Reads of the delivery domain."""

from sqlalchemy.orm import Session

from campaign.delivery.models import DeliveryPause


def find_pause(session: Session, scope: str) -> DeliveryPause | None:
    """Return the kill switch of a scope where it is on."""
    return session.get(DeliveryPause, scope)
