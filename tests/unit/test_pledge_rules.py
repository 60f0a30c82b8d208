import csv
import hashlib
import io
import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.pledges.errors import ImportRefused, PledgeInvalid
from campaign.pledges.rules import (
    COLUMNS,
    FIRST_PREVIOUS_HASH,
    ChainEntry,
    Channel,
    EventKind,
    Stance,
    canonical_json,
    chain_hash,
    clean_source_url,
    clean_text,
    from_cells,
    from_json_line,
    to_cells,
    to_json_line,
)

ENTRY = ChainEntry(
    form=1,
    campaign="safer-streets",
    sequence=1,
    kind=EventKind.ANSWER,
    person_id=4252,
    ballot_id="parl.aldershot.2031-05-22",
    ask="priority",
    ask_version=1,
    refers_to=None,
    stance=Stance.YES,
    statement="Gwnaf – I will.",
    channel=Channel.LINK,
    source_url="",
    quote="",
    verification_level=3,
    entered_by="candidate",
    recorded_at=datetime(2031, 5, 1, 10, 0, tzinfo=UTC),
    previous_hash=FIRST_PREVIOUS_HASH,
)

texts = st.text(max_size=30)
entries = st.builds(
    ChainEntry,
    form=st.just(2),
    campaign=texts,
    sequence=st.integers(1, 10**6),
    kind=st.sampled_from(EventKind),
    person_id=st.integers(1, 10**6),
    ballot_id=texts,
    ask=texts,
    ask_version=st.integers(1, 9),
    refers_to=st.none() | st.integers(1, 99),
    stance=st.none() | st.sampled_from(Stance),
    statement=texts,
    channel=st.sampled_from(Channel),
    source_url=texts,
    quote=texts,
    verification_level=st.integers(0, 3),
    entered_by=texts,
    recorded_at=st.datetimes(timezones=st.just(UTC)),
    previous_hash=texts,
    archive_sha256=texts,
    archive_url=texts,
    reason=texts,
    valid_from=st.none() | st.dates(),
)


def test_the_first_canonical_form_never_changes() -> None:
    """Hashes of records that are out in the world depend on it, byte for byte."""
    assert canonical_json(ENTRY) == (
        '{"ask":"priority","ask_version":1,"ballot_id":"parl.aldershot.2031-05-22",'
        '"campaign":"safer-streets","channel":"link","entered_by":"candidate","kind":"answer",'
        '"person_id":4252,"previous_hash":"' + "0" * 64 + '","quote":"",'
        '"recorded_at":"2031-05-01T10:00:00.000000+00:00","refers_to":null,"sequence":1,'
        '"source_url":"","stance":"yes","statement":"Gwnaf \\u2013 I will.",'
        '"verification_level":3}'
    )
    assert chain_hash(ENTRY) == hashlib.sha256(canonical_json(ENTRY).encode()).hexdigest()


def test_the_second_canonical_form_never_changes() -> None:
    second = replace(
        ENTRY, form=2, valid_from=date(2031, 4, 30), archive_sha256="ab" * 32, reason="–"
    )
    assert canonical_json(second) == (
        '{"archive_sha256":"' + "ab" * 32 + '","archive_url":"","ask":"priority","ask_version":1,'
        '"ballot_id":"parl.aldershot.2031-05-22","campaign":"safer-streets","channel":"link",'
        '"entered_by":"candidate","form":2,"kind":"answer","person_id":4252,"previous_hash":"'
        + "0" * 64 + '","quote":"","reason":"\\u2013",'
        '"recorded_at":"2031-05-01T10:00:00.000000+00:00","refers_to":null,"sequence":1,'
        '"source_url":"","stance":"yes","statement":"Gwnaf \\u2013 I will.",'
        '"valid_from":"2031-04-30","verification_level":3}'
    )  # fmt: skip


def test_an_entry_of_the_first_form_holds_nothing_that_it_does_not_hash() -> None:
    assert ENTRY.is_whole
    assert not replace(ENTRY, reason="added later").is_whole
    assert replace(ENTRY, form=2, reason="added later").is_whole
    assert not replace(ENTRY, form=3).is_whole


@given(entries)
def test_the_canonical_form_holds_every_field(entry: ChainEntry) -> None:
    read = json.loads(canonical_json(entry))
    assert set(read) == {field.name for field in fields(ChainEntry)}
    assert read["statement"] == entry.statement
    assert datetime.fromisoformat(read["recorded_at"]) == entry.recorded_at


@given(entries, entries)
def test_different_entries_have_different_hashes(one: ChainEntry, other: ChainEntry) -> None:
    assert (chain_hash(one) == chain_hash(other)) is (one == other)


def test_the_same_moment_in_another_zone_hashes_the_same() -> None:
    summer_time = ENTRY.recorded_at.astimezone(timezone(timedelta(hours=1)))
    assert chain_hash(replace(ENTRY, recorded_at=summer_time)) == chain_hash(ENTRY)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Yes.\r\nTruly. \r", "Yes.\nTruly."),
        ("e\u0301", "\u00e9"),
        ("a\tb", "a b"),
        ("x" * 500, "x" * 500),
        ("👍🏽", "👍🏽"),
    ],
)
def test_texts_are_cleaned(typed: str, kept: str) -> None:
    assert clean_text(typed, limit=500) == kept


@pytest.mark.parametrize("typed", ["a\x00b", "a\x1b[0m", "a\ud800", "safe\u202etxt", "x" * 501])
def test_texts_that_cannot_be_shown_are_refused(typed: str) -> None:
    with pytest.raises(PledgeInvalid):
        clean_text(typed, limit=500)


@given(st.text(max_size=600))
def test_cleaning_twice_changes_nothing(typed: str) -> None:
    try:
        once = clean_text(typed, limit=500)
    except PledgeInvalid:
        return
    assert clean_text(once, limit=500) == once


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "//evil.example", "https://", "ftp://a.example", "https://a b.example",
     "https://[", 'https://a.example/"x'],
)  # fmt: skip
def test_sources_that_a_browser_cannot_open_are_refused(address: str) -> None:
    with pytest.raises(PledgeInvalid):
        clean_source_url(address)


def test_a_source_is_a_web_address() -> None:
    assert clean_source_url(" https://example.org/a?b=c#d ") == "https://example.org/a?b=c#d"
    assert clean_source_url("") == ""


hostile = st.text(
    st.characters() | st.sampled_from("=+-@'\"\n\r\t,;＝ \u200fא\u202eé🗳\x00"), max_size=40
)


def _as_recorded(text: str) -> str | None:
    """Return what of a text a record would hold; None where it is refused."""
    try:
        return clean_text(text, limit=500)
    except PledgeInvalid:
        return None


recorded = hostile.map(_as_recorded).filter(lambda text: text is not None)
events = st.builds(
    replace,
    st.just(ENTRY),
    form=st.just(2),
    statement=recorded,
    quote=recorded,
    reason=recorded,
    source_url=st.sampled_from(["", "https://example.org/?a=1,2&b='x'"]),
    entered_by=st.sampled_from(["candidate", "organiser:7"]),
    kind=st.sampled_from(EventKind),
    stance=st.none() | st.sampled_from(Stance),
    refers_to=st.none() | st.integers(1, 99),
    valid_from=st.none() | st.dates(),
    recorded_at=st.datetimes(timezones=st.just(UTC)),
)


@given(st.lists(events, max_size=5))
def test_every_text_of_a_record_comes_back_from_both_files(entries: list[ChainEntry]) -> None:
    given = [(entry, chain_hash(entry)) for entry in entries]
    lines = "".join(f"{to_json_line(*each)}\n" for each in given)
    assert [from_json_line(line) for line in lines.splitlines()] == given
    file = io.StringIO(newline="")
    csv.writer(file).writerows([COLUMNS, *(to_cells(*each) for each in given)])
    file.seek(0)
    names, *rows = csv.reader(file, strict=True)
    assert [from_cells(dict(zip(names, row, strict=True))) for row in rows] == given
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(tuple("=+-@"))]


@pytest.mark.parametrize("sign", ["\x00", "\u202e", "\ud800", "\x1b"])
def test_a_file_with_a_character_that_no_record_holds_is_refused(sign: str) -> None:
    entry = replace(ENTRY, statement=f"I{sign}will.")
    with pytest.raises(ImportRefused):
        from_json_line(to_json_line(entry, chain_hash(entry)))
    with pytest.raises(ImportRefused):
        from_cells(dict(zip(COLUMNS, to_cells(entry, chain_hash(entry)), strict=True)))
