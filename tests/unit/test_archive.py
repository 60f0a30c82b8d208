import hashlib
from pathlib import Path

import pytest

from campaign.pledges.errors import PledgeInvalid
from campaign.pledges.rules import copy_ending
from campaign.pledges.service import COPY_LIMIT, find_copy, keep_copy


def test_a_copy_is_kept_once_under_its_hash(tmp_path: Path) -> None:
    sha256 = keep_copy(tmp_path, b"a page")
    assert sha256 == hashlib.sha256(b"a page").hexdigest()
    assert keep_copy(tmp_path, b"a page") == sha256
    path = find_copy(tmp_path, sha256)
    assert path is not None
    assert path.read_bytes() == b"a page"
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [path]
    assert find_copy(tmp_path, "0" * 64) is None
    assert find_copy(tmp_path, "") is None


@pytest.mark.parametrize("content", [b"", b"x" * (COPY_LIMIT + 1)])
def test_an_empty_copy_and_one_too_large_are_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(PledgeInvalid):
        keep_copy(tmp_path, content)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (b"%PDF-1.7\n\xe2\xe3", ".pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0", ".png"),
        (b"\xff\xd8\xff\xe0\0", ".jpg"),
        (b"GIF89a\x01", ".gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", ".webp"),
        (b"RIFF\x24\0\0\0WAVEfmt ", ""),
        ("\ufeffHer words, “for ever”.\r\n\t".encode(), ".txt"),
        (b"<!doctype html><script>alert(1)</script>", ".txt"),
        (b"PK\x03\x04\x14\0", ""),
        (b"\xff\xfe\0", ""),
    ],
)
def test_a_copy_is_named_by_what_it_holds(content: bytes, ending: str) -> None:
    assert copy_ending(content) == ending
