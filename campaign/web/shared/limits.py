"""Limits on requests from one address: named here, and put on a view by ``@limited(LOOKUP)``."""

import hashlib
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, g, request
from flask_limiter import Limiter, RequestLimit
from sqlalchemy.engine import make_url

from campaign.core.config import Settings
from campaign.web.shared.limit_storage import SCHEME

View = TypeVar("View", bound=Callable[..., Any])

_MARK = "_campaign_limit"
_IPV6_SUBSCRIBER_BITS = 64
"""One subscriber holds at least this network and can change the rest of the address at will."""


@dataclass(frozen=True)
class Limit:
    """How often one address may do something; all views of the same name count together."""

    name: str
    rates: str
    """As ``limits`` writes them: ``10 per minute; 50 per hour``."""


LOOKUP = Limit("lookup", "60 per minute")
"""Looking a postcode up: a GET, so generous."""
SUBMISSION = Limit("submission", "10 per minute; 100 per hour")
"""Sending letters. Many people can share one address: a school, a mobile network."""
FORM = Limit("form", "60 per minute")
"""Every press of a button in a form of several steps, looking it over included."""
ANSWER = Limit("answer", "20 per minute; 200 per hour")
"""What is pressed behind a candidate's link; a party's office may answer for many."""
CONFIRMATION = Limit("confirmation", "20 per minute")
"""Pressing the button behind a link from a mail."""
LOGIN = Limit("login", "10 per minute; 50 per hour")
"""Trying a password, a code of the second factor, or asking for a new password."""

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


def limited(limit: Limit, *, when: Callable[[], bool] | None = None) -> Callable[[View], View]:
    """Mark a view as limited; stands below the route, above other decorators.

    Where ``when`` is given, only requests of which it is true count. A view may bear several
    marks. Only marked here: each application counts with its own limiter, or not at all.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def marked(*args: Any, **kwargs: Any) -> Any:
            return view(*args, **kwargs)

        setattr(marked, _MARK, (*getattr(view, _MARK, ()), (limit, when)))
        return marked  # type: ignore[return-value]

    return mark


def init_app(app: Flask, settings: Settings) -> None:
    """Count requests to every marked view; call this after the blueprints are registered."""
    if not settings.rate_limits_enabled:
        return
    secret = hashlib.sha256(settings.secret_key.encode()).digest()
    limiter = Limiter(
        lambda: _client_key(request.remote_addr or "", secret),
        storage_uri=storage_uri(settings),
        strategy="fixed-window",
        swallow_errors=True,
        on_breach=_note_end_of_window,
    )
    limiter.init_app(app)
    for endpoint, view in list(app.view_functions.items()):
        is_login = endpoint in _LOGIN_ENDPOINTS
        marks = ((LOGIN, None),) if is_login else getattr(view, _MARK, ())
        for limit, when in marks:
            decorate = limiter.shared_limit(
                limit.rates,
                scope=limit.name,
                methods=["POST"] if is_login else None,
                exempt_when=_unless(when),
            )
            app.view_functions[endpoint] = decorate(app.view_functions[endpoint])  # type: ignore[assignment]

    @app.after_request
    def say_when_to_come_back(response: Response) -> Response:
        if response.status_code == 429 and "retry_at" in g:
            response.headers["Retry-After"] = str(max(1, round(g.retry_at - time.time())))
        return response


def storage_uri(settings: Settings) -> str:
    """Return where counts are kept: the configured store, else a file beside the database."""
    if settings.rate_limit_storage:
        return settings.rate_limit_storage
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return f"{SCHEME}://{url.database}-limits"
    settings.instance_path.mkdir(parents=True, exist_ok=True)
    return f"{SCHEME}://{settings.instance_path / 'limits.sqlite'}"


def _unless(when: Callable[[], bool] | None) -> Callable[[], bool] | None:
    return None if when is None else lambda: not when()


def _client_key(address: str, secret: bytes) -> str:
    """Return a keyed hash of the client's address, so that neither file nor log holds addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        network = address
    else:
        prefix = _IPV6_SUBSCRIBER_BITS if parsed.version == 6 else parsed.max_prefixlen
        network = str(ipaddress.ip_network((parsed, prefix), strict=False))
    return hashlib.blake2b(network.encode(), key=secret, digest_size=12).hexdigest()


def _note_end_of_window(breached: RequestLimit) -> None:
    g.retry_at = breached.reset_at
