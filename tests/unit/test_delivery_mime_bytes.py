"""The bytes that we write ourselves are those of the standard library's EmailMessage."""

from dataclasses import replace
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, formataddr
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaign.delivery.channels.base import Outgoing
from campaign.delivery.channels.mime import build_email

OUTGOING = Outgoing(
    recipient="candidate@example.org",
    from_name="Jane Smith",
    from_address="letters@campaign.example.org",
    return_path="bounce+1@campaign.example.org",
    message_id="<0123@campaign.example.org>",
    subject="Safer streets",
    body="Dear candidate,\n",
    date=datetime(2031, 5, 1, 10, 0, tzinfo=UTC),
    reply_to="jane@example.org",
    headers={"Auto-Submitted": "auto-generated"},
)


class Verbatim(EmailPolicy):
    """Write header values as they are given."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        return name, str(value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}\r\n".encode("ascii")


def encoded(name: str, value: str) -> str:
    charset = "us-ascii" if value.isascii() and "=?" not in value else "utf-8"
    return Header(value, charset, 76, name).encode(linesep="\r\n")


def written_by_the_library(outgoing: Outgoing, encoding: str) -> bytes:
    email = EmailMessage(policy=Verbatim(linesep="\r\n", cte_type="7bit"))
    name, address = outgoing.from_name, outgoing.from_address
    is_plain = name.isascii() and "=?" not in name and len(name) + len(address) < 76
    folded = Header(name, "utf-8", 76, "From").encode(linesep="\r\n")
    email["From"] = formataddr((name, address)) if is_plain else f"{folded}\r\n <{address}>"
    email["To"] = outgoing.recipient
    email["Reply-To"] = outgoing.reply_to
    email["Subject"] = encoded("Subject", outgoing.subject)
    email["Date"] = format_datetime(outgoing.date)
    email["Message-ID"] = outgoing.message_id
    for header, value in outgoing.headers.items():
        email[header] = value if value.isascii() else encoded(header, value)
    email.set_content(outgoing.body, charset="utf-8", cte=encoding)
    return email.as_bytes()


def transfer_encoding(raw: bytes) -> str:
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    return head.partition("Content-Transfer-Encoding: ")[2].partition("\r\n")[0]


ordinary = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
ascii_words = st.text(st.sampled_from("ab  ,.\"'()<>=?_-:;@&"), max_size=120)
line_of_text = st.one_of(ascii_words, st.text(ordinary, max_size=120))
line_of_body = st.one_of(
    line_of_text,
    st.sampled_from([".", "..", "From me", "a \t", " ", "=20", "é", "x" * 77, "x" * 998]),
    st.integers(70, 1200).map(lambda length: "long é line " * (length // 12)),
)
bodies = st.lists(line_of_body, max_size=12).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(lines))
)


@settings(max_examples=400)
@given(subject=line_of_text, name=line_of_text, news=line_of_text, body=bodies)
@example(subject="", name="", news="", body="")
@example(subject=" a  b ", name='Jane "JJ"', news="é", body=".\n..\nFrom me\n trailing \t\n")
@example(subject="x" * 69, name="x" * 48, news="a", body="é" * 100 + "\n\f\x85\u2028end")
def test_the_bytes_are_those_of_the_standard_library(
    subject: str, name: str, news: str, body: str
) -> None:
    outgoing = replace(
        OUTGOING, subject=subject, from_name=name, body=body, headers={"X-News": news}
    )
    raw = build_email(outgoing)
    assert raw == written_by_the_library(outgoing, transfer_encoding(raw))


def test_every_transfer_encoding_is_compared() -> None:
    seen = set()
    for body in ("Plain.\n", "x" * 2000, "Tŷ, a long text of mostly plain letters.\n", "é" * 50):
        outgoing = replace(OUTGOING, body=body)
        raw = build_email(outgoing)
        encoding = transfer_encoding(raw)
        assert raw == written_by_the_library(outgoing, encoding)
        seen.add(encoding)
    assert seen == {"7bit", "quoted-printable", "base64"}
