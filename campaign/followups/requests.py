"""What follows when a candidate asks for less mail, and when an organiser has seen to it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.queries import get_candidacy, list_standings_of_people
from campaign.candidates.service import correct_address, settle_repairs
from campaign.core.toolkit import Toolkit
from campaign.delivery.rules import normalise_recipient
from campaign.followups.candidate_mail import notify_candidate, public_page
from campaign.followups.correspondence import list_mail_stops
from campaign.followups.links import follow_address, mail_promised_link
from campaign.letters.rules import MailStop
from campaign.letters.service import stop_letters
from campaign.pledges.models import CandidateRequest
from campaign.pledges.queries import has_open_request
from campaign.pledges.rules import CANDIDATE, REVOKING, RequestKind
from campaign.pledges.service import (
    AnswerDoor,
    note_request,
    settle_address_requests,
    settle_request,
)


def note_candidate_request(
    toolkit: Toolkit,
    session: Session,
    door: AnswerDoor,
    *,
    kind: RequestKind,
    now: datetime,
    actor: str = CANDIDATE,
) -> None:
    """Note what a candidate asks for, and stop at once the letters that it speaks against.

    Whoever says that the address is not the candidate's may hold a link that was passed on, so the
    address is told.
    """
    candidacy_id = door.candidacy.id
    is_new = not has_open_request(session, door.campaign.id, candidacy_id, kind)
    note_request(
        session, campaign_id=door.campaign.id, candidacy_id=candidacy_id, kind=kind, now=now
    )
    session.flush()
    stop_letters(
        session,
        list_mail_stops(session, door.campaign.id, [candidacy_id]),
        campaign_id=door.campaign.id,
        actor=actor,
        now=now,
    )
    if is_new and kind in REVOKING:
        _tell_address(toolkit, session, door, kind=kind, now=now)


def _tell_address(
    toolkit: Toolkit, session: Session, door: AnswerDoor, *, kind: RequestKind, now: datetime
) -> None:
    notify_candidate(
        toolkit,
        session,
        "address_questioned",
        campaign=door.campaign,
        candidacy=door.candidacy,
        now=now,
        kind=kind.value,
        link=public_page(toolkit, door.campaign, door.candidacy),
    )


def settle_candidate_request(
    toolkit: Toolkit, session: Session, campaign: Campaign, request_id: int, *, now: datetime
) -> None:
    """Settle a request by an organiser's word; raises PledgeEventNotFound.

    Whoever said that the address is wrong gets their new link there, for it is right after all.
    """
    settled = settle_request(session, campaign_id=campaign.id, request_id=request_id, now=now)
    if settled.settled_at == now:
        _send_promised_links(toolkit, session, [settled], now=now)


def correct_candidate_address(
    toolkit: Toolkit,
    session: Session,
    *,
    person_id: int,
    email: str | None,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Set a candidate's address; letters under way to the old one wait and leave to the new one.

    Links that the old one had end. A new address settles what the candidate said about the old
    one, and gets the new link that their page promised. The letters' chores release what waits.

    Raises AddressInvalid or CandidacyNotFound.
    """
    correction = correct_address(
        session, person_id=person_id, email=email, reason=reason, actor=actor, now=now
    )
    candidacy_ids = [each.id for each in list_standings_of_people(session, [person_id])]
    old, new = (
        normalise_recipient(each or "") for each in (correction.old_email, correction.new_email)
    )
    if new != old:
        stops = dict.fromkeys(candidacy_ids, MailStop.WRONG_ADDRESS)
        stop_letters(session, stops, campaign_id=None, actor=actor, now=now)
    session.flush()
    settle_repairs(session, now=now, person_ids=[person_id])
    settled = settle_address_requests(session, candidacy_ids, now=now) if email else []
    if new != old:
        follow_address(toolkit, session, candidacy_ids, promised=_promised(settled), now=now)
    else:
        _send_promised_links(toolkit, session, settled, now=now)


def _send_promised_links(
    toolkit: Toolkit, session: Session, settled: Iterable[CandidateRequest], *, now: datetime
) -> None:
    for campaign_id, candidacy_id in _promised(settled):
        campaign = session.get_one(Campaign, campaign_id)
        candidacy = get_candidacy(session, candidacy_id)
        mail_promised_link(toolkit, session, campaign, candidacy, now=now)


def _promised(settled: Iterable[CandidateRequest]) -> set[tuple[int, int]]:
    # Whoever said "not me" was promised nothing, and the candidate has asked for no mail.
    return {
        (each.campaign_id, each.candidacy_id)
        for each in settled
        if each.kind == RequestKind.WRONG_ADDRESS
    }
