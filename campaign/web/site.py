"""Everything that visitors, organisers and machines reach by HTTP, put on an application.

Only what serves it imports this: the delivery worker does without half of what is loaded here.
"""

from functools import partial

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from campaign.core.config import Settings
from campaign.core.toolkit import Toolkit
from campaign.delivery.incoming.webhooks.ses import Amazon, fetch_from_amazon
from campaign.reports.kept_desks import DeskKeeper
from campaign.reports.letter_totals import LetterTotalsKeeper
from campaign.reports.public_version import read_public_version
from campaign.web.routes import BLUEPRINTS, DEMONSTRATION_BLUEPRINTS, PROVED_BY_THEMSELVES
from campaign.web.shared import (
    accounts,
    addresses,
    context,
    encoding,
    errors,
    filters,
    languages,
    limits,
    look,
    page_cache,
    security,
    sharing,
    static_files,
)

MAXIMUM_REQUEST_BYTES = 256 * 1024


def init_app(app: Flask, toolkit: Toolkit) -> None:
    """Add every page with what stands around it: sessions, forms, limits, headers, the cache."""
    settings = toolkit.settings
    app.config.update(_configuration(settings))
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.extensions["campaign.amazon"] = Amazon(fetch_from_amazon)
    app.extensions["campaign.letter_totals"] = LetterTotalsKeeper(is_kept=settings.page_cache)
    app.extensions["campaign.desks"] = DeskKeeper(toolkit.database, is_kept=settings.page_cache)
    languages.init_app(app)
    encoding.init_app(app)  # Before the token of a form is read.
    forms = CSRFProtect(app)
    context.init_app(app)
    security.init_app(app, is_secure=settings.is_secure)
    sharing.init_app(app)
    errors.init_app(app)
    filters.init_app(app)
    addresses.init_app(app)
    look.init_app(app)
    accounts.init_app(app, settings)
    app.jinja_env.globals["is_demonstration"] = settings.is_demonstration
    if settings.is_demonstration:
        for blueprint in DEMONSTRATION_BLUEPRINTS:
            app.register_blueprint(blueprint)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for blueprint in PROVED_BY_THEMSELVES:
        forms.exempt(blueprint)
    limits.init_app(app, settings)
    static_files.init_app(app, partial(security.security_headers, is_secure=settings.is_secure))
    if settings.page_cache and not app.debug:
        app.wsgi_app = page_cache.PageCache(  # type: ignore[method-assign]
            app.wsgi_app,
            static_prefix=f"{app.static_url_path}/",
            read_version=partial(read_public_version, toolkit.database),
        )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _configuration(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "MAX_CONTENT_LENGTH": MAXIMUM_REQUEST_BYTES,
        "MAX_FORM_MEMORY_SIZE": MAXIMUM_REQUEST_BYTES,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.is_secure,
        "SESSION_COOKIE_NAME": "__Host-session" if settings.is_secure else "session",
        "WTF_CSRF_TIME_LIMIT": None,
        "BABEL_DEFAULT_LOCALE": "en_GB",
        "BABEL_DEFAULT_TIMEZONE": "Europe/London",
    }
