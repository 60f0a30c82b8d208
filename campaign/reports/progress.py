"""How far a campaign has come: a few public numbers, each with its denominator."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.reports.letter_totals import LetterTotalsKeeper
from campaign.reports.tallies import tally_campaign, tally_elected
from campaign.reports.tracker import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Numbers of candidates who stand today, and of the people who wrote to them."""

    standing: int
    reachable: int
    asked: int
    """A confirmed letter or an invitation was sent to them."""
    answered: int
    """Candidates who stand and have answered at least one ask."""
    agreed: int
    """Yes, with or without reservations, to at least one ask."""
    letters: int | None
    """Letters that their supporters confirmed, as the public is told: see ``public_count``."""
    supporters: int | None
    """People who confirmed a letter, as the public is told."""
    elected: Tally | None
    """The same of the members who were elected; None until results are imported."""


def get_progress(
    session: Session, campaign: Campaign, totals: LetterTotalsKeeper, *, is_over: bool = False
) -> Progress:
    """Return the numbers of a campaign as the public sees them; the number of queries is fixed.

    Only once the poll ``is_over`` can anybody have been elected.
    """
    tally = tally_campaign(session, campaign)
    letters = totals.get(session, campaign.id)
    return Progress(
        standing=tally.standing,
        reachable=tally.reachable,
        asked=tally.asked,
        answered=tally.answered,
        agreed=tally.agreed,
        letters=letters.public_letters,
        supporters=letters.public_supporters,
        elected=tally_elected(session, campaign) if is_over else None,
    )
