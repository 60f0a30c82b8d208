"""What follows when a candidate asks for less mail, and when an organiser has seen to it."""

from datetime import datetime

from sqlalchemy.orm import Session

from campaign.candidates.queries import list_standings_of_people
from campaign.candidates.service import correct_address, settle_repairs
from campaign.followups.correspondence import list_mail_stops
from campaign.letters.rules import MailStop
from campaign.letters.service import stop_letters
from campaign.pledges.rules import CANDIDATE, RequestKind
from campaign.pledges.service import AnswerDoor, note_request, settle_address_requests


def note_candidate_request(
    session: Session,
    door: AnswerDoor,
    *,
    kind: RequestKind,
    now: datetime,
    actor: str = CANDIDATE,
) -> None:
    """Note what a candidate asks for, and stop at once the letters that it speaks against."""
    candidacy_id = door.candidacy.id
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


def correct_candidate_address(
    session: Session,
    *,
    person_id: int,
    email: str | None,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Set a candidate's address; letters under way to the old one wait and leave to the new one.

    A new address settles what the candidate said about the old one. The letters' chores release
    what waits. Raises AddressInvalid or CandidacyNotFound.
    """
    correction = correct_address(
        session, person_id=person_id, email=email, reason=reason, actor=actor, now=now
    )
    candidacy_ids = [each.id for each in list_standings_of_people(session, [person_id])]
    if correction.new_email != correction.old_email:
        stops = dict.fromkeys(candidacy_ids, MailStop.WRONG_ADDRESS)
        stop_letters(session, stops, campaign_id=None, actor=actor, now=now)
    session.flush()
    settle_repairs(session, now=now, person_ids=[person_id])
    if email is not None:
        settle_address_requests(session, candidacy_ids, now=now)
