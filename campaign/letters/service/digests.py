"""Digests: when one is due, the letters that wait for it become one e-mail, or a few."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks
from campaign.campaigns.rules import MailForm
from campaign.candidates.models import Candidacy
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane, campaign_scope
from campaign.delivery.service import queue_message
from campaign.letters.models import Action, Letter
from campaign.letters.queries import find_mail_choice
from campaign.letters.rules import (
    DigestLetter,
    DigestPart,
    LetterStatus,
    divide,
    list_first_names,
    quote,
)
from campaign.letters.service.correspondence import Correspondence
from campaign.letters.service.dispatch import dispatch_letter, find_obstacle
from campaign.letters.service.letter_mail import queue_letter
from campaign.letters.service.life import WORKER, forget_message
from campaign.letters.service.overtaken import hold_all_answered_letters
from campaign.supporters.models import Supporter


def make_digests(
    session: Session, *, correspondence: Correspondence, now: datetime, limit: int
) -> int:
    """Write the digests that are due, for so many candidates at most; return for how many.

    A letter that may not leave any more goes where it belongs instead.
    """
    session.flush()
    due = session.execute(
        select(Letter.campaign_id, Letter.candidacy_id, func.min(Letter.id))
        .where(*_is_due(now))
        .group_by(Letter.campaign_id, Letter.candidacy_id)
        .order_by(func.min(Letter.digest_at), Letter.candidacy_id)
        .limit(limit)
    ).all()
    made = 0
    for campaign_id, candidacy_id, first_id in due:
        mine = [*_is_due(now), Letter.campaign_id == campaign_id]
        mine.append(Letter.candidacy_id == candidacy_id)
        # Whoever has the first letter makes the digest: two workers must not share one out.
        first = session.scalar(
            select(Letter.id)
            .where(*mine, Letter.id == first_id)
            .with_for_update(skip_locked=True, of=Letter)
        )
        if first is None:
            continue
        campaign = session.get_one(Campaign, campaign_id)
        candidacy = session.get_one(Candidacy, candidacy_id)
        # What an answer has overtaken, where the chore for it has not got to it.
        times = correspondence.list_answer_times(campaign_id, [candidacy_id])
        hold_all_answered_letters(session, times, campaign_id=campaign_id, now=now)
        gone, held_reason, _reason = find_obstacle(
            session, candidacy, campaign=campaign, correspondence=correspondence, now=now
        )
        if gone or held_reason:
            _dispatch(session, mine, campaign, correspondence=correspondence, now=now)
            continue
        _make_digest(session, mine, campaign, candidacy, correspondence=correspondence, now=now)
        made += 1
    return made


def _make_digest(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    campaign: Campaign,
    candidacy: Candidacy,
    *,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    letters = _list_letters(session, conditions)
    if not letters:
        return
    if len(letters) == 1:
        # Alone it is better as it is: a reply goes straight to its writer.
        letter = session.get_one(Letter, letters[0].id, populate_existing=True)
        letter.digest_at = None
        letter.outbox_message_id = queue_letter(
            session,
            letter,
            action=letter.action,
            campaign=campaign,
            recipient=candidacy.person.email or "",
            correspondence=correspondence,
            now=now,
        ).id
        return
    parts = divide(letters)
    for part in parts:
        message = _queue_part(
            session,
            part,
            letters=letters,
            count=len(parts),
            campaign=campaign,
            candidacy=candidacy,
            correspondence=correspondence,
            now=now,
        )
        session.execute(
            update(Letter)
            .where(Letter.id.in_(part.letter_ids))
            .values(outbox_message_id=message.id)
            .execution_options(synchronize_session=False)
        )
        for letter_id in part.letter_ids:
            forget_message(session, letter_id)


def _queue_part(
    session: Session,
    part: DigestPart,
    *,
    letters: Sequence[DigestLetter],
    count: int,
    campaign: Campaign,
    candidacy: Candidacy,
    correspondence: Correspondence,
    now: datetime,
) -> OutboxMessage:
    choice = find_mail_choice(session, campaign.id, candidacy.id)
    page = correspondence.find_answer_page(campaign.id, candidacy.id)
    text = correspondence.emails.render(
        "digest",
        language=page.language,
        campaign=campaign,
        name=candidacy.person.name,
        place=candidacy.ballot.constituency.name_in(page.language),
        part=part,
        count=count,
        total=len(letters),
        writers=len({each.email for each in letters}),
        personal=sum(each.is_personal for each in letters),
        unchanged_names=list_first_names(part.unchanged, language=page.language),
        asks=[ask.current for ask in list_asks(session, campaign.id)],
        is_asked_for=choice is not None and choice.form is MailForm.ONE_DIGEST,
        is_habit=choice is None and campaign.mail_form is MailForm.ONE_DIGEST,
        quote=quote,
        answer_link=page.link,
    )
    return queue_message(
        session,
        mail=correspondence.mail,
        lane=Lane.LETTER,
        scope=campaign_scope(campaign.id),
        recipient=candidacy.person.email or "",
        from_name=campaign.name,
        # To nobody's letter in particular: each personal one names its writer's address.
        reply_to=campaign.contact_email,
        subject=text.subject,
        body=text.body,
        now=now,
        not_after=candidacy.ballot.election.poll_closes_at,
        timezone=candidacy.ballot.election.timezone,
    )


def _dispatch(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    campaign: Campaign,
    *,
    correspondence: Correspondence,
    now: datetime,
) -> None:
    letters = session.scalars(
        select(Letter)
        .where(*conditions)
        .order_by(Letter.id)
        .with_for_update(of=Letter)
        .options(joinedload(Letter.action).joinedload(Action.supporter))
        .execution_options(populate_existing=True)
    )
    for letter in letters.all():
        dispatch_letter(
            session,
            letter,
            action=letter.action,
            campaign=campaign,
            correspondence=correspondence,
            actor=WORKER,
            now=now,
        )


def _list_letters(
    session: Session, conditions: Sequence[ColumnElement[bool]]
) -> list[DigestLetter]:
    """Return the letters of a digest in the order in which they were written, locked."""
    rows = session.execute(
        select(
            Letter.id,
            Letter.is_personal,
            Letter.subject,
            # What is only counted can be thousands of letters: their text stays where it is.
            case((Letter.is_personal, Letter.body), else_=""),
            Action.supporter_name,
            Supporter.email,
        )
        .join(Action, Action.id == Letter.action_id)
        .join(Supporter, Supporter.id == Letter.supporter_id)
        .where(*conditions)
        .order_by(Letter.id)
        .with_for_update(of=Letter)
    )
    return [
        DigestLetter(
            id=number, is_personal=is_personal, subject=subject, body=body, name=name, email=email
        )
        for number, is_personal, subject, body, name, email in rows
    ]


def _is_due(now: datetime) -> list[ColumnElement[bool]]:
    return [
        Letter.status == LetterStatus.QUEUED,
        Letter.outbox_message_id.is_(None),
        Letter.digest_at <= now,
    ]
