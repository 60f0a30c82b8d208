"""Wiring: builds the installation from its settings and hands it to the doors."""

import os
import socket
import sys
from collections.abc import Callable
from functools import partial

from flask import Flask

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
from campaign.delivery.channels.signing import load_signer
from campaign.delivery.channels.smtp import SmtpChannel
from campaign.delivery.worker import Worker
from campaign.followups.answer_news import tell_news
from campaign.followups.change_chores import run_change_chores
from campaign.followups.correspondence import run_letter_chores
from campaign.followups.invitations import run_invitation_chores
from campaign.followups.overtaken import ask_writers, hold_overtaken_letters
from campaign.followups.repairs import keep_repairs
from campaign.followups.returned_mail import outcome_handler
from campaign.letters.service import FollowPolls, keep_pauses
from campaign.pledges.service import publish_heads

CHANNELS: dict[str, Callable[[MailSettings], Channel]] = {
    "smtp": SmtpChannel,
    "console": ConsoleChannel,
    "mailbox": MailboxChannel,
}


def create_app(settings: Settings | None = None, *, clock: Clock = utc_now) -> Flask:
    """Build the application with its pages; without settings, from the environment."""
    # Here, because the delivery worker is built without them: it takes half the memory so.
    from campaign.web import site

    app = create_installation(settings, clock=clock)
    site.init_app(app, app.extensions["campaign"])
    app.cli = FlaskCommands(app.name)
    return app


def create_installation(settings: Settings | None = None, *, clock: Clock = utc_now) -> Flask:
    """Build what commands work on: an application that answers no request."""
    settings = settings or settings_from_environment()
    load_signer(settings.mail)  # A key that cannot sign is refused now and not at the first letter.
    app = Flask(
        "campaign",
        root_path=str(PROJECT_ROOT / "campaign"),
        template_folder=str(PROJECT_ROOT / "templates"),
        static_folder=str(PROJECT_ROOT / "static"),
    )
    app.extensions["campaign"] = toolkit = Toolkit(
        settings=settings,
        database=Database(settings.database_url),
        signer=Signer(settings.secret_key),
        clock=clock,
        emails=EmailRenderer(PROJECT_ROOT / "templates"),
    )
    app.extensions["campaign.make_channel"] = lambda: build_channel(settings)
    app.extensions["campaign.make_worker"] = lambda: build_worker(toolkit)
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
        chores=[
            FollowPolls(),
            hold_overtaken_letters,
            partial(run_letter_chores, toolkit),
            partial(ask_writers, toolkit),
            partial(tell_news, toolkit),
            keep_repairs,
            keep_pauses,
            publish_heads,
            partial(run_change_chores, toolkit),
            partial(run_invitation_chores, toolkit),
        ],
    )


def main() -> None:
    """Run the ``campaign`` command."""
    try:
        create = create_installation if sys.argv[1:2] == ["deliver"] else create_app
        app = create()
        configure_logging(app.extensions["campaign"].settings.log_level)
    except SettingsError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        # Postfix is to keep a mail for us until the settings are right.
        sys.exit(os.EX_TEMPFAIL if sys.argv[1:3] == ["mail", "receive"] else 1)
    with app.app_context():
        campaign()
