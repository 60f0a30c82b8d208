"""Writes of the supporters domain, and the proof that a browser keeps."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from campaign.core.db import as_loaded, table_of
from campaign.core.errors import CampaignError
from campaign.core.tokens import Signer
from campaign.supporters.models import AddressConfirmation, NewsSubscription, Supporter
from campaign.supporters.queries import find_supporter, has_confirmed_address
from campaign.supporters.rules import address_digest

_PROOF = "browser-proof"
PROOF_LIFETIME = timedelta(days=60)
"""How long a browser that confirmed an address need not do so again."""


def lock_supporter(session: Session, *, email: str, now: datetime) -> tuple[Supporter, bool]:
    """Return the supporter of a normalised address, locked, and whether they are new.

    The lock lasts until the transaction ends, so that whatever one address sends at the same
    moment is looked at in turn. (SQLite's writers take turns anyway.)
    """
    row = {"email": email, "created_at": now}
    new_id = session.connection().execute(_add_supporter(_dialect(session)), row).scalar()
    if new_id is not None:
        return as_loaded(session, Supporter(id=new_id, **row)), True
    # NO KEY UPDATE: rows that merely point to the supporter can be added meanwhile.
    known = select(Supporter).where(Supporter.email == email).with_for_update(key_share=True)
    return session.scalars(known).one(), False


def record_address_confirmation(
    session: Session, *, supporter_id: int, campaign_id: int, now: datetime
) -> None:
    """Note that the address is the supporter's, for this campaign; the first time counts."""
    session.execute(
        _insert_unless_there(AddressConfirmation, _dialect(session)),
        {"supporter_id": supporter_id, "campaign_id": campaign_id, "confirmed_at": now},
    )


def subscribe_to_news(
    session: Session, *, supporter_id: int, campaign_id: int, wording: str, now: datetime
) -> None:
    """Put a supporter on a campaign's mailing list, again where they had left it."""
    session.execute(
        _insert_unless_there(NewsSubscription, _dialect(session)),
        {
            "supporter_id": supporter_id,
            "campaign_id": campaign_id,
            "wording": wording,
            "subscribed_at": now,
        },
    )
    subscription = session.get_one(NewsSubscription, (supporter_id, campaign_id))
    if subscription.unsubscribed_at is not None:
        subscription.wording = wording
        subscription.subscribed_at = now
        subscription.unsubscribed_at = None


def sign_browser_proof(signer: Signer, *, supporter: Supporter, campaign_id: int) -> str:
    """Return what a browser keeps to show that its user can read the supporter's mail."""
    return signer.sign(_PROOF, [campaign_id, supporter.id, address_digest(supporter.email)])


def browser_proves(
    session: Session, signer: Signer, proof: str, *, email: str, campaign_id: int
) -> bool:
    """Tell whether a browser's proof speaks for this normalised address and campaign."""
    if not proof:
        return False  # Nearly everybody writes once.
    try:
        named = signer.read(_PROOF, proof, max_age=int(PROOF_LIFETIME.total_seconds()))
    except CampaignError:
        return False
    supporter = find_supporter(session, email)
    return (
        supporter is not None
        and named == [campaign_id, supporter.id, address_digest(email)]
        and has_confirmed_address(session, supporter_id=supporter.id, campaign_id=campaign_id)
    )


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


@cache
def _insert_unless_there(model: type[Any], dialect: str) -> sqlite.Insert | postgresql.Insert:
    """Return what inserts a row unless its key is there; two at once leave one row."""
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(model).on_conflict_do_nothing()


@cache
def _add_supporter(dialect: str) -> ReturningInsert[tuple[int]]:
    """Return what inserts a supporter unless known, and gives the id of a new one."""
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    supporters = table_of(Supporter)
    return insert(supporters).on_conflict_do_nothing().returning(supporters.c.id)
