"""Counts of requests: right with several processes, and never in the way."""

import multiprocessing
import sqlite3
from pathlib import Path

import pytest
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from campaign.core.config import Settings
from campaign.web.shared.limit_storage import SCHEME
from campaign.web.shared.limits import _client_key, storage_uri


def _try_often(uri: str, tries: int) -> int:
    limiter = FixedWindowRateLimiter(storage_from_string(uri))
    return sum(limiter.hit(parse("10 per minute"), "one address") for _ in range(tries))


def test_four_processes_let_ten_of_ten_through(tmp_path: Path) -> None:
    uri = f"{SCHEME}://{tmp_path / 'limits.sqlite'}"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        passed = pool.starmap(_try_often, [(uri, 25)] * 4)
    assert sum(passed) == 10


def test_a_window_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = [1000.0]
    monkeypatch.setattr("campaign.web.shared.limit_storage.time.time", lambda: times[0])
    storage = storage_from_string(f"{SCHEME}://{tmp_path / 'limits.sqlite'}")
    assert [storage.incr("a", 60), storage.incr("a", 60), storage.incr("b", 60)] == [1, 2, 1]
    assert (storage.get("a"), storage.get_expiry("a")) == (2, 1060.0)
    times[0] = 1060.0
    assert (storage.get("a"), storage.incr("a", 60)) == (0, 1)
    storage.clear("a")
    assert storage.get("a") == 0
    assert storage.reset() == 1


def test_a_locked_file_lets_the_request_pass(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "limits.sqlite"
    storage = storage_from_string(f"{SCHEME}://{path}")
    storage.incr("192.0.2.1", 60)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert storage.incr("192.0.2.1", 60) == 0
    other.close()
    assert storage.incr("192.0.2.1", 60) == 2
    logged = caplog.text
    assert "rate_limit_not_counted" in logged
    assert "192.0.2.1" not in logged


def test_a_place_that_cannot_be_written_lets_the_request_pass(tmp_path: Path) -> None:
    storage = storage_from_string(f"{SCHEME}://{tmp_path / 'missing' / 'limits.sqlite'}")
    assert storage.incr("a", 60) == 0
    assert not storage.check()


def test_counts_stand_beside_the_database_unless_a_store_is_named(settings: Settings) -> None:
    path = settings.database_url.removeprefix("sqlite:///")
    assert storage_uri(settings) == f"{SCHEME}://{path}-limits"


def test_clients_are_told_apart_without_keeping_their_addresses() -> None:
    secret = b"x" * 32
    key = _client_key("192.0.2.1", secret)
    assert "192" not in key
    assert key != _client_key("192.0.2.2", secret)
    assert key != _client_key("192.0.2.1", b"y" * 32)
    # One subscriber of IPv6 has a whole /64 to choose from.
    assert _client_key("2001:db8::1", secret) == _client_key("2001:db8::ffff:1", secret)
    assert _client_key("2001:db8::1", secret) != _client_key("2001:db8:0:1::1", secret)


def test_a_deleted_file_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    storage = storage_from_string(f"{SCHEME}://{path}")
    assert [storage.incr("a", 60), storage.incr("a", 60)] == [1, 2]
    path.unlink()
    assert storage.incr("a", 60) == 1
    assert storage_from_string(f"{SCHEME}://{path}").get("a") == 1
