"""Limits on requests from one address: named here, and put on a view by ``@limited(LOOKUP)``."""

import hashlib
import ipaddress
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import structlog
from flask import Flask, request
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy.engine import make_url
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from campaign.core.config import Settings
from campaign.web.shared.limit_storage import SCHEME

View = TypeVar("View", bound=Callable[..., Any])

_MARK = "_campaign_limit"
_IPV6_HOST_BITS = 64
"""The end of an address that each subscriber can change at will."""


@dataclass(frozen=True)
class Limit:
    """How often one address may do something; all views of the same name count together."""

    name: str
    rates: str
    """As ``limits`` writes them: ``10 per minute; 50 per hour``."""


LOOKUP = Limit("lookup", "60 per minute")
"""Looking a postcode up: a GET, so generous."""
SEARCH = Limit("search", "120 per minute")
"""Finding candidates: asked while somebody types, and not to use up what postcodes may."""
SUBMISSION = Limit("submission", "10 per minute; 100 per hour")
"""Sending letters. Many people can share one address: a school, a mobile network."""
FORM = Limit("form", "60 per minute")
"""Every press of a button in a form of several steps, looking it over included."""
ANSWER = Limit("answer", "20 per minute; 200 per hour")
"""What is pressed behind a candidate's link; a party's office may answer for many."""
SUGGESTION = Limit("suggestion", "5 per minute; 20 per hour")
"""Suggesting evidence: organisers read each one."""
CONFIRMATION = Limit("confirmation", "20 per minute")
"""Pressing the button behind a link from a mail."""
LOGIN = Limit("login", "10 per minute; 50 per hour")
"""Trying a password, a code of the second factor, or asking for a new password."""
OPEN_DATA = Limit("open-data", "120 per minute")
"""Reading the API and the files past what the page cache holds; a file may be a whole record."""
PICTURE = Limit("picture", "60 per minute")
"""Drawing a picture takes some fifty times as long as reading a kept one."""

_LOGIN_ENDPOINTS = (
    "security.login",
    "security.verify",
    "security.forgot_password",
    "security.reset_password",
    "security.change_password",
    "security.two_factor_token_validation",
    "security.two_factor_setup_validate",
    "security.two_factor_rescue",
    "security.mf_recovery",
)


@dataclass(frozen=True)
class Mark:
    """That a view is limited, and which of its requests count."""

    limit: Limit
    when: Callable[[], bool] | None
    is_done_only: bool

    def is_meant(self) -> bool:
        """Tell whether this request is one of those that are limited."""
        return self.when is None or self.when()


_log = structlog.get_logger(__name__)


def limited(
    limit: Limit, *, when: Callable[[], bool] | None = None, is_done_only: bool = False
) -> Callable[[View], View]:
    """Mark a view as limited; stands below the route, above other decorators.

    Where ``when`` is given, only requests of which it is true count; with ``is_done_only``, of
    those only what was done and led on to a next page, not what came back to be mended. A view may
    bear several marks. Only marked here: each application counts with its own limiter, or not at
    all.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def marked(*args: Any, **kwargs: Any) -> Any:
            return view(*args, **kwargs)

        setattr(marked, _MARK, (Mark(limit, when, is_done_only), *getattr(view, _MARK, ())))
        return marked  # type: ignore[return-value]

    return mark


def init_app(app: Flask, settings: Settings) -> None:
    """Count requests to every marked view; call this after the blueprints are registered."""
    if not settings.rate_limits_enabled:
        return
    guard = _Guard(settings)
    for endpoint, view in list(app.view_functions.items()):
        marks: tuple[Mark, ...] = getattr(view, _MARK, ())
        if endpoint in _LOGIN_ENDPOINTS:
            marks = (Mark(LOGIN, _is_post, is_done_only=False),)
        if marks:
            app.view_functions[endpoint] = guard.before(view, marks)


class _Guard:
    """Counts the requests of each address, and refuses those beyond a limit by 429."""

    def __init__(self, settings: Settings) -> None:
        storage = storage_from_string(storage_uri(settings), wrap_exceptions=True)
        self._counter = FixedWindowRateLimiter(storage)
        self._secret = hashlib.sha256(settings.secret_key.encode()).digest()

    def before(self, view: Callable[..., Any], marks: tuple[Mark, ...]) -> Callable[..., Any]:
        """Return the view with its limits in front of it."""
        parsed = [(mark, parse_many(mark.limit.rates)) for mark in marks]

        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            client = _client_key(request.remote_addr or "", self._secret)
            meant = [(mark, rates) for mark, rates in parsed if mark.is_meant()]
            for mark, rates in meant:
                count = self._counter.test if mark.is_done_only else self._counter.hit
                self._refuse_beyond(client, mark.limit.name, rates, count)
            answer = view(*args, **kwargs)
            for mark, rates in meant:
                if mark.is_done_only and _is_done(answer):
                    self._count(client, mark.limit.name, rates)
            return answer

        return guarded

    def _refuse_beyond(
        self, client: str, name: str, rates: list[RateLimitItem], count: Callable[..., bool]
    ) -> None:
        with _open_when_broken():
            for rate in rates:
                if not count(rate, client, name):
                    ends_at = self._counter.get_window_stats(rate, client, name).reset_time
                    raise TooManyRequests(retry_after=max(1, round(ends_at - time.time())))

    def _count(self, client: str, name: str, rates: list[RateLimitItem]) -> None:
        with _open_when_broken():
            for rate in rates:
                self._counter.hit(rate, client, name)


@contextmanager
def _open_when_broken() -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        # A guard must not close the shop: the request passes, the operator reads of it.
        _log.warning("rate_limit_not_counted", error=type(error.storage_error).__name__)


def _is_done(answer: object) -> bool:
    return isinstance(answer, Response) and answer.status_code == 303


def storage_uri(settings: Settings) -> str:
    """Return where counts are kept: the configured store, else a file beside the database."""
    if settings.rate_limit_storage:
        return settings.rate_limit_storage
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return f"{SCHEME}://{url.database}-limits"
    settings.instance_path.mkdir(parents=True, exist_ok=True)
    return f"{SCHEME}://{settings.instance_path / 'limits.sqlite'}"


def _is_post() -> bool:
    return request.method == "POST"


def _client_key(address: str, secret: bytes) -> str:
    """Return a keyed hash of the client's address, so that neither file nor log holds addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        network = address
    else:
        network = str(parsed)
        if parsed.version == 6:
            network = f"{int(parsed) >> _IPV6_HOST_BITS:x}::"
    return hashlib.blake2b(network.encode(), key=secret, digest_size=12).hexdigest()
