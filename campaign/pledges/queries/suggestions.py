"""Evidence that the public suggested and organisers have not decided on."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from campaign.candidates.models import Candidacy
from campaign.elections.models import Ballot
from campaign.pledges.errors import SuggestionNotFound
from campaign.pledges.models import EvidenceSuggestion
from campaign.pledges.rules import SuggestionStatus


def list_suggestions(session: Session, campaign_id: int) -> list[EvidenceSuggestion]:
    """Return what waits for an organiser, oldest first, ready to be shown."""
    return list(
        session.scalars(
            select(EvidenceSuggestion)
            .where(
                EvidenceSuggestion.campaign_id == campaign_id,
                EvidenceSuggestion.status == SuggestionStatus.WAITING,
            )
            .order_by(EvidenceSuggestion.id)
            .options(
                joinedload(EvidenceSuggestion.ask),
                joinedload(EvidenceSuggestion.candidacy).joinedload(Candidacy.person),
                joinedload(EvidenceSuggestion.candidacy)
                .joinedload(Candidacy.ballot)
                .joinedload(Ballot.constituency),
            )
        )
    )


def count_suggestions(session: Session, campaign_id: int) -> int:
    """Return how many suggestions wait for an organiser."""
    return (
        session.scalar(
            select(func.count()).where(
                EvidenceSuggestion.campaign_id == campaign_id,
                EvidenceSuggestion.status == SuggestionStatus.WAITING,
            )
        )
        or 0
    )


def find_waiting_suggestion(
    session: Session, campaign_id: int, suggestion_id: int
) -> EvidenceSuggestion | None:
    """Return a suggestion of a campaign while nobody has decided on it."""
    found = session.get(EvidenceSuggestion, suggestion_id)
    is_waiting = found is not None and found.status is SuggestionStatus.WAITING
    return found if found and is_waiting and found.campaign_id == campaign_id else None


def get_suggestion(session: Session, campaign_id: int, suggestion_id: int) -> EvidenceSuggestion:
    """Return a suggestion of a campaign; raises SuggestionNotFound."""
    found = session.get(EvidenceSuggestion, suggestion_id)
    if found is None or found.campaign_id != campaign_id:
        raise SuggestionNotFound("There is no suggestion of this number.")
    return found
