"""Logs: one line for each event on standard error, without personal data.

``key=value`` for a person at a terminal, JSON for whatever collects the lines elsewhere. The
logs of libraries go the same way, because a traceback or an access line can hold a signed link.
"""

import logging
import re
import sys
from collections.abc import Sequence
from typing import IO, Any

import structlog
from structlog.typing import EventDict, Processor

_HANDLER = "campaign"
_REMOVED = "[removed]"
_PRIVATE_KEYS = frozenset(
    [
        "address",
        "body",
        "email",
        "from_name",
        "headers",
        "letter",
        "name",
        "password",
        "postcode",
        "recipient",
        "reply_to",
        "return_path",
        "secret",
        "statement",
        "subject",
        "text",
        "token",
        "username",
    ]
)
"""Keys whose values are personal or secret whatever they look like."""

_ADDRESS = re.compile(r"[^\s@<>\"(),:;=\[\]]+@[^\s@<>\"'(),:;=\[\]]+")
_SIGNED_TOKEN = re.compile(r"\.?[\w-]+\.[\w-]{5,8}\.[\w-]{27,}")
_URL_PASSWORD = re.compile(r"(\w+://)[^\s/@]+@")
_LONGEST_VALUE = 8_000


def remove_personal_data(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace private keys, e-mail addresses, signed tokens and passwords in URLs."""
    return {
        key: _REMOVED if key in _PRIVATE_KEYS else _cleaned(value) for key, value in event.items()
    }


def _cleaned(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return remove_personal_data(None, "", value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(item) for item in value]
    text = _URL_PASSWORD.sub(r"\1[removed]@", str(value))
    text = _SIGNED_TOKEN.sub("[token]", text)
    return _ADDRESS.sub("[address]", text)[:_LONGEST_VALUE]


class _StandardError(logging.StreamHandler[IO[str]]):
    """A handler that writes to what standard error is at the time of writing."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.set_name(_HANDLER)

    @property
    def stream(self) -> IO[str]:
        return sys.stderr

    @stream.setter
    def stream(self, value: IO[str]) -> None:
        """Ignore what the parent sets."""


def configure_logging(level: str, *, as_json: bool | None = None) -> None:
    """Send every log line to standard error; ``as_json`` None decides by whether it is a terminal.

    May be called again; the last call counts.
    """
    if as_json is None:
        as_json = not sys.stderr.isatty()
    shared: Sequence[Processor] = (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                remove_personal_data,
                structlog.processors.JSONRenderer()
                if as_json
                else structlog.processors.LogfmtRenderer(
                    key_order=["timestamp", "level", "logger", "event"]
                ),
            ],
        )
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if each.get_name() == _HANDLER]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    # They narrate each step; what matters raises.
    for quiet in ("alembic", "sqlalchemy", "asyncio"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
