"""The record of answers: what is added to a campaign's chain, and by whom."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, AskVersion, Campaign
from campaign.candidates.queries import get_candidacy
from campaign.pledges.errors import (
    AlreadyReviewed,
    AnswersClosed,
    OwnEntry,
    PledgeEventNotFound,
    PledgeInvalid,
    RecordClosed,
)
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import HistoryEntry, list_history
from campaign.pledges.rules import (
    CANDIDATE,
    FIRST_PREVIOUS_HASH,
    QUOTE_LIMIT,
    STATEMENT_LIMIT,
    ChainEntry,
    Channel,
    EventKind,
    Stance,
    VerificationLevel,
    chain_hash,
    clean_source_url,
    clean_text,
)
from campaign.pledges.service.links import takes_answers


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer as a candidate gives it."""

    ask_id: int
    stance: Stance
    statement: str


def record_pledge(
    session: Session,
    *,
    campaign_id: int,
    candidacy_id: int,
    ask_id: int,
    stance: Stance,
    channel: Channel,
    entered_by: str,
    now: datetime,
    statement: str = "",
    source_url: str = "",
    quote: str = "",
) -> PledgeEvent:
    """Add an answer to a campaign's record and return its event.

    ``entered_by`` is ``candidate`` for the candidate's own link, else ``organiser:7``. The same
    answer again adds nothing and returns the event that is there. What an organiser enters needs a
    source or a quote, and is public once another organiser has reviewed it. Raises PledgeInvalid,
    AnswersClosed (for the candidate) or RecordClosed (for an organiser).
    """
    _check_who(channel, entered_by)
    statement = clean_text(statement, limit=STATEMENT_LIMIT)
    quote = clean_text(quote, limit=QUOTE_LIMIT)
    source_url = clean_source_url(source_url)
    if channel is not Channel.LINK and not (source_url or quote):
        raise PledgeInvalid("Give the source of this answer: a web address or a quote.")
    campaign = _lock_record(session, campaign_id)
    _check_open(session, campaign, entered_by=entered_by, now=now)
    ask_version = _current_version(session, campaign_id=campaign_id, ask_id=ask_id)
    latest = _latest_entry(session, campaign_id, candidacy_id, ask_id)
    answer = (EventKind.ANSWER, stance, statement, channel, source_url, quote, ask_version.number)
    if latest is not None and answer == (
        latest.kind,
        latest.stance,
        latest.statement,
        latest.channel,
        latest.source_url,
        latest.quote,
        latest.ask_version,
    ):
        return session.get_one(PledgeEvent, latest.event_id)
    is_first_hand = channel is Channel.LINK
    return _append(
        session,
        campaign,
        PledgeEvent(
            kind=EventKind.ANSWER,
            candidacy_id=candidacy_id,
            ask_id=ask_id,
            ask_version_id=ask_version.id,
            stance=stance,
            statement=statement,
            channel=channel,
            source_url=source_url,
            quote=quote,
            verification_level=(
                VerificationLevel.FIRST_HAND if is_first_hand else VerificationLevel.SOURCED
            ),
            entered_by=entered_by,
            recorded_at=now,
        ),
    )


def withdraw_pledge(
    session: Session,
    *,
    campaign_id: int,
    candidacy_id: int,
    ask_id: int,
    entered_by: str,
    now: datetime,
) -> PledgeEvent | None:
    """Take a candidate's answer to an ask back; the history keeps it.

    An organiser's withdrawal (asked for by letter) needs a review like any entry of theirs. Returns
    None when there is no answer to take back. Raises AnswersClosed or RecordClosed.
    """
    campaign = _lock_record(session, campaign_id)
    _check_open(session, campaign, entered_by=entered_by, now=now)
    latest = _latest_entry(session, campaign_id, candidacy_id, ask_id)
    is_first_hand = entered_by == CANDIDATE
    if latest is None:
        return None
    if latest.kind is EventKind.WITHDRAWAL and (latest.is_public or not is_first_hand):
        return None
    return _append(
        session,
        campaign,
        PledgeEvent(
            kind=EventKind.WITHDRAWAL,
            candidacy_id=candidacy_id,
            ask_id=ask_id,
            ask_version_id=session.get_one(PledgeEvent, latest.event_id).ask_version_id,
            stance=None,
            statement="",
            channel=Channel.LINK if is_first_hand else Channel.LETTER,
            source_url="",
            quote="",
            verification_level=(
                VerificationLevel.FIRST_HAND if is_first_hand else VerificationLevel.UNVERIFIED
            ),
            entered_by=entered_by,
            recorded_at=now,
        ),
    )


def review_pledge(
    session: Session, *, event_id: int, is_right: bool, reviewer: str, now: datetime
) -> PledgeEvent:
    """Find an organiser's entry right, which makes it public, or wrong; return the new event.

    Raises PledgeEventNotFound, OwnEntry, or AlreadyReviewed.
    """
    entry = session.get(PledgeEvent, event_id)
    if (
        entry is None
        or entry.kind not in (EventKind.ANSWER, EventKind.WITHDRAWAL)
        or entry.channel is Channel.LINK
    ):
        raise PledgeEventNotFound("There is no entry of this number to review.")
    if entry.entered_by == reviewer:
        raise OwnEntry("Somebody else must review this entry, because you entered it yourself.")
    campaign = _lock_record(session, entry.campaign_id)
    if session.scalar(select(PledgeEvent.id).where(PledgeEvent.refers_to_id == entry.id).limit(1)):
        raise AlreadyReviewed("This entry has been reviewed already.")
    return _append(
        session,
        campaign,
        PledgeEvent(
            kind=EventKind.REVIEW if is_right else EventKind.REJECTION,
            candidacy_id=entry.candidacy_id,
            ask_id=entry.ask_id,
            ask_version_id=entry.ask_version_id,
            refers_to_id=entry.id,
            stance=None,
            statement="",
            channel=entry.channel,
            source_url="",
            quote="",
            verification_level=(
                VerificationLevel.CONFIRMED if is_right else VerificationLevel.UNVERIFIED
            ),
            entered_by=reviewer,
            recorded_at=now,
        ),
    )


def _check_who(channel: Channel, entered_by: str) -> None:
    if (channel is Channel.LINK) != (entered_by == CANDIDATE):
        raise PledgeInvalid("Only the candidate answers by link; say how the answer was given.")


def _check_open(session: Session, campaign: Campaign, *, entered_by: str, now: datetime) -> None:
    if takes_answers(session, campaign, now=now):
        return
    sentence = "The campaign or the poll has closed, so the record takes no more answers."
    raise AnswersClosed(sentence) if entered_by == CANDIDATE else RecordClosed(sentence)


def _current_version(session: Session, *, campaign_id: int, ask_id: int) -> AskVersion:
    ask = session.get(Ask, ask_id)
    if ask is None or ask.campaign_id != campaign_id or ask.is_retired:
        raise PledgeInvalid("This ask is not among those of the campaign.")
    return ask.current


def _latest_entry(
    session: Session, campaign_id: int, candidacy_id: int, ask_id: int
) -> HistoryEntry | None:
    history = [
        entry
        for entry in list_history(session, campaign_id, candidacy_id)
        if entry.ask_id == ask_id and entry.decision is not EventKind.REJECTION
    ]
    return history[-1] if history else None


def _lock_record(session: Session, campaign_id: int) -> Campaign:
    """Keep every other writer away from a campaign's chain until this transaction ends.

    On SQLite the writing transaction holds the only write lock already. On PostgreSQL the
    campaign's row is locked, in the mode that does not stop letters from referring to it.
    """
    return session.scalars(
        select(Campaign).where(Campaign.id == campaign_id).with_for_update(key_share=True)
    ).one()


def _append(session: Session, campaign: Campaign, event: PledgeEvent) -> PledgeEvent:
    """Chain an event to the newest of its campaign, whose record the caller has locked."""
    head = session.execute(
        select(PledgeEvent.sequence, PledgeEvent.hash)
        .where(PledgeEvent.campaign_id == campaign.id)
        .order_by(PledgeEvent.sequence.desc())
        .limit(1)
    ).one_or_none()
    candidacy = get_candidacy(session, event.candidacy_id)
    if candidacy.ballot.election_id != campaign.election_id:
        raise PledgeInvalid("This candidate does not stand in the election of the campaign.")
    subject = session.get(PledgeEvent, event.refers_to_id) if event.refers_to_id else None
    event.campaign_id = campaign.id
    event.sequence = head.sequence + 1 if head else 1
    event.previous_hash = head.hash if head else FIRST_PREVIOUS_HASH
    event.hash = chain_hash(
        ChainEntry(
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
        )
    )
    session.add(event)
    session.flush()  # The next event of the same transaction chains to this one.
    return event
