"""Write what a supporter sent into the database: one statement for each table."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Integer, Table, bindparam, func, insert, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, AskVersion, Campaign
from campaign.elections.models import Ballot
from campaign.letters.models import Action, ActionAskVersion, Letter
from campaign.letters.rules import LetterStatus, PreparedLetter, Writer, expires_at
from campaign.letters.service.life import record_births
from campaign.supporters.models import Supporter

_newest = (
    select(func.max(AskVersion.number))
    .where(AskVersion.ask_id == Ask.id)
    .correlate(Ask)
    .scalar_subquery()
)
_PIN_WORDINGS = insert(cast(Table, ActionAskVersion.__table__)).from_select(
    ["action_id", "ask_version_id"],
    select(bindparam("of_action", type_=Integer), AskVersion.id)
    .join(Ask, Ask.id == AskVersion.ask_id)
    .where(
        Ask.campaign_id == bindparam("of_campaign"),
        Ask.is_retired.is_(False),
        AskVersion.number == _newest,
    ),
)


def write_action(
    session: Session,
    *,
    campaign: Campaign,
    ballot: Ballot,
    supporter: Supporter,
    writer: Writer,
    letters: Sequence[PreparedLetter],
    key: str,
    now: datetime,
) -> Action:
    """Write an action with its letters, their first entry in the log and the asks as they stand."""
    action = Action(
        campaign_id=campaign.id,
        supporter_id=supporter.id,
        constituency_id=ballot.constituency_id,
        submission_key=key,
        supporter_name=writer.name,
        postcode=writer.postcode,
        consent_text=campaign.consent_text,
        wants_news=writer.wants_news and bool(campaign.news_text),
        news_text=campaign.news_text if writer.wants_news else "",
        created_at=now,
        expires_at=expires_at(now, poll_closes_at=ballot.election.poll_closes_at),
        supporter=supporter,
    )
    session.add(action)
    session.flush()  # The letters name it.
    common = {
        "action_id": action.id,
        "campaign_id": campaign.id,
        "supporter_id": supporter.id,
        "status": LetterStatus.UNCONFIRMED,
        "created_at": now,
    }
    session.execute(
        insert(Letter),
        [
            common
            | {
                "candidacy_id": letter.candidacy_id,
                "variant_id": letter.variant_id,
                "subject": letter.subject,
                "body": letter.body,
                "text_hash": letter.text_hash,
                "is_personal": letter.is_personal,
            }
            for letter in letters
        ],
    )
    record_births(session, action.id, now=now)
    session.execute(_PIN_WORDINGS, {"of_action": action.id, "of_campaign": campaign.id})
    return action
