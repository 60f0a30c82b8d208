"""Write what a supporter sent into the database: one statement for each table."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Integer, bindparam, func, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from campaign.campaigns.models import Ask, AskVersion, Campaign
from campaign.core.db import as_loaded, table_of
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
_PIN_WORDINGS = insert(table_of(ActionAskVersion)).from_select(
    ["action_id", "ask_version_id"],
    select(bindparam("of_action", type_=Integer), AskVersion.id)
    .join(Ask, Ask.id == AskVersion.ask_id)
    .where(
        Ask.campaign_id == bindparam("of_campaign"),
        Ask.is_retired.is_(False),
        AskVersion.number == _newest,
    ),
)

_ADD_ACTION = insert(table_of(Action)).returning(table_of(Action).c.id)
_ADD_LETTERS = insert(table_of(Letter))


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
    row = {
        "campaign_id": campaign.id,
        "supporter_id": supporter.id,
        "constituency_id": ballot.constituency_id,
        "submission_key": key,
        "supporter_name": writer.name,
        "postcode": writer.postcode,
        "consent_text": campaign.consent_text,
        "wants_news": writer.wants_news and bool(campaign.news_text),
        "news_text": campaign.news_text if writer.wants_news else "",
        "words_text": writer.words_text,
        "created_at": now,
        "expires_at": expires_at(now, poll_closes_at=ballot.election.poll_closes_at),
    }
    connection = session.connection()
    action_id = connection.execute(_ADD_ACTION, row).scalar_one()
    common = {
        "action_id": action_id,
        "campaign_id": campaign.id,
        "supporter_id": supporter.id,
        "status": LetterStatus.UNCONFIRMED,
        "created_at": now,
    }
    connection.execute(
        _ADD_LETTERS,
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
    record_births(connection, action_id, now=now)
    connection.execute(_PIN_WORDINGS, {"of_action": action_id, "of_campaign": campaign.id})
    action = as_loaded(session, Action(id=action_id, confirmed_at=None, reminded_at=None, **row))
    set_committed_value(action, "supporter", supporter)
    return action
