"""How an event gets its place in a campaign's chain."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, AskVersion, Campaign
from campaign.candidates.queries import get_candidacy
from campaign.pledges.errors import PledgeInvalid
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import find_head
from campaign.pledges.rules import FIRST_PREVIOUS_HASH, NEWEST_FORM, ChainEntry, chain_hash


def lock_record(session: Session, campaign_id: int) -> Campaign:
    """Keep every other writer away from a campaign's chain until this transaction ends.

    On SQLite the writing transaction holds the only write lock already. On PostgreSQL the
    campaign's row is locked, in the mode that does not stop letters from referring to it.
    """
    return session.scalars(
        select(Campaign).where(Campaign.id == campaign_id).with_for_update(key_share=True)
    ).one()


def append(session: Session, campaign: Campaign, event: PledgeEvent) -> PledgeEvent:
    """Chain an event to the newest of its campaign, whose record the caller has locked."""
    sequence, head_hash = find_head(session, campaign.id) or (0, FIRST_PREVIOUS_HASH)
    candidacy = get_candidacy(session, event.candidacy_id)
    if candidacy.ballot.election_id != campaign.election_id:
        raise PledgeInvalid("This candidate does not stand in the election of the campaign.")
    subject = session.get(PledgeEvent, event.refers_to_id) if event.refers_to_id else None
    event.campaign_id = campaign.id
    event.form = NEWEST_FORM
    event.sequence = sequence + 1
    event.previous_hash = head_hash
    # What is hashed is what is stored: nothing is left to the defaults of the columns.
    event.statement = event.statement or ""
    event.source_url = event.source_url or ""
    event.quote = event.quote or ""
    event.archive_sha256 = event.archive_sha256 or ""
    event.archive_url = event.archive_url or ""
    event.reason = event.reason or ""
    event.hash = chain_hash(
        ChainEntry(
            form=event.form,
            campaign=campaign.slug,
            sequence=event.sequence,
            kind=event.kind,
            person_id=candidacy.person_id,
            ballot_id=candidacy.ballot_id,
            ask=session.get_one(Ask, event.ask_id).slug,
            ask_version=session.get_one(AskVersion, event.ask_version_id).number,
            refers_to=subject.sequence if subject else None,
            stance=event.stance,
            statement=event.statement,
            channel=event.channel,
            source_url=event.source_url,
            quote=event.quote,
            verification_level=event.verification_level,
            entered_by=event.entered_by,
            recorded_at=event.recorded_at,
            previous_hash=event.previous_hash,
            archive_sha256=event.archive_sha256,
            archive_url=event.archive_url,
            reason=event.reason,
            valid_from=event.valid_from,
        )
    )
    session.add(event)
    session.flush()  # The next event of the same transaction chains to this one.
    return event


def append_about(
    session: Session,
    campaign: Campaign,
    entry: PledgeEvent,
    event: PledgeEvent,
) -> PledgeEvent:
    """Chain an event that speaks about an entry: of the same candidate, ask and wording."""
    event.candidacy_id = entry.candidacy_id
    event.ask_id = entry.ask_id
    event.ask_version_id = entry.ask_version_id
    event.refers_to_id = entry.id
    event.channel = entry.channel
    return append(session, campaign, event)
