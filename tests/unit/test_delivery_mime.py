import email
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.delivery.channels.base import Outgoing
from campaign.delivery.channels.mime import build_email, envelope_address
from campaign.delivery.errors import UnsafeHeader, UnsendableAddress

OUTGOING = Outgoing(
    recipient="candidate@example.org",
    from_name="Jane Smith via Safer streets",
    from_address="letters@campaign.example.org",
    return_path="bounce+1@campaign.example.org",
    message_id="<0123@campaign.example.org>",
    subject="Safer streets",
    body="Dear candidate,\n\nPlease act.\n",
    date=datetime(2031, 5, 1, 10, 0, tzinfo=UTC),
    reply_to="jane@example.org",
)


def written(**changes: object) -> bytes:
    return build_email(replace(OUTGOING, **changes))


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def assert_every_server_takes(raw: bytes) -> None:
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert max(len(line) for line in lines) <= 998
    assert not any(b"\n" in line or b"\r" in line or b"\0" in line for line in lines)


def test_plain_text_stays_readable() -> None:
    raw = written()
    assert_every_server_takes(raw)
    assert b"Content-Transfer-Encoding: 7bit" in raw
    assert raw.endswith(b"Dear candidate,\r\n\r\nPlease act.\r\n")


def test_the_headers_say_who_writes_and_where_to_answer() -> None:
    message = read(written())
    assert message["From"] == "Jane Smith via Safer streets <letters@campaign.example.org>"
    assert message["Reply-To"] == "jane@example.org"
    assert message["To"] == "candidate@example.org"
    assert message["Message-ID"] == "<0123@campaign.example.org>"
    assert message["Date"].datetime == OUTGOING.date
    assert "bounce" not in str(message), "the return path is for the envelope"


@pytest.mark.parametrize(
    "name",
    [
        "Siân Ó Briain via Ymgyrch",
        'Jane "JJ" Smith, MP via <Streets>',
        "李小龍 via Streets",
        "=?utf-8?q?hidden?= via Streets",
        "A very long name of a very long organisation that goes on and on for ever and a day more",
        "Ünïcode, with a comma and (brackets) and a very long tail that must be folded somewhere",
        "",
    ],
)
def test_a_name_arrives_as_it_was_written(name: str) -> None:
    raw = written(from_name=name)
    assert_every_server_takes(raw)
    # The standard parser of some versions adds a space between encoded words of a name.
    encoded, address = parseaddr(email.message_from_bytes(raw)["From"].replace("\r\n", ""))
    assert address == OUTGOING.from_address
    assert str(make_header(decode_header(encoded))) == name


@pytest.mark.parametrize(
    "subject", ["Strydoedd mwy diogel: ŵ", "word " * 60, "x" * 900, "=?utf-8?q?hidden?=", "é" * 300]
)
def test_a_subject_arrives_as_it_was_written(subject: str) -> None:
    raw = written(subject=subject)
    assert_every_server_takes(raw)
    assert read(raw)["Subject"].split() == subject.split()


def test_a_long_signed_link_is_one_verbatim_line() -> None:
    link = f"<https://campaign.example.org/stop/{'t' * 300}>"
    raw = written(headers={"List-Unsubscribe": link, "List-Unsubscribe-Post": "One-Click"})
    assert f"\r\nList-Unsubscribe: {link}\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: One-Click\r\n" in raw


@pytest.mark.parametrize(
    "body",
    [
        "x" * 5000,
        "é" * 3000,
        "Annwyl ymgeisydd, tŷ a chŵn. " * 100,
        "a\0b\x08c",
        ".\n..\nFrom me\n",
        "no line end",
        "",
    ],
)
def test_a_body_arrives_unchanged_and_in_short_lines(body: str) -> None:
    raw = written(body=body)
    assert_every_server_takes(raw)
    assert read(raw).get_content().replace("\r\n", "\n").rstrip("\n") == body.rstrip("\n")


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029")))
def test_any_body_arrives_unchanged(body: str) -> None:
    raw = written(body=body)
    assert_every_server_takes(raw)
    assert read(raw).get_content().replace("\r\n", "\n").rstrip("\n") == body


@pytest.mark.parametrize("bad", ["a\nBcc: x@example.org", "a\r\nX: y", "a\rb", "a\0b", "a\u2028b"])
@pytest.mark.parametrize("field", ["recipient", "from_name", "subject", "reply_to", "message_id"])
def test_a_line_break_in_a_header_is_refused(field: str, bad: str) -> None:
    with pytest.raises(UnsafeHeader):
        written(**{field: bad})


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Ok": "a\r\nBcc: x@example.org"},
        {"X\r\nBcc": "x@example.org"},
        {"X Space": "a"},
        {"Bcc": "x@example.org"},
        {"From": "x@example.org"},
        {"X-Long": "x" * 1000},
    ],
)
def test_a_further_header_cannot_smuggle_another(headers: dict[str, str]) -> None:
    with pytest.raises(UnsafeHeader):
        written(headers=headers)


@pytest.mark.parametrize(
    "address",
    ["siân@example.org", "a@example.org, b@example.org", "<a@example.org>", "a b@example.org",
     "nobody", "@example.org", "a@", "a@b@example.org", f"a@{'x' * 70}.org"],
)  # fmt: skip
def test_an_address_without_one_plain_form_is_refused(address: str) -> None:
    with pytest.raises(UnsendableAddress):
        envelope_address(address)


def test_a_domain_in_other_letters_has_a_plain_form() -> None:
    assert envelope_address("jane.o'neil+x@tŷ.example.org") == (
        "jane.o'neil+x@xn--t-foa.example.org"
    )
