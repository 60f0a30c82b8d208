"""Letters that leave through a real Postfix: what it takes, what it refuses, its restarts."""

import re
import smtplib
import ssl
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from campaign.delivery.channels.smtp import SmtpChannel
from campaign.delivery.models import Suppression
from campaign.letters.rules import LetterStatus
from tests.integration.relaying import ANN, BOB, Installation, NextHop, headers_of
from tests.postfix import DOMAIN, Postfix

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""Where the kind of the database makes no difference."""


@on_sqlite
def test_nothing_leaves_this_machine(postfix: Postfix, hop: NextHop) -> None:
    main = (postfix.config / "main.cf").read_text()
    for name in ("default", "local", "virtual"):
        assert f"{name}_transport = error:" in main
    assert "relay_transport = discard:" in main
    master = (postfix.config / "master.cf").read_text()
    assert re.findall(r"^(\S+) .* (?:smtp|lmtp)$", master, re.MULTILINE) == ["onward"]
    assert "onward unix - - n - - smtp\n  -o smtp_bind_address=127.0.0.1\n" in master
    listeners = re.findall(r"^(\S+) inet", master, re.MULTILINE)
    assert len(listeners) == 4
    assert all(each.startswith("127.0.0.1:") for each in listeners)
    hops = re.findall(r"onward:(\S+)", (postfix.config / "transport").read_text())
    assert hops == [f"[127.0.0.1]:{hop.port}"]
    with (
        smtplib.SMTP("127.0.0.1", postfix.port) as host,
        pytest.raises(smtplib.SMTPRecipientsRefused, match="nothing leaves this machine"),
    ):
        host.sendmail(f"letters@{DOMAIN}", ["ann@elsewhere.example.net"], b"Subject: x\r\n\r\n")


@on_sqlite
def test_a_letter_arrives_as_it_was_written(
    installation: Installation, postfix: Postfix, hop: NextHop
) -> None:
    body = "Dear Siân,\n\n.\n..two dots\nFrom the first line on\n" + "long " * 300 + "\n"
    installation.write(body=body, subject="Safer streets – for Siân", name="Zoë O’Hara")
    installation.send()
    assert installation.statuses() == [LetterStatus.SENT]
    postfix.wait_until_empty()
    (envelope,) = hop.accepted
    (message,) = installation.messages()
    assert envelope.mail_from == message.return_path
    assert re.fullmatch(r"bounce\+[0-9a-f]{32}@campaign\.example\.org", message.return_path)
    assert envelope.rcpt_tos == [ANN]
    arrived = headers_of(envelope)
    assert arrived["Message-ID"] == message.message_id
    assert arrived["Subject"] == "Safer streets – for Siân"
    assert arrived["Reply-To"] == "supporter-0@example.org"
    assert arrived["From"].addresses[0].addr_spec == f"letters@{DOMAIN}"
    assert "Zoë O’Hara" in arrived["From"].addresses[0].display_name
    text = arrived.get_content().replace("\r\n", "\n")
    assert text.rstrip() == message.body.rstrip()
    assert "\n.\n..two dots\nFrom the first" in text
    assert message.return_token
    assert message.return_token.encode() not in (envelope.original_content or b"")


# What Postfix refuses


@on_sqlite
@pytest.mark.parametrize("code", [450, 550])
@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END-OF-MESSAGE"])
def test_a_refusal_at_each_stage_is_for_a_while_or_for_good(
    installation: Installation, postfix: Postfix, hop: NextHop, stage: str, code: int
) -> None:
    def refuse(asked: dict[str, str]) -> str:
        # Who is refused with EHLO tries HELO.
        state = asked["protocol_state"].replace("HELO", "EHLO")
        return f"{code} {code // 100}.7.1 not you" if state == stage else "DUNNO"

    postfix.policy.decide = refuse
    installation.write(2)
    installation.send()
    assert hop.accepted == []
    is_about_us = stage in ("CONNECT", "EHLO", "MAIL")
    is_lost = code == 550 and not is_about_us
    assert set(installation.statuses()) == {LetterStatus.FAILED if is_lost else LetterStatus.QUEUED}
    assert installation.is_paused() == (code == 550 and is_about_us)
    postfix.policy.decide = lambda _asked: "DUNNO"
    installation.clock.advance(hours=1)
    installation.send()
    postfix.wait_until_empty()
    letters = [each for each in hop.recipients() if each == ANN]
    assert len(letters) == (0 if is_lost else 2)
    assert set(installation.statuses()) == {LetterStatus.FAILED if is_lost else LetterStatus.SENT}


@on_sqlite
def test_greylisting_costs_a_minute(
    installation: Installation, postfix: Postfix, hop: NextHop
) -> None:
    seen: set[str] = set()

    def greylist(asked: dict[str, str]) -> str:
        if asked["protocol_state"] != "RCPT" or asked["recipient"] in seen:
            return "DUNNO"
        seen.add(asked["recipient"])
        return "DEFER_IF_PERMIT Greylisted, come back later"

    postfix.policy.decide = greylist
    installation.write(to=(ANN, BOB))
    installation.send()
    assert installation.statuses() == [LetterStatus.QUEUED] * 2
    installation.clock.advance(minutes=1, seconds=15)
    installation.send()
    postfix.wait_until_empty()
    assert sorted(hop.recipients()) == [ANN, BOB]
    assert installation.statuses() == [LetterStatus.SENT] * 2


@on_sqlite
def test_a_recipient_that_postfix_does_not_know_costs_that_letter_only(
    installation: Installation, postfix: Postfix, hop: NextHop
) -> None:
    installation.write(to=(f"nobody@{DOMAIN}", BOB))
    installation.send()
    postfix.wait_until_empty()
    assert installation.statuses() == [LetterStatus.FAILED, LetterStatus.SENT]
    assert not installation.is_paused()
    with installation.toolkit.database.reader() as session:
        assert session.scalars(select(Suppression.address_key)).all() == [f"nobody@{DOMAIN}"]


@on_sqlite
def test_a_relay_that_does_not_know_us_pauses_everything(
    installation: Installation, postfix: Postfix, hop: NextHop
) -> None:
    installation.write(3)
    for _ in range(12):
        installation.send(port=postfix.stranger_port)
        assert installation.is_paused()
        installation.clock.advance(hours=2)
    assert set(installation.statuses()) == {LetterStatus.QUEUED}, "no letter fails for it"
    installation.send()
    installation.clock.advance(hours=30)
    installation.send()
    postfix.wait_until_empty()
    assert hop.recipients() == [ANN] * 3


@on_sqlite
def test_a_letter_that_is_too_long_for_the_relay_fails_alone(
    installation: Installation, postfix: Postfix, hop: NextHop
) -> None:
    installation.write(body="Dear candidate,\n" + "please act\n" * 300)
    installation.write(body="Dear candidate,\nplease act\n")
    installation.send(port=postfix.small_port)
    postfix.wait_until_empty()
    assert installation.statuses() == [LetterStatus.FAILED, LetterStatus.SENT]
    assert not installation.is_paused()


@on_sqlite
def test_a_wrong_certificate_gets_nothing(
    installation: Installation, postfix: Postfix, hop: NextHop, certificate: Path
) -> None:
    installation.write(2)
    worker = installation.worker(use_starttls=True)
    worker.run_once()
    assert worker.channel_failure is not None
    assert "certificate" in str(worker.channel_failure)
    worker.close()
    assert installation.statuses() == [LetterStatus.QUEUED] * 2
    assert "from=<bounce" not in postfix.log_since_forgotten()
    installation.clock.advance(hours=1)
    mail = replace(installation.toolkit.settings.mail, use_starttls=True)
    trusting = SmtpChannel(mail, tls=ssl.create_default_context(cafile=certificate))
    worker = installation.worker(trusting)
    worker.run_once()
    worker.close()
    postfix.wait_until_empty()
    assert hop.recipients() == [ANN] * 2


# Postfix that comes and goes


@on_sqlite
@pytest.mark.parametrize("verb", ["stop", "abort"])
def test_a_postfix_that_ends_while_letters_leave_loses_none(
    installation: Installation, postfix: Postfix, hop: NextHop, verb: str
) -> None:
    installation.write(30)
    worker = installation.worker()
    ended = threading.Thread(target=postfix.end, args=(verb,))

    def end_in_the_middle(asked: dict[str, str]) -> str:
        if asked["protocol_state"] == "END-OF-MESSAGE":
            if (letter := next(count)) == 10:
                ended.start()
            elif letter > 10:  # However slowly it ends, no more than that one is taken meanwhile.
                ended.join(60)
        return "DUNNO"

    count = iter(range(1000))
    postfix.policy.decide = end_in_the_middle
    worker.run_once()
    ended.join(60)
    done = worker.channel_failure
    assert done is not None
    assert not done.is_permanent
    waiting = installation.statuses().count(LetterStatus.QUEUED)
    assert waiting > 0
    postfix.policy.decide = lambda _asked: "DUNNO"
    postfix.start()
    for _ in range(34):  # One at a time, as the pace has it.
        worker.run_once()
        installation.clock.advance(minutes=20)
    worker.close()
    postfix.wait_until_empty(flushing=True)
    assert set(installation.statuses()) == {LetterStatus.SENT}
    arrived = [headers_of(envelope)["Message-ID"] for envelope in hop.accepted]
    assert set(arrived) == {message.message_id for message in installation.messages()}
    # One may come twice, by the same Message-ID: what Postfix itself had in hand as it ended,
    # handed on and not yet taken out of its queue. Rare where it ends in good order.
    assert len(arrived) - 30 <= 1
