"""Changes of earlier answers, which wait until the candidate confirms them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.candidates.models import Candidacy
from campaign.candidates.queries import get_candidacy
from campaign.core.tokens import Signer
from campaign.delivery.queries import find_message
from campaign.delivery.rules import normalise_recipient
from campaign.pledges.errors import (
    AnswerLinkRevoked,
    AnswersClosed,
    ChangeNotFound,
    PledgeInvalid,
)
from campaign.pledges.models import PendingChange
from campaign.pledges.rules import (
    CANDIDATE,
    PROTEST_TIME,
    STATEMENT_LIMIT,
    TAKES_EFFECT,
    ChangeOutcome,
    Channel,
    Stance,
    clean_text,
)
from campaign.pledges.service.links import (
    CONFIRM,
    DISPUTE,
    check_takes_answers_of,
    takes_answers_of,
)
from campaign.pledges.service.record import record_pledge, withdraw_pledge

_CLOSED = (
    "“%(campaign)s” no longer takes answers, because the poll or the campaign has closed. "
    "A change that was not confirmed before then has lapsed: the earlier answer stands. "
    "To correct the record, write to %(email)s."
)


@dataclass(frozen=True, slots=True)
class ChangeDoor:
    """What a link in the mail about a change opens."""

    campaign: Campaign
    candidacy: Candidacy
    changes: list[PendingChange]
    """Those of the mail that still wait; empty once they are settled."""


def request_change(
    session: Session,
    *,
    campaign_id: int,
    candidacy_id: int,
    ask_id: int,
    stance: Stance | None,
    now: datetime,
    statement: str = "",
) -> PendingChange | None:
    """Let a change wait in place of an earlier one of the same answer; None withdraws the answer.

    The same change again adds nothing and returns None. Raises PledgeInvalid.
    """
    statement = clean_text(statement, limit=STATEMENT_LIMIT)
    ask = session.get(Ask, ask_id)
    if ask is None or ask.campaign_id != campaign_id or ask.is_retired:
        raise PledgeInvalid("This ask is not among those of the campaign.")
    version = ask.current
    for earlier in lock_open_changes(session, campaign_id=campaign_id, candidacy_id=candidacy_id):
        if earlier.ask_id != ask_id:
            continue
        if (earlier.stance, earlier.statement, earlier.ask_version_id) == (
            stance,
            statement,
            version.id,
        ):
            return None
        _settle(earlier, ChangeOutcome.REPLACED, now=now)
        session.flush()  # Only one may be open; the new one is written after this.
    change = PendingChange(
        campaign_id=campaign_id,
        candidacy_id=candidacy_id,
        ask_id=ask_id,
        ask_version_id=version.id,
        stance=stance,
        statement=statement,
        asked_at=now,
        due_at=now + PROTEST_TIME,
    )
    session.add(change)
    session.flush()  # The mail about it names its number.
    return change


def lock_open_changes(
    session: Session, *, campaign_id: int, candidacy_id: int, through_id: int | None = None
) -> Sequence[PendingChange]:
    """Return the changes of a candidate that wait, locked; with ``through_id``, up to that one.

    The campaign's record is locked before them, as everywhere, so that nobody waits in a circle.
    """
    session.get(Campaign, campaign_id, with_for_update={"key_share": True})
    query = select(PendingChange).where(
        PendingChange.campaign_id == campaign_id,
        PendingChange.candidacy_id == candidacy_id,
        PendingChange.settled_at.is_(None),
    )
    if through_id is not None:
        query = query.where(PendingChange.id <= through_id)
    return session.scalars(
        query.order_by(PendingChange.id).with_for_update().execution_options(populate_existing=True)
    ).all()


def settle_change(
    session: Session, change: PendingChange, outcome: ChangeOutcome, *, now: datetime
) -> ChangeOutcome:
    """End the wait of a change; return how it ended, which is LAPSED where it came too late.

    What takes effect enters the record as the candidate's own answer.
    """
    if outcome in TAKES_EFFECT and not _apply(session, change, now=now):
        outcome = ChangeOutcome.LAPSED
    _settle(change, outcome, now=now)
    return outcome


def drop_open_changes(
    session: Session,
    *,
    campaign_id: int,
    candidacy_id: int,
    outcome: ChangeOutcome,
    now: datetime,
) -> list[PendingChange]:
    """Drop every change of a candidate that waits: who asked for it is in doubt; return them."""
    changes = lock_open_changes(session, campaign_id=campaign_id, candidacy_id=candidacy_id)
    for change in changes:
        _settle(change, outcome, now=now)
    return list(changes)


def renew_open_changes(
    session: Session, *, campaign_id: int, candidacy_id: int, now: datetime
) -> list[PendingChange]:
    """Let what waits wait anew, so that no link of an earlier mail can confirm it; return it."""
    dropped = drop_open_changes(
        session,
        campaign_id=campaign_id,
        candidacy_id=candidacy_id,
        outcome=ChangeOutcome.REPLACED,
        now=now,
    )
    session.flush()  # Only one of each ask may be open.
    renewed = [
        PendingChange(
            campaign_id=campaign_id,
            candidacy_id=candidacy_id,
            ask_id=each.ask_id,
            ask_version_id=each.ask_version_id,
            stance=each.stance,
            statement=each.statement,
            asked_at=now,
            due_at=now + PROTEST_TIME,
        )
        for each in dropped
    ]
    session.add_all(renewed)
    session.flush()
    return renewed


def went_to_address_on_file(session: Session, change: PendingChange, candidacy: Candidacy) -> bool:
    """Tell whether the mail about a change went to the address that the candidate has today."""
    message = find_message(session, change.outbox_message_id or 0)
    return message is not None and message.recipient_key == normalise_recipient(
        candidacy.person.email or ""
    )


def change_token(signer: Signer, change: PendingChange) -> str:
    """Return the token that confirms a change, and those of the same candidate before it."""
    return signer.sign(CONFIRM, [change.campaign_id, change.candidacy_id, change.id])


def dispute_token(signer: Signer, change: PendingChange) -> str:
    """Return the token by which the reader of the mail about a change says: not me."""
    return signer.sign(DISPUTE, [change.campaign_id, change.candidacy_id, change.id])


def open_change_link(session: Session, signer: Signer, token: str, *, now: datetime) -> ChangeDoor:
    """Return what a mail's link may confirm.

    Raises TokenInvalid, AnswersClosed, or AnswerLinkRevoked for a mail to another address than the
    one on file.
    """
    return _open(session, signer.read(CONFIRM, token), now=now)


def open_dispute_link(session: Session, signer: Signer, token: str, *, now: datetime) -> ChangeDoor:
    """Return what a mail's link may object to; raises what ``open_change_link`` raises."""
    return _open(session, signer.read(DISPUTE, token), now=now)


def find_campaign_of_change(session: Session, signer: Signer, token: str) -> Campaign | None:
    """Return whose link this is, also where nothing waits any more; raises TokenInvalid."""
    campaign_id, *_rest = signer.read(CONFIRM, token)
    return session.get(Campaign, campaign_id)


def find_campaign_of_dispute(session: Session, signer: Signer, token: str) -> Campaign | None:
    """Return whose link this is, also where nothing waits any more; raises TokenInvalid."""
    campaign_id, *_rest = signer.read(DISPUTE, token)
    return session.get(Campaign, campaign_id)


def get_open_change(
    session: Session, change_id: int, *, campaign_id: int, candidacy_id: int
) -> PendingChange:
    """Return a change of a candidate that waits; raises ChangeNotFound."""
    for change in lock_open_changes(session, campaign_id=campaign_id, candidacy_id=candidacy_id):
        if change.id == change_id:
            return change
    raise ChangeNotFound("No change of this number waits.")


def _open(session: Session, payload: list[int], *, now: datetime) -> ChangeDoor:
    campaign_id, candidacy_id, through_id = payload
    campaign = session.get_one(Campaign, campaign_id)
    candidacy = get_candidacy(session, candidacy_id)
    check_takes_answers_of(session, campaign, candidacy, now=now, closed=_CLOSED)
    if not went_to_address_on_file(session, session.get_one(PendingChange, through_id), candidacy):
        raise AnswerLinkRevoked(
            "This link came in an e-mail to an address that “%(campaign)s” no longer has for you, "
            "so it has ended. What waits is asked about at your new address. If you have no such "
            "e-mail, write to %(email)s.",
            campaign=campaign.name,
            email=campaign.contact_email,
        )
    changes = session.scalars(
        select(PendingChange)
        .where(
            PendingChange.campaign_id == campaign_id,
            PendingChange.candidacy_id == candidacy_id,
            PendingChange.settled_at.is_(None),
            PendingChange.id <= through_id,
        )
        .order_by(PendingChange.id)
    ).all()
    return ChangeDoor(campaign, candidacy, list(changes))


def _apply(session: Session, change: PendingChange, *, now: datetime) -> bool:
    campaign = session.get_one(Campaign, change.campaign_id)
    candidacy = get_candidacy(session, change.candidacy_id)
    if not takes_answers_of(session, campaign, candidacy, now=now):
        return False
    ask = session.get_one(Ask, change.ask_id)
    if ask.is_retired or (change.stance is not None and ask.current.id != change.ask_version_id):
        return False  # An answer to one wording is never given to another.
    try:
        if change.stance is None:
            withdraw_pledge(
                session,
                campaign_id=change.campaign_id,
                candidacy_id=change.candidacy_id,
                ask_id=change.ask_id,
                entered_by=CANDIDATE,
                now=now,
            )
        else:
            record_pledge(
                session,
                campaign_id=change.campaign_id,
                candidacy_id=change.candidacy_id,
                ask_id=change.ask_id,
                stance=change.stance,
                statement=change.statement,
                channel=Channel.LINK,
                entered_by=CANDIDATE,
                now=now,
            )
    except AnswersClosed:
        return False
    return True


def _settle(change: PendingChange, outcome: ChangeOutcome, *, now: datetime) -> None:
    change.settled_at, change.outcome = now, outcome
