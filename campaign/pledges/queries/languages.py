"""Which language candidates have chosen."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.core.languages import Language
from campaign.pledges.models import AnswerLink


def get_language(session: Session, campaign_id: int, candidacy_id: int) -> Language:
    """Return the language of a candidate's page and mail; English until they choose."""
    link = session.get(AnswerLink, (campaign_id, candidacy_id))
    return link.language if link else Language.ENGLISH


def map_languages(
    session: Session, campaign_id: int, candidacy_ids: Collection[int]
) -> dict[int, Language]:
    """Return by candidacy the language of those among them that have chosen one."""
    rows = session.execute(
        select(AnswerLink.candidacy_id, AnswerLink.language).where(
            AnswerLink.campaign_id == campaign_id, AnswerLink.candidacy_id.in_(candidacy_ids)
        )
    )
    return {row[0]: row[1] for row in rows}
