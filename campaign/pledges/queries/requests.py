"""What candidates asked for on their page, and which mail that stops."""

from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from campaign.core.db import table_of
from campaign.pledges.models import AnswerLink, CandidateRequest
from campaign.pledges.rules import RequestKind

_REFUSING = (RequestKind.NOT_ME, RequestKind.WRONG_ADDRESS, RequestKind.NOTHING_MORE)
# Made once: to put a statement together costs more than to run it.
_REFUSALS = select(
    table_of(CandidateRequest).c.candidacy_id, table_of(CandidateRequest).c.kind
).where(
    CandidateRequest.campaign_id == bindparam("campaign_id"),
    CandidateRequest.kind.in_(_REFUSING),
    CandidateRequest.settled_at.is_(None),
)
_REFUSALS_AMONG = _REFUSALS.where(
    CandidateRequest.candidacy_id.in_(bindparam("candidacy_ids", expanding=True))
)


def list_candidate_requests(session: Session, campaign_id: int) -> list[CandidateRequest]:
    """Return what candidates asked for and nobody has settled, oldest first."""
    return list(
        session.scalars(
            select(CandidateRequest)
            .where(
                CandidateRequest.campaign_id == campaign_id,
                CandidateRequest.settled_at.is_(None),
            )
            .order_by(CandidateRequest.id)
        )
    )


def wants_no_mail(session: Session, campaign_id: int, candidacy_id: int) -> bool:
    """Tell whether no letter of the campaign may go to a candidate until the request is settled."""
    return bool(list_mail_refusals(session, campaign_id, candidacy_ids=[candidacy_id]))


def list_mail_refusals(
    session: Session, campaign_id: int, *, candidacy_ids: Collection[int] | None = None
) -> dict[int, RequestKind]:
    """Return the candidacies for which ``wants_no_mail`` holds, and what was asked for.

    ``nothing_more`` comes before what was said of the address.
    """
    values: dict[str, object] = {"campaign_id": campaign_id}
    if candidacy_ids is not None:
        values["candidacy_ids"] = list(candidacy_ids)
    session.flush()
    found = session.connection().execute(
        _REFUSALS if candidacy_ids is None else _REFUSALS_AMONG, values
    )
    return dict(
        sorted(
            ((row[0], RequestKind(row[1])) for row in found),
            key=lambda each: _REFUSING.index(each[1]),
        )
    )


def has_open_request(
    session: Session, campaign_id: int, candidacy_id: int, kind: RequestKind
) -> bool:
    """Tell whether something that a candidate asked for still waits for an organiser."""
    found = session.scalar(
        select(CandidateRequest.id).where(
            CandidateRequest.campaign_id == campaign_id,
            CandidateRequest.candidacy_id == candidacy_id,
            CandidateRequest.kind == kind,
            CandidateRequest.settled_at.is_(None),
        )
    )
    return found is not None


def is_link_revoked(session: Session, campaign_id: int, candidacy_id: int) -> bool:
    """Tell whether a candidate's link is switched off and none has replaced it."""
    link = session.get(AnswerLink, (campaign_id, candidacy_id))
    return link is not None and link.is_revoked
