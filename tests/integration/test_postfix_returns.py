"""What a real Postfix brings back, by the guide's recipe: bounces, delays, replies."""

import re
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import Envelope
from sqlalchemy import select

from campaign.candidates.models import ContactRepair
from campaign.delivery.models import Suppression
from campaign.delivery.returns import EventKind
from campaign.delivery.rules import Lane
from campaign.letters.rules import LetterStatus
from tests.integration.relaying import ANN, BOB, Installation, NextHop
from tests.postfix import Postfix

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""Where the kind of the database makes no difference."""


def test_a_real_bounce_comes_back(
    installation: Installation, postfix: Postfix, hop: NextHop
) -> None:
    hop.refuses[ANN] = "550 5.1.1 <ann@example.org>: no such mailbox"
    installation.write(to=(ANN, BOB))
    installation.send()
    postfix.wait_until_empty()
    assert hop.recipients() == [BOB]
    assert [code for code, _said, _mail in postfix.taken()] == [0]
    assert installation.kinds() == [EventKind.HARD_BOUNCE]
    assert installation.statuses() == [LetterStatus.BOUNCED, LetterStatus.SENT]
    with installation.toolkit.database.reader() as session:
        assert session.scalars(select(Suppression.address_key)).all() == [ANN]
        (repair,) = session.scalars(select(ContactRepair))
        assert repair.cause == "hard_bounce"
    (notice,) = installation.messages(Lane.NOTICE)
    assert notice.recipient == "supporter-0@example.org"
    installation.send()
    postfix.wait_until_empty()
    assert "supporter-0@example.org" in hop.recipients(), "the writer is told"


@on_sqlite
def test_a_bounce_of_the_bounce_s_news_ends_there(
    installation: Installation, postfix: Postfix, hop: NextHop
) -> None:
    hop.refuses[ANN] = hop.refuses["supporter-0@example.org"] = "550 5.1.1 no such mailbox"
    installation.write()
    for _ in range(4):
        installation.send()
        postfix.wait_until_empty()
    assert installation.kinds() == [EventKind.HARD_BOUNCE] * 2
    assert len(installation.messages(Lane.NOTICE)) == 1
    assert hop.accepted == []


@on_sqlite
def test_a_delay_is_noted_and_the_letter_arrives_later(
    installation: Installation, postfix: Postfix, hop: NextHop
) -> None:
    hop.refuses[ANN] = "451 4.3.0 come back later"
    installation.write()
    installation.send()
    postfix.wait_until(lambda: installation.kinds() == [EventKind.DELAYED], flushing=True)
    assert installation.statuses() == [LetterStatus.SENT]
    assert installation.messages(Lane.NOTICE) == []
    hop.refuses.clear()
    postfix.wait_until_empty(flushing=True)
    assert hop.recipients() == [ANN]
    assert installation.statuses() == [LetterStatus.SENT]


@on_sqlite
def test_what_the_program_cannot_take_now_stays_with_postfix(
    installation: Installation, postfix: Postfix, hop: NextHop
) -> None:
    hop.refuses[ANN] = "550 5.1.1 no such mailbox"
    settings = dict(postfix.settings)
    postfix.configure({**settings, "MAIL_CHANNEL": "pigeon"})
    installation.write()
    installation.send()
    postfix.wait_until(lambda: len(postfix.taken()) >= 1, flushing=True)
    assert postfix.taken()[0][0] == 75
    assert "bounce+" in postfix.queue()
    assert installation.kinds() == []
    postfix.configure(settings)
    postfix.wait_until_empty(flushing=True)
    assert installation.statuses() == [LetterStatus.BOUNCED]
    bounced = re.findall(r"to=<(\S+?)>.*status=bounced", postfix.log_since_forgotten())
    assert bounced == [ANN], "the bounce itself was kept"


@on_sqlite
def test_a_reply_of_a_person_arrives_word_for_word(
    installation: Installation, postfix: Postfix, hop: NextHop
) -> None:
    def reply(envelope: Envelope) -> EmailMessage | None:
        if envelope.rcpt_tos != [ANN]:
            return None
        message = EmailMessage()
        message["From"], message["Subject"] = ANN, "Re: Safer streets"
        message["Message-ID"] = "<thanks@example.org>"
        message.set_content("Thank you.\n.net is where I work\n.\nFrom Ann\n")
        return message

    hop.answers_with = reply
    installation.write()
    installation.send()
    postfix.wait_until(lambda: bool(installation.kinds()))
    postfix.wait_until_empty()
    assert installation.kinds() == [EventKind.REPLY]
    (notice,) = installation.messages(Lane.NOTICE)
    assert "> Thank you.\n> .net is where I work\n> .\n> From Ann\n" in notice.body
    (_code, _said, mail) = postfix.taken()[0]
    assert mail.startswith(b"Return-Path: <ann@example.org>\nDelivered-To: bounce+")


@on_sqlite
@pytest.mark.parametrize("is_honest", [True, False])
def test_programs_that_answer_everything_do_not_go_round(
    installation: Installation, postfix: Postfix, hop: NextHop, is_honest: bool
) -> None:
    """Candidate and supporter both have a program that answers each mail, at once, for ever."""
    count = iter(range(1000))

    def answer(envelope: Envelope) -> EmailMessage:
        message = EmailMessage()
        message["From"] = envelope.rcpt_tos[0]
        message["Subject"] = "Your mail"
        message["Message-ID"] = f"<answer-{next(count)}@example.org>"
        if is_honest:
            message["Auto-Submitted"] = "auto-replied"
        message.set_content(f"We have received your mail, number {next(count)}.\n")
        return message

    hop.answers_with = answer
    installation.write()
    for _ in range(5):
        installation.send()
        postfix.wait_until_empty()
        installation.clock.advance(minutes=10)
    assert len(installation.messages(Lane.NOTICE)) == 1, "passed on once"
    assert sorted(hop.recipients()) == [ANN, "supporter-0@example.org"]
    expected = EventKind.AUTOMATIC_REPLY if is_honest else EventKind.REPLY
    assert installation.kinds() == [expected] * 2
    assert not installation.is_paused()
