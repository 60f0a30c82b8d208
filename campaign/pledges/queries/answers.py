"""Where candidates stand today."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from campaign.campaigns.models import AskVersion
from campaign.core.db import UTCDateTime
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries.marks import is_review, map_marks, struck_entries
from campaign.pledges.rules import (
    ENTRY_KINDS,
    NO_MARKS,
    Channel,
    EventKind,
    Marks,
    Stance,
    VerificationLevel,
)


@dataclass(frozen=True, slots=True)
class CurrentAnswer:
    """What a candidate's answer to an ask is today, as the public sees it.

    The texts of an entry that is hidden are empty.
    """

    candidacy_id: int
    ask_id: int
    ask_version: int
    """Number of the wording that was answered."""
    stance: Stance
    statement: str
    channel: Channel
    source_url: str
    quote: str
    verification_level: VerificationLevel
    recorded_at: datetime
    event_id: int
    sequence: int
    """Place in the record, by which anybody finds the entry there."""
    valid_from: date | None = None
    """The day on which it was said; None for the day of recording."""
    archive_sha256: str = ""
    archive_url: str = ""
    marks: Marks = NO_MARKS
    """Whether the candidate objects to the entry, and whether its texts are hidden."""


def list_current_answers(
    session: Session, campaign_id: int, *, candidacy_ids: Collection[int] | None = None
) -> dict[tuple[int, int], CurrentAnswer]:
    """Return the public answers of today by (candidacy, ask); no entry means no answer yet.

    An answer from the candidate's own link is public at once; one that an organiser entered, once
    another organiser has reviewed it. A withdrawal ends the answer before it. An entry that was
    struck after an objection counts no more, and the one before it does again.
    """
    given: dict[str, object] = {"campaign_id": campaign_id}
    if candidacy_ids is not None:
        given["candidacy_ids"] = list(candidacy_ids)
    rows = session.execute(_answers(are_some=candidacy_ids is not None), given)
    answers = [
        CurrentAnswer(
            candidacy_id=candidacy_id,
            ask_id=ask_id,
            ask_version=version,
            stance=stance,
            statement=statement,
            channel=channel,
            source_url=source_url,
            quote=quote,
            verification_level=VerificationLevel(level),
            recorded_at=recorded_at,
            event_id=event_id,
            sequence=sequence,
            valid_from=valid_from,
            archive_sha256=archive_sha256,
            archive_url=archive_url,
        )
        for candidacy_id, ask_id, version, stance, statement, channel, source_url, quote, level,
        recorded_at, event_id, sequence, valid_from, archive_sha256, archive_url in rows
        if stance is not None
    ]  # fmt: skip
    if not answers:
        return {}
    marks = map_marks(
        session,
        campaign_id,
        event_ids=None if candidacy_ids is None else [answer.event_id for answer in answers],
    )
    return {
        (answer.candidacy_id, answer.ask_id): (
            _marked(answer, marks[answer.event_id]) if answer.event_id in marks else answer
        )
        for answer in answers
    }


def _marked(answer: CurrentAnswer, marks: Marks) -> CurrentAnswer:
    if marks.is_hidden:
        answer = replace(answer, statement="", quote="", source_url="", archive_url="")
    return replace(answer, marks=marks)


@cache  # Building it takes longer than the database takes for one constituency.
def _answers(*, are_some: bool) -> Select[*tuple[Any, ...]]:
    newest = newest_public_entries()
    if are_some:
        newest = newest.where(
            PledgeEvent.candidacy_id.in_(bindparam("candidacy_ids", expanding=True))
        )
    review = aliased(PledgeEvent)
    return (
        select(
            PledgeEvent.candidacy_id,
            PledgeEvent.ask_id,
            AskVersion.number,
            PledgeEvent.stance,
            PledgeEvent.statement,
            PledgeEvent.channel,
            PledgeEvent.source_url,
            PledgeEvent.quote,
            func.coalesce(review.verification_level, PledgeEvent.verification_level),
            PledgeEvent.recorded_at,
            PledgeEvent.id,
            PledgeEvent.sequence,
            PledgeEvent.valid_from,
            PledgeEvent.archive_sha256,
            PledgeEvent.archive_url,
        )
        .join(PledgeEvent.ask_version)
        .outerjoin(review, is_review(review, PledgeEvent))
        .where(
            PledgeEvent.id.in_(newest),
            PledgeEvent.kind == EventKind.ANSWER,
            PledgeEvent.stance.is_not(None),
        )
    )


def newest_public_entries() -> Select[int]:
    """Select the newest public entry of each candidate and ask: an answer or its withdrawal.

    The campaign is the parameter ``campaign_id``. What was struck is passed over.
    """
    review = aliased(PledgeEvent)
    return (
        select(func.max(PledgeEvent.id))
        .outerjoin(review, is_review(review, PledgeEvent))
        .where(
            PledgeEvent.campaign_id == bindparam("campaign_id"),
            PledgeEvent.kind.in_(ENTRY_KINDS),
            or_(PledgeEvent.channel == Channel.LINK, review.id.is_not(None)),
            PledgeEvent.id.not_in(struck_entries()),
        )
        .group_by(PledgeEvent.candidacy_id, PledgeEvent.ask_id)
    )


def map_answer_times(
    session: Session,
    campaign_id: int,
    candidacy_ids: Collection[int] | None = None,
    *,
    since: datetime | None = None,
) -> dict[int, datetime]:
    """Return by candidacy when the public last saw its record grow: an answer or a withdrawal.

    What an organiser entered became public with its review. What was struck after an objection was
    no answer of the candidate's. A text that is hidden changes nothing here: the stance stands.
    """
    given: dict[str, object] = {"campaign_id": campaign_id}
    if candidacy_ids is not None:
        given["candidacy_ids"] = list(candidacy_ids)
    if since is not None:
        given["since"] = since
    query = _answer_times(are_some=candidacy_ids is not None, are_new=since is not None)
    return {row[0]: row[1] for row in session.execute(query, given)}


@cache  # Asked for each letter that is confirmed; building it takes longer than running it.
def _answer_times(*, are_some: bool, are_new: bool) -> Select[int, datetime]:
    review = aliased(PledgeEvent)
    public_at = func.max(func.coalesce(review.recorded_at, PledgeEvent.recorded_at))
    query = (
        select(PledgeEvent.candidacy_id, public_at)
        .outerjoin(review, is_review(review, PledgeEvent))
        .where(
            PledgeEvent.campaign_id == bindparam("campaign_id"),
            PledgeEvent.kind.in_(ENTRY_KINDS),
            or_(PledgeEvent.channel == Channel.LINK, review.id.is_not(None)),
            PledgeEvent.id.not_in(struck_entries()),
        )
        .group_by(PledgeEvent.candidacy_id)
    )
    if are_some:
        query = query.where(
            PledgeEvent.candidacy_id.in_(bindparam("candidacy_ids", expanding=True))
        )
    if are_new:
        query = query.having(public_at > bindparam("since", type_=UTCDateTime()))
    return query


def list_ever_answered(session: Session, campaign_id: int) -> set[int]:
    """Return the candidacies with any public answer to a campaign, also one that was withdrawn.

    Who only had answers that were struck after an objection has not answered.
    """
    review = aliased(PledgeEvent)
    return set(
        session.scalars(
            select(PledgeEvent.candidacy_id)
            .distinct()
            .outerjoin(review, is_review(review, PledgeEvent))
            .where(
                PledgeEvent.campaign_id == campaign_id,
                PledgeEvent.kind == EventKind.ANSWER,
                or_(PledgeEvent.channel == Channel.LINK, review.id.is_not(None)),
                PledgeEvent.id.not_in(struck_entries()),
            ),
            {"campaign_id": campaign_id},
        )
    )
