"""What the demonstration's database holds already."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.elections.models import Election


def find_polling_day(session: Session) -> date | None:
    """Return the polling day of the invented election; None in an empty database."""
    return session.scalar(select(Election.polling_day).order_by(Election.polling_day.desc()))
