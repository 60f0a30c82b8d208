"""Wiring: builds the installation from its settings and hands it to the doors."""

import os
import socket
import sys
from collections.abc import Callable
from functools import partial

from flask import Flask
from flask_babel import Babel
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from campaign.cli.commands import FlaskCommands, campaign
from campaign.core.clock import Clock, utc_now
from campaign.core.config import PROJECT_ROOT, MailSettings, Settings, settings_from_environment
from campaign.core.db import Database
from campaign.core.emails import EmailRenderer
from campaign.core.errors import SettingsError
from campaign.core.logs import configure_logging
from campaign.core.tokens import Signer
from campaign.core.toolkit import Toolkit
from campaign.delivery.channels.base import Channel
from campaign.delivery.channels.console import ConsoleChannel
from campaign.delivery.channels.mailbox import MailboxChannel
from campaign.delivery.channels.smtp import SmtpChannel
from campaign.delivery.incoming.webhooks.ses import Amazon, fetch_from_amazon
from campaign.delivery.worker import Worker
from campaign.followups.correspondence import run_letter_chores
from campaign.followups.repairs import keep_repairs
from campaign.followups.returned_mail import outcome_handler
from campaign.reports.kept_desks import DeskKeeper
from campaign.reports.letter_totals import LetterTotalsKeeper
from campaign.reports.public_version import read_public_version
from campaign.web.routes import BLUEPRINTS, DEMONSTRATION_BLUEPRINTS, PROVED_BY_THEMSELVES
from campaign.web.shared import (
    accounts,
    context,
    encoding,
    errors,
    filters,
    limits,
    look,
    page_cache,
    security,
    static_files,
)

MAXIMUM_REQUEST_BYTES = 256 * 1024
CHANNELS: dict[str, Callable[[MailSettings], Channel]] = {
    "smtp": SmtpChannel,
    "console": ConsoleChannel,
    "mailbox": MailboxChannel,
}


def create_app(settings: Settings | None = None, *, clock: Clock = utc_now) -> Flask:
    """Build the application; without settings, from the environment."""
    settings = settings or settings_from_environment()
    app = Flask(
        "campaign",
        root_path=str(PROJECT_ROOT / "campaign"),
        template_folder=str(PROJECT_ROOT / "templates"),
        static_folder=str(PROJECT_ROOT / "static"),
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAXIMUM_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=MAXIMUM_REQUEST_BYTES,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_secure,
        SESSION_COOKIE_NAME="__Host-session" if settings.is_secure else "session",
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_DEFAULT_LOCALE="en_GB",
        BABEL_DEFAULT_TIMEZONE="Europe/London",
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.extensions["campaign"] = toolkit = Toolkit(
        settings=settings,
        database=Database(settings.database_url),
        signer=Signer(settings.secret_key),
        clock=clock,
        emails=EmailRenderer(PROJECT_ROOT / "templates"),
    )
    app.extensions["campaign.amazon"] = Amazon(fetch_from_amazon)
    app.extensions["campaign.letter_totals"] = LetterTotalsKeeper(is_kept=settings.page_cache)
    app.extensions["campaign.desks"] = DeskKeeper(toolkit.database, is_kept=settings.page_cache)
    app.extensions["campaign.make_channel"] = lambda: build_channel(settings)
    app.extensions["campaign.make_worker"] = lambda: build_worker(toolkit)
    Babel(app)
    encoding.init_app(app)  # Before the token of a form is read.
    forms = CSRFProtect(app)
    context.init_app(app)
    security.init_app(app, is_secure=settings.is_secure)
    errors.init_app(app)
    filters.init_app(app)
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
    app.cli = FlaskCommands(app.name)
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
    return app


def build_channel(settings: Settings) -> Channel:
    """Build the way by which messages leave, as MAIL_CHANNEL says."""
    return CHANNELS[settings.mail.channel](settings.mail)


def build_worker(toolkit: Toolkit) -> Worker:
    """Build a delivery worker, and say who reacts to what became of a message."""
    return Worker(
        database=toolkit.database,
        channel=build_channel(toolkit.settings),
        clock=toolkit.clock,
        mail=toolkit.settings.mail,
        name=f"{socket.gethostname()}:{os.getpid()}",
        on_outcome=outcome_handler(toolkit),
        chores=[partial(run_letter_chores, toolkit), keep_repairs],
    )


def main() -> None:
    """Run the ``campaign`` command."""
    try:
        app = create_app()
        configure_logging(app.extensions["campaign"].settings.log_level)
    except SettingsError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        # Postfix is to keep a mail for us until the settings are right.
        sys.exit(os.EX_TEMPFAIL if sys.argv[1:3] == ["mail", "receive"] else 1)
    with app.app_context():
        campaign()
