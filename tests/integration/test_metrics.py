"""The numbers for monitoring, on each database: the same rows give the same answers."""

from datetime import timedelta

from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.delivery import service
from campaign.delivery.models import DeliveryAttempt
from campaign.delivery.rules import AttemptOutcome, Lane, MessageStatus
from campaign.reports.metrics import list_measures
from tests.conftest import FrozenClock


def test_each_number_is_counted_on_each_database(database: Database, clock: FrozenClock) -> None:
    mail = MailSettings(letters_per_hour=2)
    with database.transaction() as session:
        for number in range(4):
            message = service.queue_message(
                session,
                mail=mail,
                lane=Lane.LETTER,
                scope="campaign:1",
                recipient="ann@example.org",
                from_name="Jane",
                subject="Safer streets",
                body="Dear candidate",
                now=clock(),
            )
            if number < 2:
                message.status, message.sent_at = MessageStatus.SENT, clock()
                session.add(
                    DeliveryAttempt(
                        outbox_message_id=message.id,
                        number=1,
                        started_at=clock() - timedelta(hours=number * 2),
                        outcome=AttemptOutcome.SENT,
                    )
                )
            elif number == 2:
                message.due_at = clock() + timedelta(hours=1)
    clock.advance(minutes=1)
    with database.reader() as session:
        found = {each.name: each.values for each in list_measures(session, mail=mail, now=clock())}
    assert found["campaign_messages"]["letter", "sent"] == 2
    assert found["campaign_messages"]["letter", "queued"] == 2
    assert found["campaign_queue_oldest_seconds"] == {
        ("confirmation",): 0,
        ("notice",): 0,
        ("letter",): 60,
    }
    assert found["campaign_letters_waiting"] == {(): 1}
    assert found["campaign_recipients_at_limit"] == {(): 1}
    assert found["campaign_tries_last_hour"] == {("sent",): 1}
    assert found["campaign_letters"] == {}
