import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from campaign.core.logs import configure_logging, remove_personal_data
from campaign.core.tokens import Signer


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def clean(**event: object) -> dict[str, object]:
    return dict(remove_personal_data(None, "info", event))


def test_addresses_are_removed_wherever_they_stand() -> None:
    assert clean(event="refused <jane.o'neil+x@mail.example.org>: no such user")["event"] == (
        "refused <[address]>: no such user"
    )
    assert clean(errors=["a@example.org", {"why": "b@example.org"}]) == {
        "errors": ["[address]", {"why": "[address]"}]
    }


@pytest.mark.parametrize("key", ["body", "subject", "recipient", "token", "password", "postcode"])
def test_private_keys_are_removed_whatever_they_hold(key: str) -> None:
    assert clean(**{key: "Dear candidate"}) == {key: "[removed]"}


def test_signed_links_are_removed() -> None:
    token = Signer("a secret that is long enough for a test").sign("action", {"id": 3})
    assert clean(event=f"GET /action/{token}/ 200") == {"event": "GET /action/[token]/ 200"}


def test_passwords_in_urls_are_removed() -> None:
    cleaned = str(clean(event="postgresql://owner:hunter2@db.example.org/campaign")["event"])
    assert "hunter2" not in cleaned


def test_numbers_and_plain_words_stay() -> None:
    event = {"event": "message_tried", "message": 12, "code": 550, "detail": None, "ok": True}
    assert clean(**event) == event


def test_lines_are_json_outside_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO")
    structlog.get_logger("campaign.test").info("message_tried", message=3, recipient="x")
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "message_tried"
    assert line["message"] == 3
    assert line["recipient"] == "[removed]"
    assert line["level"] == "info"


def test_tracebacks_of_libraries_hold_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", as_json=False)
    try:
        raise ValueError("cannot send to jane@example.org")
    except ValueError:
        logging.getLogger("some.library").exception("failed for %s", "jane@example.org")
    written = capsys.readouterr().err
    assert "jane" not in written.replace('jane@example.org")', "")
    assert "ValueError: cannot send to [address]" in written


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("WARNING")
    structlog.get_logger("campaign.test").info("quiet")
    assert capsys.readouterr().err == ""
