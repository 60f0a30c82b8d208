"""Confirmed letters in bulk: rows as the journey leaves them."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import Row, func, insert, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, Person
from campaign.core.clock import utc_now
from campaign.core.config import MailSettings
from campaign.core.db import Database, table_of
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane, MessageStatus, campaign_scope, normalise_recipient
from campaign.delivery.service.ramps import pass_ramp
from campaign.elections.models import Ballot, Election
from campaign.letters.models import Action, Letter, LetterTransition
from campaign.letters.rules import LetterStatus
from campaign.supporters.models import Supporter
from tests.factories import (
    BallotFactory,
    CampaignFactory,
    CandidacyFactory,
    ElectionFactory,
    bind_factories,
)

LETTERS_OF_ACTION = 5
SUBJECT = "Safer streets for children"
BODY = """Dear candidate,

I live in Northmoor and I am writing about the streets on which our children walk to school.

Last year one in four of them was nearly hit by a car. A crossing outside each school, slower
traffic where people live, and pavements without parked cars would change that within a year, and
cost less than a single roundabout.

Will you say in public, before we vote, whether you support these three asks? It takes a minute:

https://campaign.example.org/answer/WzEsMjM0XQ.c2lnbmF0dXJlLW9mLXRoaXMtbGluaw/

My daughter is seven. She would like to walk to school with her friends.

Yours sincerely,
Jane Smith

--
This letter was written by Jane Smith and sent through Safer streets for children, a campaign of
The Streets Trust, 1 High Street, Northmoor ZQ1 1AA. To hear less from this campaign, or to correct
your address, use the link above.
"""


def make_ground(database: Database, *, candidates: int) -> None:
    """Write a live campaign, past its ramp, with so many candidates who have an address."""
    with database.transaction() as session, bind_factories(session):
        ballot = BallotFactory(election=ElectionFactory())
        campaign = CampaignFactory(election=ballot.election)
        pass_ramp(session, campaign_scope(campaign.id), utc_now())
        first = CandidacyFactory(ballot=ballot)
        for _ in range(candidates - 1):
            CandidacyFactory(ballot=ballot, party=first.party)


def write_letters(database: Database, mail: MailSettings, count: int, *, now: datetime) -> None:
    """Queue so many letters, five to an action, to all candidates in turn."""
    with database.transaction() as session:
        campaign = session.scalars(select(Campaign)).one()
        ballot = session.scalars(select(Ballot)).one()
        closes = session.scalars(select(Election.poll_closes_at)).one()
        candidates = session.execute(
            select(Candidacy.id, Person.email).join(Candidacy.person).order_by(Candidacy.id)
        ).all()
        supporters = _next_id(session, Supporter)
        actions = _next_id(session, Action)
        letters = _next_id(session, Letter)
        messages = _next_id(session, OutboxMessage)
        writers = range(-(-count // LETTERS_OF_ACTION))
        session.execute(
            insert(table_of(Supporter)),
            [
                {
                    "id": supporters + each,
                    "email": f"supporter-{supporters + each}@example.org",
                    "created_at": now,
                }
                for each in writers
            ],
        )
        session.execute(
            insert(table_of(Action)),
            [
                {
                    "id": actions + each,
                    "campaign_id": campaign.id,
                    "supporter_id": supporters + each,
                    "constituency_id": ballot.constituency_id,
                    "submission_key": secrets.token_hex(16),
                    "supporter_name": f"Jane Smith {each}",
                    "consent_text": "I agree.",
                    "wants_news": False,
                    "words_text": "",
                    "news_text": "",
                    "created_at": now,
                    "expires_at": closes,
                    "confirmed_at": now,
                }
                for each in writers
            ],
        )
        session.execute(
            insert(table_of(OutboxMessage)),
            [
                _message(
                    messages + each,
                    f"Jane Smith {each // LETTERS_OF_ACTION} via {campaign.name}",
                    candidates[(letters + each) % len(candidates)],
                    campaign_scope(campaign.id),
                    reply_to=f"supporter-{supporters + each // LETTERS_OF_ACTION}@example.org",
                    mail=mail,
                    closes=closes,
                    now=now,
                )
                for each in range(count)
            ],
        )
        text_hash = hashlib.sha256(f"{SUBJECT}\n{BODY}".encode()).hexdigest()
        session.execute(
            insert(table_of(Letter)),
            [
                {
                    "id": letters + each,
                    "action_id": actions + each // LETTERS_OF_ACTION,
                    "campaign_id": campaign.id,
                    "supporter_id": supporters + each // LETTERS_OF_ACTION,
                    "candidacy_id": candidates[(letters + each) % len(candidates)].id,
                    "outbox_message_id": messages + each,
                    "status": LetterStatus.QUEUED,
                    "subject": SUBJECT,
                    "body": BODY,
                    "text_hash": text_hash,
                    "is_personal": False,
                    "created_at": now,
                }
                for each in range(count)
            ],
        )
        for before, after in (
            (None, LetterStatus.UNCONFIRMED),
            (LetterStatus.UNCONFIRMED, LetterStatus.QUEUED),
        ):
            session.execute(
                insert(table_of(LetterTransition)),
                [
                    {
                        "letter_id": letters + each,
                        "at": now,
                        "from_status": before,
                        "to_status": after,
                        "actor": "supporter",
                        "reason": "",
                    }
                    for each in range(count)
                ],
            )

        if not database.is_sqlite:
            # What the installation writes itself goes on from here.
            for model in (Supporter, Action, OutboxMessage, Letter):
                table = table_of(model).name
                newest = select(func.max(model.id)).scalar_subquery()
                session.execute(
                    select(func.setval(func.pg_get_serial_sequence(table, "id"), newest))
                )


def _next_id(session: Session, model: type) -> int:
    newest: int | None = session.scalar(select(func.max(model.id)))  # type: ignore[attr-defined]
    return (newest or 0) + 1


def _message(
    number: int,
    from_name: str,
    candidate: Row[tuple[int, str | None]],
    scope: str,
    *,
    reply_to: str,
    mail: MailSettings,
    closes: datetime,
    now: datetime,
) -> dict[str, object]:
    token = secrets.token_hex(12)
    recipient = candidate.email or ""
    domain = mail.sender.rpartition("@")[2]
    return {
        "id": number,
        "lane": Lane.LETTER,
        "scope": scope,
        "status": MessageStatus.QUEUED,
        "recipient": recipient,
        "recipient_key": normalise_recipient(recipient),
        "from_name": from_name,
        "from_address": mail.sender,
        "reply_to": reply_to,
        "return_path": f"bounce+{token}@{domain}",
        "message_id": f"<{token}@{domain}>",
        "subject": SUBJECT,
        "body": BODY,
        "headers": "{}",
        "created_at": now,
        "due_at": now,
        "not_after": closes,
        "timezone": "Europe/London",
        "attempt_count": 0,
        "last_error": "",
    }
