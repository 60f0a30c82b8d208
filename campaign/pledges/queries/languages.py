"""Which language a candidate has chosen."""

from sqlalchemy.orm import Session

from campaign.core.languages import Language
from campaign.pledges.models import AnswerLink


def get_language(session: Session, campaign_id: int, candidacy_id: int) -> Language:
    """Return the language of a candidate's page and mail; English until they choose."""
    link = session.get(AnswerLink, (campaign_id, candidacy_id))
    return link.language if link else Language.ENGLISH
