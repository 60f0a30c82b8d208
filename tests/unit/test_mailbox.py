from pathlib import Path

import pytest

from campaign.demonstration.mailbox import (
    EmailNotFound,
    Segment,
    get_email,
    list_emails,
    split_links,
)

BASE = "http://127.0.0.1:5000"
LETTER = b"""\
From: Jane Smith via Safer streets <letters@campaign.example.org>\r
To: candidate-1@example.org\r
Reply-To: jane@example.org\r
Subject: =?utf-8?q?Stra=C3=9Fen?=\r
Date: Thu, 01 May 2031 10:00:00 +0000\r
Message-ID: <abc@campaign.example.org>\r
Content-Type: text/plain; charset="utf-8"\r
Content-Transfer-Encoding: 8bit\r
\r
Dear Ada,\r
\r
caf\xc3\xa9\r
"""


def write(mailbox: Path, number: int, content: bytes = LETTER) -> str:
    mailbox.mkdir(exist_ok=True)
    name = f"20310501T10{number:02d}00.000000Z-{number:024x}"
    (mailbox / f"{name}.eml").write_bytes(content)
    return name


def test_an_email_is_read_with_its_headers_and_text(tmp_path: Path) -> None:
    email = get_email(tmp_path, write(tmp_path, 1))
    assert email.subject == "Straßen"
    assert email.body == "Dear Ada,\n\ncafé\n"
    assert dict(email.headers)["Reply-To"] == "jane@example.org"
    assert email.at.isoformat() == "2031-05-01T10:00:00+00:00"


def test_a_long_name_is_shown_without_a_gap(tmp_path: Path) -> None:
    sender = (
        b"From: =?utf-8?q?Jane_via_Make_it_safer_for_childre?=\r\n =?utf-8?q?n?=\r\n"
        b" <a@example.org>"
    )
    content = LETTER.replace(LETTER.split(b"\r\n")[0], sender)
    headers = dict(get_email(tmp_path, write(tmp_path, 1, content)).headers)
    assert headers["From"] == "Jane via Make it safer for children <a@example.org>"


def test_the_newest_stands_first_and_recipients_can_be_searched(tmp_path: Path) -> None:
    names = [write(tmp_path, number) for number in range(1, 5)]
    names.append(write(tmp_path, 5, LETTER.replace(b"candidate-1@", b"Other@")))
    assert [email.name for email in list_emails(tmp_path).emails] == names[::-1]
    found = list_emails(tmp_path, recipient=" other@ ")
    assert [email.name for email in found.emails] == names[-1:]
    assert (found.matching, found.total) == (1, 5)
    some = list_emails(tmp_path, limit=2)
    assert (len(some.emails), some.matching, some.total) == (2, 5, 5)
    some = list_emails(tmp_path, recipient="candidate", limit=2)
    assert (len(some.emails), some.matching, some.total) == (2, 4, 5)


def test_a_mailbox_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert list_emails(tmp_path / "nothing").total == 0


def test_a_broken_file_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    name = write(tmp_path, 1, b"Date: never\r\n\r\n\xff\xfe")
    assert get_email(tmp_path, name).subject == ""


@pytest.mark.parametrize(
    "name", ["../secret", "..", ".hidden", "a/b", "a\\b", "", "a\x00", "x" * 300]
)
def test_names_that_are_paths_are_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.eml").write_bytes(LETTER)
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / ".hidden.eml").write_bytes(LETTER)
    with pytest.raises(EmailNotFound):
        get_email(tmp_path / "box", name)


def test_a_link_in_the_file_system_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.eml").write_bytes(LETTER)
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "a.eml").symlink_to(tmp_path / "secret.eml")
    assert list_emails(tmp_path / "box").emails == ()
    with pytest.raises(EmailNotFound):
        get_email(tmp_path / "box", "a")


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        (
            f"Press {BASE}/action/x.y-z/.",
            [Segment("Press "), Segment(f"{BASE}/action/x.y-z/", "/action/x.y-z/"), Segment(".")],
        ),
        # Another port of this machine is the demonstration of another day.
        ("http://127.0.0.1:5001/a?b=1", [Segment("http://127.0.0.1:5001/a?b=1", "/a?b=1")]),
        (BASE, [Segment(BASE, "/")]),
        (f"{BASE}//evil.example/", [Segment(f"{BASE}//evil.example/")]),
        (f"{BASE}/\\evil.example/", [Segment(f"{BASE}/\\evil.example/")]),
        ("https://www.iwf.org.uk/ helps", [Segment("https://www.iwf.org.uk/ helps")]),
        ("http://127.0.0.1:5000@evil.example/", [Segment("http://127.0.0.1:5000@evil.example/")]),
        ("http://[ x", [Segment("http://[ x")]),
        ("", []),
    ],
)
def test_only_links_to_this_site_become_links(text: str, segments: list[Segment]) -> None:
    assert split_links(text, base_url=BASE) == segments


def test_links_of_a_public_address_keep_to_its_host() -> None:
    assert split_links("http://127.0.0.1:5000/x", base_url="https://c.example.org")[0].path is None
