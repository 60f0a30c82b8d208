"""What candidates ask for on their page, and organisers settle."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.pledges.errors import PledgeEventNotFound
from campaign.pledges.models import CandidateRequest
from campaign.pledges.queries import is_link_revoked
from campaign.pledges.rules import (
    REVOKING,
    STATEMENT_LIMIT,
    ChangeOutcome,
    RequestKind,
    clean_text,
)
from campaign.pledges.service.changes import drop_open_changes
from campaign.pledges.service.links import replace_answer_link, revoke_answer_link


def note_request(
    session: Session,
    *,
    campaign_id: int,
    candidacy_id: int,
    kind: RequestKind,
    now: datetime,
    note: str = "",
) -> CandidateRequest:
    """Note what a candidate asks for; the same open request again adds nothing.

    ``not_me`` and ``wrong_address`` also end the link and drop the changes that wait: whoever reads
    that mailbox must not answer for the candidate.
    """
    found = session.scalar(
        select(CandidateRequest).where(
            CandidateRequest.campaign_id == campaign_id,
            CandidateRequest.candidacy_id == candidacy_id,
            CandidateRequest.kind == kind,
            CandidateRequest.settled_at.is_(None),
        )
    )
    if found is not None:
        return found
    if kind in REVOKING:
        revoke_answer_link(session, campaign_id=campaign_id, candidacy_id=candidacy_id)
        drop_open_changes(
            session,
            campaign_id=campaign_id,
            candidacy_id=candidacy_id,
            outcome=ChangeOutcome.DROPPED,
            now=now,
        )
    request = CandidateRequest(
        campaign_id=campaign_id,
        candidacy_id=candidacy_id,
        kind=kind,
        note=clean_text(note, limit=STATEMENT_LIMIT),
        requested_at=now,
    )
    session.add(request)
    return request


def settle_request(
    session: Session, *, campaign_id: int, request_id: int, now: datetime
) -> CandidateRequest:
    """Note that an organiser dealt with a candidate's request; again changes nothing.

    Letters that the request stopped may leave from then on. Where the request ended the link, a new
    one is made, for the old one stays off.
    Raises PledgeEventNotFound when the campaign has no request of this number.
    """
    found = session.get(CandidateRequest, request_id)
    if found is None or found.campaign_id != campaign_id:
        raise PledgeEventNotFound("There is no request of this number.")
    _settle(session, found, now=now)
    return found


def settle_address_requests(
    session: Session, candidacy_ids: Collection[int], *, now: datetime
) -> list[CandidateRequest]:
    """Settle what was said of the address of a candidate, in every campaign: it is mended.

    Returns what was settled.
    """
    settled = session.scalars(
        select(CandidateRequest).where(
            CandidateRequest.candidacy_id.in_(candidacy_ids),
            CandidateRequest.kind.in_((RequestKind.NOT_ME, RequestKind.WRONG_ADDRESS)),
            CandidateRequest.settled_at.is_(None),
        )
    ).all()
    for found in settled:
        _settle(session, found, now=now)
    return list(settled)


def settle_refusal(session: Session, *, campaign_id: int, candidacy_id: int, now: datetime) -> bool:
    """Settle that a candidate wanted nothing more, for they want letters again; tell whether."""
    found = session.scalars(
        select(CandidateRequest).where(
            CandidateRequest.campaign_id == campaign_id,
            CandidateRequest.candidacy_id == candidacy_id,
            CandidateRequest.kind == RequestKind.NOTHING_MORE,
            CandidateRequest.settled_at.is_(None),
        )
    ).all()
    for request in found:
        _settle(session, request, now=now)
    return bool(found)


def _settle(session: Session, request: CandidateRequest, *, now: datetime) -> None:
    if request.settled_at is not None:
        return
    request.settled_at = now
    ids = (request.campaign_id, request.candidacy_id)
    if request.kind in REVOKING and is_link_revoked(session, *ids):
        replace_answer_link(session, campaign_id=ids[0], candidacy_id=ids[1])
