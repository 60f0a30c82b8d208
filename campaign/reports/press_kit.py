"""What a journalist needs of one constituency: figures with denominators, answers, and writers."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.campaigns.queries import list_asks
from campaign.candidates.models import Candidacy
from campaign.elections.models import Ballot, Election
from campaign.elections.queries import find_ballot
from campaign.geography.models import Constituency
from campaign.letters.models import Action, Letter
from campaign.letters.rules import CONFIRMED_STATUSES
from campaign.reports.constituency import CandidateStand, list_stands
from campaign.reports.tallies import tally_places
from campaign.reports.tracker import Tally
from campaign.supporters.rules import public_count


@dataclass(frozen=True, slots=True, kw_only=True)
class PressKit:
    """One constituency in one campaign."""

    place: Constituency
    ballot: Ballot | None
    """None while nobody is known to stand."""
    tally: Tally
    asks: Sequence[Ask]
    stands: Sequence[CandidateStand]
    """Those who stand, in the order of the ballot paper."""
    writers: int | None
    """People here who confirmed a letter, as the public is told: see ``public_count``."""

    @property
    def is_cancelled(self) -> bool:
        """Whether the poll is not held, so that nobody here is in any figure."""
        return self.ballot is not None and self.ballot.is_cancelled

    @property
    def elected(self) -> list[Candidacy]:
        """Return who won the seat."""
        return [each.candidacy for each in self.stands if each.is_elected]


def build_press_kit(
    session: Session, campaign: Campaign, election: Election, place: Constituency
) -> PressKit:
    """Collect the facts of a constituency."""
    ballot = find_ballot(session, election_id=election.id, constituency_id=place.id)
    asks = list_asks(session, campaign.id)
    stands = list_stands(session, campaign, ballot, asks) if ballot else []
    return PressKit(
        place=place,
        ballot=ballot,
        tally=tally_places(session, campaign, [place.id])[place.id],
        asks=asks,
        stands=[each for each in stands if each.is_standing],
        writers=public_count(_count_writers(session, campaign.id, place.id)),
    )


def _count_writers(session: Session, campaign_id: int, constituency_id: int) -> int:
    written = (
        select(Letter.id)
        .where(Letter.action_id == Action.id, Letter.status.in_(CONFIRMED_STATUSES))
        .exists()
    )
    return (
        session.scalar(
            select(func.count(Action.supporter_id.distinct())).where(
                Action.campaign_id == campaign_id,
                Action.constituency_id == constituency_id,
                written,
            )
        )
        or 0
    )
