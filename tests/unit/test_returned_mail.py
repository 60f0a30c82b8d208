"""Mail that came back, in the forms in which mail systems write it."""

import tracemalloc
from pathlib import Path

import pytest

from campaign.delivery.incoming.mail import MAXIMUM_BYTES, read_mail
from campaign.delivery.incoming.reading import find_token, read
from campaign.delivery.returns import EventKind

SAMPLES = Path(__file__).parents[1] / "fixtures" / "returned"
TOKEN = "0123456789abcdef0123456789abcdef"
FORM = "bounce+{token}"
RECIPIENT = "ann@party.example.org"
LETTER = "Dear Ann Able,\n\nI live in Northmoor. Please make our streets safer.\n"


def sample(name: str, token: str = TOKEN) -> bytes:
    return (SAMPLES / f"{name}.eml").read_bytes().replace(b"RETURNTOKEN", token.encode())


@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [
        ("postfix_unknown_user", EventKind.HARD_BOUNCE, "5.1.1"),
        ("postfix_expired", EventKind.SOFT_BOUNCE, "4.4.1"),
        ("postfix_delayed", EventKind.DELAYED, "4.4.1"),
        ("exchange_unknown_user", EventKind.HARD_BOUNCE, "5.1.10"),
        ("exchange_quota", EventKind.MAILBOX_FULL, "5.2.2"),
        ("gmail_no_such_user", EventKind.HARD_BOUNCE, "5.1.1"),
        ("gmail_spam_policy", EventKind.SOFT_BOUNCE, "5.7.1"),
        ("qmail_no_mailbox", EventKind.HARD_BOUNCE, ""),
        ("exim_unrouteable", EventKind.HARD_BOUNCE, ""),
        ("forwarded_to_somebody_else", EventKind.UNREADABLE, ""),
        ("unreadable", EventKind.UNREADABLE, ""),
        ("delivered", None, ""),
        ("away_exchange", EventKind.AUTOMATIC_REPLY, ""),
        ("reply_person", EventKind.REPLY, ""),
        ("mailing_list", None, ""),
        ("complaint_arf", EventKind.COMPLAINT, ""),
    ],
)
def test_each_mail_is_told_for_what_it_is(name: str, kind: EventKind | None, status: str) -> None:
    mail = read_mail(sample(name))
    assert find_token(mail, FORM, []) == TOKEN
    reading = read(mail, recipient=RECIPIENT, sent_text=LETTER)
    assert (reading.kind, reading.status) == (kind, status)


def test_a_person_sees_what_the_bounce_says_and_not_the_letter() -> None:
    reading = read(read_mail(sample("unreadable")), recipient=RECIPIENT, sent_text=LETTER)
    assert reading.excerpt == (
        "Nachricht nicht zugestellt\n\nIhre Nachricht konnte nicht übermittelt werden."
    )


def test_a_complaint_may_be_none() -> None:
    raw = sample("complaint_arf").replace(b"Feedback-Type: abuse", b"Feedback-Type: not-spam")
    assert read(read_mail(raw), recipient=RECIPIENT, sent_text=LETTER).kind is None


def test_the_plain_text_of_a_reply_is_read_in_its_own_charset() -> None:
    mail = read_mail(sample("reply_person"))
    assert mail.text() == "Thank you, Jane. Let us talk – Ann"
    assert mail.sender == "ann@party.example.org"
    html_only = read_mail(
        b"From: a@example.org\nContent-Type: text/html\n\n"
        b"<style>p{}</style><p>One &amp; two</p><script>x()</script><p>Three</p>"
    )
    assert html_only.text() == "One & two\nThree"


@pytest.mark.parametrize("header", ["Auto-Submitted: auto-replied", "X-Autoreply: yes"])
def test_programs_are_told_from_people(header: str) -> None:
    raw = sample("reply_person").replace(b"MIME-Version", header.encode() + b"\nMIME-Version")
    kind = read(read_mail(raw), recipient=RECIPIENT, sent_text=LETTER).kind
    assert kind is EventKind.AUTOMATIC_REPLY


@pytest.mark.parametrize("precedence", [b"bulk", b"junk", b"list"])
def test_bulk_mail_is_nobodys_reply(precedence: bytes) -> None:
    raw = sample("reply_person").replace(
        b"MIME-Version", b"Precedence: " + precedence + b"\nMIME-Version"
    )
    assert read(read_mail(raw), recipient=RECIPIENT, sent_text=LETTER).kind is None


def test_the_fingerprint_is_of_the_mail_and_not_of_its_way() -> None:
    raw = sample("qmail_no_mailbox")
    again = b"Received: from elsewhere\r\n" + raw.replace(b"\n", b"\r\n")
    assert read_mail(raw).message_id == ""
    assert read_mail(raw).fingerprint == read_mail(again).fingerprint
    assert read_mail(raw).fingerprint != read_mail(raw + b"more").fingerprint
    named = sample("postfix_unknown_user")
    assert read_mail(named).fingerprint == read_mail(named + b"more").fingerprint


_ROBOT = b"From: mailer-daemon@example.org\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 1000,
        bytes(range(256)) * 100,
        _ROBOT + b"\n" + b"a" * 10_000_000,
        _ROBOT + b"\n" + b"a@" * 5_000_000,
        _ROBOT
        + b"Content-Type: multipart/mixed; boundary=b0\n\n"
        + b"".join(
            b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (i, i + 1)
            for i in range(8000)
        ),
        _ROBOT + b"Content-Type: message/rfc822\n\n" + b"Content-Type: message/rfc822\n\n" * 15_000,
        _ROBOT + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 100_000,
        _ROBOT + b"Content-Type: multipart/report; boundary=b\n\n--b\n"
        b"Content-Type: message/delivery-status\n\n" + b"Action: failed\n\n" * 30_000,
        _ROBOT + b"Content-Type: multipart/report\n\nno boundary",
        b"".join(b"X-%d: a\n" % i for i in range(60_000)),
        b"To: " + b"((((((((" * 50_000 + b"\n\nhello",
        b"From: " + b'"((((' * 500 + b"\nTo: " + b"(\\" * 20_000 + b"\n\nhello",
        b"Subject: =?nope?q?abc?= =?utf-8?b?!!!!?= \xff\xfe\n"
        b'Content-Type: text/plain; charset="nope"\n\n\xff\xfe abc',
        b"Content-Type: text/html\n\n" + b"<" * 400_000,
        b"Content-Type: text/html\n\n&#x110000;&#xd800;&#0;",
        b"Content-Transfer-Encoding: base64\n\n" + b"!!!" * 1000,
        b"Content-Type: a/b; x*0*=us-ascii''x; x*9999999999=y\n\nhello",
    ],
    ids=range(18),
)
def test_nothing_that_a_mail_can_hold_ends_the_reading(raw: bytes) -> None:
    tracemalloc.start()
    mail = read_mail(raw)
    find_token(mail, FORM, [])
    reading = read(mail, recipient=RECIPIENT, sent_text=LETTER)
    texts = (mail.fingerprint, mail.sender, mail.text(), mail.message_id, reading.excerpt)
    for text in texts:
        assert "\0" not in text
        text.encode()  # Half a character could not be stored.
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60 * MAXIMUM_BYTES


def test_every_beginning_of_a_report_can_be_read() -> None:
    raw = sample("postfix_unknown_user")
    for length in range(0, len(raw), 7):
        read(read_mail(raw[:length]), recipient=RECIPIENT, sent_text=LETTER)
