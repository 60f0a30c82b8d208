"""What follows when somebody looks after an address that does not work, or uses it again."""

from datetime import datetime

from sqlalchemy.orm import Session

from campaign.candidates.errors import AddressInvalid
from campaign.candidates.models import ContactRepair
from campaign.candidates.queries import get_open_repair, list_people_at
from campaign.candidates.rules import RepairOutcome
from campaign.candidates.service import open_repair, settle_open_repair, settle_repairs
from campaign.core.toolkit import Toolkit
from campaign.delivery.models import Suppression
from campaign.delivery.queries import map_suppressed_addresses
from campaign.delivery.returns import SuppressionReason
from campaign.delivery.rules import Lane, normalise_recipient
from campaign.delivery.service import lift_bounces, lift_suppression
from campaign.followups.requests import correct_candidate_address


def repair_address(
    toolkit: Toolkit,
    session: Session,
    repair_id: int,
    *,
    email: str | None,
    reason: str,
    actor: str,
    now: datetime,
) -> ContactRepair:
    """Set a better address for a candidate, or ``None`` for none; letters that wait follow it.

    Raises RepairNotFound, AddressInvalid, also for the address that does not work.
    """
    repair = get_open_repair(session, repair_id)
    if email is not None and normalise_recipient(email) == normalise_recipient(repair.email):
        raise AddressInvalid("This is the address that does not work.")
    correct_candidate_address(
        toolkit,
        session,
        person_id=repair.person_id,
        email=email,
        reason=reason,
        actor=actor,
        now=now,
    )
    return repair


def use_address_again(
    session: Session, repair_id: int, *, reason: str, actor: str, now: datetime
) -> ContactRepair:
    """Let letters go again to an address that works after all; raises RepairNotFound."""
    repair = get_open_repair(session, repair_id)
    key = normalise_recipient(repair.email)
    lift_bounces(session, key, actor=actor, reason=reason, now=now)
    _settle_at(session, key, now=now)
    return repair


def lift(
    session: Session, suppression_id: int, *, reason: str, actor: str, now: datetime
) -> Suppression:
    """Let mail go to an address again; raises SuppressionNotFound."""
    entry = lift_suppression(session, suppression_id, actor=actor, reason=reason, now=now)
    session.flush()
    if entry.address_key not in map_suppressed_addresses(session, Lane.LETTER):
        _settle_at(session, entry.address_key, now=now)
    return entry


def keep_repairs(session: Session, now: datetime) -> int:
    """Settle repairs of addresses that have changed, and open those that are missing.

    A chore of the worker: an import or a merge may have brought either about. Returns how many
    were settled.
    """
    settled = settle_repairs(session, now=now)
    session.flush()
    stopped = map_suppressed_addresses(session, Lane.LETTER)
    broken = {key for key, why in stopped.items() if why is not SuppressionReason.COMPLAINT}
    for person in list_people_at(session, broken) if broken else ():
        open_repair(
            session, person, cause=stopped[normalise_recipient(person.email or "")].value, now=now
        )
    return settled


def _settle_at(session: Session, address_key: str, *, now: datetime) -> None:
    for person in list_people_at(session, [address_key]):
        settle_open_repair(session, person.id, outcome=RepairOutcome.WORKS_AFTER_ALL, now=now)
