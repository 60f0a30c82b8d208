"""The record of answers: what is added to a campaign's chain, and by whom."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, AskVersion, Campaign
from campaign.pledges.errors import (
    AlreadyDecided,
    AlreadyReviewed,
    AnswersClosed,
    OwnEntry,
    PledgeEventNotFound,
    PledgeInvalid,
    RecordClosed,
)
from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import (
    CANDIDATE,
    ENTRY_KINDS,
    QUOTE_LIMIT,
    REASON_LIMIT,
    STATEMENT_LIMIT,
    Channel,
    EventKind,
    Stance,
    VerificationLevel,
    check_said_on,
    clean_reason,
    clean_sha256,
    clean_source_url,
    clean_text,
)
from campaign.pledges.service.chaining import append, append_about, lock_record
from campaign.pledges.service.links import takes_answers, today_in
from campaign.pledges.service.order import (
    check_order,
    check_takes_no_place,
    find_latest,
    get_corrected,
    list_counting,
    list_entries_of,
)


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
    valid_from: date | None = None,
    archive_sha256: str = "",
    archive_url: str = "",
    corrects: int | None = None,
) -> PledgeEvent:
    """Add an answer to a campaign's record and return its event.

    ``entered_by`` is ``candidate`` for the candidate's own link, else ``organiser:7``. The same
    answer again adds nothing and returns the event that is there. What an organiser enters needs a
    source or a quote, and is public once another organiser has reviewed it. ``valid_from`` is the
    day on which it was said, None for today; it cannot lie before an answer that is public, because
    the newest entry is the one that counts. ``corrects`` is the number of an organiser's public
    entry that this one is to replace, whatever day that one has. Raises PledgeInvalid,
    AnswersClosed (for the candidate) or RecordClosed (for an organiser).
    """
    _check_who(channel, entered_by)
    statement = clean_text(statement, limit=STATEMENT_LIMIT)
    quote = clean_text(quote, limit=QUOTE_LIMIT)
    source_url = clean_source_url(source_url)
    archive_sha256 = clean_sha256(archive_sha256)
    archive_url = clean_source_url(archive_url)
    if channel is not Channel.LINK and not (source_url or quote):
        raise PledgeInvalid("Give the source of this answer: a web address or a quote.")
    campaign = lock_record(session, campaign_id)
    check_is_open(session, campaign, entered_by=entered_by, now=now)
    check_said_on(valid_from, today=today_in(session, campaign, now=now))
    ask_version = _current_version(session, campaign_id=campaign_id, ask_id=ask_id)
    history = list_entries_of(session, campaign_id, candidacy_id, ask_id)
    corrected = None if corrects is None else get_corrected(history, corrects)
    latest = find_latest(history)
    answer = (
        EventKind.ANSWER, stance, statement, channel, source_url, quote, ask_version.number,
        valid_from, archive_sha256, archive_url,
    )  # fmt: skip
    if latest is not None and answer == (
        latest.kind, latest.stance, latest.statement, latest.channel, latest.source_url,
        latest.quote, latest.ask_version, latest.valid_from, latest.archive_sha256,
        latest.archive_url,
    ):  # fmt: skip
        return session.get_one(PledgeEvent, latest.event_id)
    if valid_from is not None:
        check_takes_no_place(valid_from, corrects, history)
    is_first_hand = channel is Channel.LINK
    return append(
        session,
        campaign,
        PledgeEvent(
            kind=EventKind.ANSWER,
            candidacy_id=candidacy_id,
            ask_id=ask_id,
            ask_version_id=ask_version.id,
            refers_to_id=corrected.event_id if corrected else None,
            stance=stance,
            statement=statement,
            channel=channel,
            source_url=source_url,
            quote=quote,
            valid_from=valid_from,
            archive_sha256=archive_sha256,
            archive_url=archive_url,
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
    reason: str = "",
    entry_id: int | None = None,
) -> PledgeEvent | None:
    """Take a candidate's answer to an ask back; the history keeps it.

    An organiser's withdrawal (asked for by letter) needs a review like any entry of theirs, and
    says why. ``entry_id`` is the entry that they had before them. Returns None when there is no
    answer to take back. Raises PledgeInvalid, AnswersClosed, RecordClosed, or AlreadyDecided where
    another entry than that one counts.
    """
    reason = clean_text(reason, limit=REASON_LIMIT)
    campaign = lock_record(session, campaign_id)
    check_is_open(session, campaign, entered_by=entered_by, now=now)
    history = list_entries_of(session, campaign_id, candidacy_id, ask_id)
    counting = list_counting(history)
    if entry_id is not None and (not counting or counting[-1].event_id != entry_id):
        raise AlreadyDecided(
            "This entry is not the one that counts, so it cannot be taken back. Open the one that "
            "does, from the candidate's page."
        )
    latest = find_latest(history)
    is_first_hand = entered_by == CANDIDATE
    if latest is None:
        return None
    if latest.kind is EventKind.WITHDRAWAL and (latest.is_public or not is_first_hand):
        return None
    return append(
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
            reason=reason,
            verification_level=(
                VerificationLevel.FIRST_HAND if is_first_hand else VerificationLevel.UNVERIFIED
            ),
            entered_by=entered_by,
            recorded_at=now,
        ),
    )


def review_pledge(
    session: Session,
    *,
    event_id: int,
    is_right: bool,
    reviewer: str,
    now: datetime,
    reason: str = "",
) -> PledgeEvent:
    """Find an organiser's entry right, which makes it public, or wrong; return the new event.

    What is wrong needs a reason. Raises PledgeEventNotFound, OwnEntry, AlreadyReviewed, or
    PledgeInvalid for the reason, or where the days of this entry and one that is public are not in
    the order of the record.
    """
    entry = session.get(PledgeEvent, event_id)
    if entry is None or entry.kind not in ENTRY_KINDS or entry.channel is Channel.LINK:
        raise PledgeEventNotFound("There is no entry of this number to review.")
    if entry.entered_by == reviewer:
        raise OwnEntry("Somebody else must review this entry, because you entered it yourself.")
    campaign = lock_record(session, entry.campaign_id)
    history = list_entries_of(session, entry.campaign_id, entry.candidacy_id, entry.ask_id)
    waiting = next(each for each in history if each.event_id == entry.id)
    if waiting.decision is not None:
        raise AlreadyReviewed("This entry has been reviewed already.")
    reason = clean_text(reason, limit=REASON_LIMIT) if is_right else clean_reason(reason)
    if is_right:
        check_order(waiting, history)
    return append_about(
        session,
        campaign,
        entry,
        PledgeEvent(
            kind=EventKind.REVIEW if is_right else EventKind.REJECTION,
            reason=reason,
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


def check_is_open(session: Session, campaign: Campaign, *, entered_by: str, now: datetime) -> None:
    """Raise AnswersClosed or RecordClosed where nothing can be answered or entered any more."""
    if takes_answers(session, campaign, now=now):
        return
    sentence = "The campaign or the poll has closed, so the record takes no more answers."
    raise AnswersClosed(sentence) if entered_by == CANDIDATE else RecordClosed(sentence)


def _current_version(session: Session, *, campaign_id: int, ask_id: int) -> AskVersion:
    ask = session.get(Ask, ask_id)
    if ask is None or ask.campaign_id != campaign_id or ask.is_retired:
        raise PledgeInvalid("This ask is not among those of the campaign.")
    return ask.current
