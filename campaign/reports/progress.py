"""How far a campaign has come: a few public numbers, each with its denominator."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.pledges.queries import list_current_stances
from campaign.reports.letter_totals import LetterTotalsKeeper
from campaign.reports.register import count_standings, list_uncounted_standings


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Numbers of candidates who stand today, and of the people who wrote to them."""

    standing: int
    reachable: int
    answered: int
    """Candidates who stand and have answered at least one ask."""
    letters: int
    """Letters that their supporters confirmed."""
    supporters: int
    """People who confirmed a letter."""


def get_progress(session: Session, campaign: Campaign, totals: LetterTotalsKeeper) -> Progress:
    """Return the numbers of a campaign as the public sees them; the number of queries is fixed."""
    standing, reachable = count_standings(session, campaign.election_id)
    answered = {each.candidacy_id for each in list_current_stances(session, campaign.id)}
    uncounted = list_uncounted_standings(session, campaign.election_id)
    letters = totals.get(session, campaign.id)
    return Progress(
        standing=standing,
        reachable=reachable,
        answered=len(answered.difference(each.candidacy_id for each in uncounted)),
        letters=letters.letters,
        supporters=letters.supporters,
    )
