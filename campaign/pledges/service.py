"""Writes of the pledges domain, and the links that candidates answer by."""

from sqlalchemy.orm import Session

from campaign.core.tokens import Signer
from campaign.pledges.errors import AnswerLinkRevoked
from campaign.pledges.models import AnswerLink

_PURPOSE = "answer"


def answer_token(session: Session, signer: Signer, *, campaign_id: int, candidacy_id: int) -> str:
    """Return the token of a candidate's personal link to answer a campaign; writes nothing."""
    link = session.get(AnswerLink, (campaign_id, candidacy_id))
    return signer.sign(_PURPOSE, [campaign_id, candidacy_id, link.generation if link else 1])


def read_answer_token(session: Session, signer: Signer, token: str) -> tuple[int, int]:
    """Return campaign and candidacy of a token; raises TokenInvalid or AnswerLinkRevoked."""
    campaign_id, candidacy_id, generation = signer.read(_PURPOSE, token)
    link = session.get(AnswerLink, (campaign_id, candidacy_id))
    if link is not None and (link.is_revoked or link.generation != generation):
        raise AnswerLinkRevoked("This link has been replaced by a newer one or switched off.")
    return campaign_id, candidacy_id
