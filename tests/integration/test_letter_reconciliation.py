from typing import Any

import pytest
from sqlalchemy import delete, event, update
from sqlalchemy.orm import Session

from bench.letters import make_ground, write_letters
from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane, MessageStatus
from campaign.letters.models import Letter, LetterTransition
from campaign.letters.rules import LetterStatus
from campaign.letters.service import confirm_action, record_delivery, withdraw_letter
from campaign.reports.reconciliation import Reconciliation, reconcile_letters
from tests.conftest import FrozenClock
from tests.integration.letters import CORRESPONDENCE, deliver, make_scene, messages_of


@pytest.fixture
def lived(session: Session, clock: FrozenClock) -> None:
    """One letter sent, one queued, one held, one withdrawn, and four unconfirmed."""
    emails = ["ann@example.org", "bob@example.org", None, "dee@example.org"]
    scene = make_scene(emails=emails)
    action = scene.write(session, now=clock()).action
    assert action is not None
    confirm_action(session, action.id, correspondence=CORRESPONDENCE, now=clock())
    message = messages_of(session, Lane.LETTER)[0]
    deliver(session, message, clock())
    record_delivery(session, message, clock(), correspondence=CORRESPONDENCE)
    withdraw_letter(session, action, action.letters[3].id, now=clock())
    scene.write(session, now=clock(), email="other@example.org", key="another form")
    session.flush()


def reconciled(session: Session) -> Reconciliation:
    (result,) = reconcile_letters(session)
    return result


def test_the_books_balance(session: Session, lived: None) -> None:
    result = reconciled(session)
    assert result.faults == ()
    assert result.is_right
    assert result.accepted == 8
    assert {status: count for status, count in result.by_status.items() if count} == {
        LetterStatus.UNCONFIRMED: 4,
        LetterStatus.QUEUED: 1,
        LetterStatus.HELD: 1,
        LetterStatus.SENT: 1,
        LetterStatus.WITHDRAWN: 1,
    }


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (delete(LetterTransition).where(LetterTransition.letter_id == 1), "without any entry"),
        (
            update(Letter).where(Letter.id == 2).values(status=LetterStatus.FAILED),
            "another status",
        ),
        (
            update(OutboxMessage)
            .where(OutboxMessage.lane == Lane.LETTER)
            .values(status=MessageStatus.FAILED),
            "queued without a message",
        ),
        (
            update(OutboxMessage)
            .where(OutboxMessage.status == MessageStatus.SENT)
            .values(status=MessageStatus.QUEUED),
            "sent without a message",
        ),
        (
            update(OutboxMessage)
            .where(OutboxMessage.status == MessageStatus.CANCELLED)
            .values(status=MessageStatus.QUEUED),
            "may leave",
        ),
        (
            update(LetterTransition)
            .where(LetterTransition.to_status == LetterStatus.SENT)
            .values(from_status=LetterStatus.UNCONFIRMED),
            "does not allow",
        ),
        (update(Letter).where(Letter.id == 3).values(held_reason=None), "without a reason"),
    ],
)
def test_what_does_not_fit_is_named(session: Session, lived: None, harm: object, said: str) -> None:
    session.execute(harm)  # type: ignore[call-overload]
    result = reconciled(session)
    assert not result.is_right

    assert any(said in fault for fault in result.faults)


def test_no_part_of_the_log_is_read_for_each_letter_by_itself(
    database: Database, clock: FrozenClock
) -> None:
    """Such a plan took PostgreSQL minutes for 20,000 letters that it had no statistics of."""
    make_ground(database, candidates=20)
    write_letters(database, MailSettings(), 100, now=clock())
    with database.reader() as session:
        connection = session.connection()
        asked: list[tuple[str, Any]] = []

        def note(_connection: object, _cursor: object, said: str, given: Any, *_: object) -> None:
            asked.append((said, given))

        event.listen(connection, "before_cursor_execute", note)
        assert reconciled(session).accepted == 100
        event.remove(connection, "before_cursor_execute", note)
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        steps = [
            str(row)
            for said, given in asked
            for row in connection.exec_driver_sql(f"{explain} {said}", given)
        ]
    assert any("transitions" in step for step in steps)
    in_turn = [
        each
        for each, before in zip(steps[1:], steps, strict=False)
        if "SubPlan" in each or ("SCAN letter_transitions" in each and "CORRELATED" in before)
    ]
    assert in_turn == []
