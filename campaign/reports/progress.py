"""How far a campaign has come: a few public numbers, each with its denominator."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.letters.queries import count_letters_by_status, count_writers
from campaign.letters.rules import CONFIRMED_STATUSES
from campaign.reports.register import AGREEING, list_answers, list_asked, list_standings


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Numbers of candidates who stand today, and of the people who wrote to them."""

    standing: int
    reachable: int
    asked: int
    """A confirmed letter was sent to them."""
    answered: int
    """Candidates who stand and have answered at least one ask."""
    agreed: int
    """Yes, with or without reservations, to at least one ask."""
    letters: int
    """Letters that their supporters confirmed."""
    supporters: int
    """People who confirmed a letter."""


def get_progress(session: Session, campaign: Campaign) -> Progress:
    """Return the numbers of a campaign as the public sees them; the number of queries is fixed."""
    counted = [each for each in list_standings(session, campaign.election_id) if each.is_counted]
    answers = list_answers(session, campaign.id)
    answered = {answer.candidacy_id for answer in answers}
    agreed = {answer.candidacy_id for answer in answers if answer.stance in AGREEING}
    asked = list_asked(session, campaign.id)
    letters = count_letters_by_status(session, campaign.id)
    return Progress(
        standing=len(counted),
        reachable=sum(each.is_reachable for each in counted),
        asked=sum(each.candidacy_id in asked for each in counted),
        answered=sum(each.candidacy_id in answered for each in counted),
        agreed=sum(each.candidacy_id in agreed for each in counted),
        letters=sum(letters[status] for status in CONFIRMED_STATUSES),
        supporters=count_writers(session, campaign.id),
    )
