"""A real Postfix for all tests that want one, and an installation that sends through it."""

import os
import smtplib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from campaign.core.config import MailSettings
from campaign.core.db import Database
from campaign.core.toolkit import Toolkit
from campaign.delivery import queries
from campaign.delivery.channels.base import Channel
from campaign.delivery.channels.smtp import SmtpChannel
from campaign.delivery.models import DeliveryEvent, OutboxMessage
from campaign.delivery.returns import EventKind
from campaign.delivery.rules import ALL_SCOPES, Lane
from campaign.delivery.worker import Worker
from campaign.followups.correspondence import correspondence
from campaign.followups.returned_mail import outcome_handler
from campaign.letters.rules import LetterStatus
from campaign.reports.reconciliation import reconcile_letters
from tests import postfix as instances
from tests.conftest import FrozenClock, missing
from tests.factories import bind_factories
from tests.integration.letters import letters_of, make_scene, messages_of, scene_in
from tests.integration.test_smtp import Server, serving
from tests.postfix import DOMAIN, Postfix
from tests.returned import toolkit_on

ANN, BOB = "ann@example.org", "bob@example.org"


class NextHop(Server):
    """Where Postfix hands letters on: refuses some recipients, answers for others."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses: dict[str, str] = {}
        self.answers_with: Callable[[Envelope], EmailMessage | None] = lambda _envelope: None
        self.way_back = 0

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        return await super().handle_RCPT(server, _session, envelope, address, options)

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        answer = await super().handle_DATA(server, _session, envelope)
        reply = self.answers_with(envelope)
        if reply is not None and envelope.mail_from:
            threading.Thread(target=self._reply, args=(envelope.mail_from, reply)).start()
        return answer

    def _reply(self, to: str, reply: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.way_back) as host:
            sender = "" if reply["Auto-Submitted"] else str(reply["From"])
            host.sendmail(sender, [to], reply.as_bytes())

    def recipients(self) -> list[str]:
        return [each for envelope in self.accepted for each in envelope.rcpt_tos]


@pytest.fixture(scope="session")
def the_hop() -> Iterator[NextHop]:
    with serving(NextHop()) as hop:
        yield hop


@pytest.fixture(scope="session")
def the_postfix(the_hop: NextHop, certificate: Path) -> Iterator[Postfix]:
    if (reason := instances.why_not()) is not None:
        missing(reason)
    place = os.environ.get("PYTEST_DEBUG_TEMPROOT")
    with instances.started(next_hop=the_hop.port, certificate=certificate, place=place) as postfix:
        the_hop.way_back = postfix.port
        yield postfix


@pytest.fixture
def hop(the_hop: NextHop) -> NextHop:
    the_hop.accepted.clear()
    the_hop.refuses.clear()
    the_hop.answers.clear()
    the_hop.answers_with = lambda _envelope: None
    return the_hop


@pytest.fixture
def postfix(the_postfix: Postfix, database: Database) -> Iterator[Postfix]:
    the_postfix.configure(
        {
            "SECRET_KEY": "a secret of the tests that is long enough",
            "DATABASE_URL": database.url.render_as_string(hide_password=False),
            "CAMPAIGN_INSTANCE": str(the_postfix.folder),
            "MAIL_SENDER": f"letters@{DOMAIN}",
        }
    )
    the_postfix.forget()
    yield the_postfix
    the_postfix.policy.decide = lambda _asked: "DUNNO"


class Installation:
    """What sends: a database with one campaign, and workers on it."""

    def __init__(self, toolkit: Toolkit, clock: FrozenClock) -> None:
        self.toolkit = toolkit
        self.clock = clock

    def write(self, count: int = 1, *, to: tuple[str, ...] = (ANN,), **text: str) -> None:
        """Let so many supporters write, confirmed at once."""
        with self.toolkit.database.transaction() as session, bind_factories(session):
            scene = scene_in(session) if letters_of(session) else make_scene(emails=to)
            scene.campaign.letters_a_day = 1000  # Each by itself: digests have their own tests.
            session.flush()
            start = len(letters_of(session))
            for number in range(start, start + count):
                scene.write(
                    session,
                    now=self.clock(),
                    is_proven=True,
                    correspondence=correspondence(self.toolkit, session),
                    key=f"form {number}",
                    email=f"supporter-{number}@example.org",
                    **text,  # type: ignore[arg-type]
                )

    def worker(self, channel: Channel | None = None, **changes: object) -> Worker:
        """Return a worker as an installation wires it, with other mail settings by name."""
        mail = replace(self.toolkit.settings.mail, **changes)  # type: ignore[arg-type]
        return Worker(
            database=self.toolkit.database,
            channel=channel or SmtpChannel(mail),
            clock=self.clock,
            mail=mail,
            on_outcome=outcome_handler(self.toolkit),
        )

    def send(self, **changes: object) -> None:
        """Send what is due now."""
        worker = self.worker(**changes)
        worker.run_once()
        worker.close()

    def statuses(self) -> list[LetterStatus]:
        """Return where each letter stands."""
        with self.toolkit.database.reader() as session:
            return [letter.status for letter in letters_of(session)]

    def messages(self, lane: Lane = Lane.LETTER) -> list[OutboxMessage]:
        """Return the messages of a lane."""
        with self.toolkit.database.reader() as session:
            return messages_of(session, lane)

    def kinds(self) -> list[EventKind]:
        """Return what came back."""
        with self.toolkit.database.reader() as session:
            return list(session.scalars(select(DeliveryEvent.kind).order_by(DeliveryEvent.id)))

    def check_books(self) -> None:
        """Fail unless every letter that was accepted is accounted for."""
        with self.toolkit.database.reader() as session:
            for result in reconcile_letters(session):
                assert result.is_right, result.faults

    def is_paused(self) -> bool:
        """Tell whether all mail is paused."""
        with self.toolkit.database.reader() as session:
            return queries.find_pause(session, ALL_SCOPES) is not None


@pytest.fixture
def installation(
    database: Database, postfix: Postfix, hop: NextHop, clock: FrozenClock
) -> Iterator[Installation]:
    mail = MailSettings(
        channel="smtp",
        port=postfix.port,
        timeout_seconds=10,
        sender=f"letters@{DOMAIN}",
        letters_per_hour=1000,
        letters_per_day=1000,
    )
    installation = Installation(toolkit_on(database, clock, mail=mail), clock)
    yield installation
    installation.check_books()


def headers_of(envelope: Envelope) -> EmailMessage:
    message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message
