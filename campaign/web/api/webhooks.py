"""What mail services report: bounces and complaints, each proved before it is read."""

from collections.abc import Callable
from functools import partial
from typing import cast

from flask import Blueprint, Response, abort, current_app, request

from campaign.core.config import WebhookSettings
from campaign.delivery.errors import MessageUnderWay, WebhookForged, WebhookUnreadable
from campaign.delivery.incoming.webhooks.base import ReportedEvent, Request
from campaign.delivery.incoming.webhooks.mailgun import read_mailgun
from campaign.delivery.incoming.webhooks.postmark import read_postmark
from campaign.delivery.incoming.webhooks.sendgrid import read_sendgrid
from campaign.delivery.incoming.webhooks.ses import Amazon
from campaign.delivery.returns import Provider
from campaign.followups.incoming import take_reported
from campaign.web.shared.context import now, session, toolkit

MAXIMUM_BYTES = 2 * 1024 * 1024
"""SendGrid puts many events into one request."""

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")

Reader = Callable[[Request, WebhookSettings], list[ReportedEvent]]


@blueprint.post("/<provider>")
def receive(provider: str) -> Response:
    """Store what a service reports: 200; 403 for what is not proved, 503 for "come again"."""
    read = _reader(provider)
    if read is None:
        abort(404)
    request.max_content_length = MAXIMUM_BYTES
    given = Request(
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.args,
        body=request.get_data(),
    )
    try:
        # Before the session is asked for anything: reading may fetch a certificate.
        events = read(given, toolkit().settings.webhooks)
        take_reported(toolkit(), session(), events, now=now())
    except WebhookForged as error:
        return _plain(str(error), 403)
    except WebhookUnreadable as error:
        return _plain(str(error), 400)
    except (MessageUnderWay, OSError):
        answer = _plain("Not now. Please repeat this request later.", 503)
        answer.headers["Retry-After"] = "60"
        return answer
    return _plain("Taken.", 200)


def _reader(provider: str) -> Reader | None:
    """Return what reads the requests of a service; None where the settings do not name it."""
    settings = toolkit().settings.webhooks
    amazon = cast(Amazon, current_app.extensions["campaign.amazon"])
    readers: dict[str, tuple[str, Reader]] = {
        Provider.SES: (settings.ses_topic, partial(amazon.read, now=now())),
        Provider.POSTMARK: (settings.postmark_secret, read_postmark),
        Provider.MAILGUN: (settings.mailgun_key, partial(read_mailgun, now=now())),
        Provider.SENDGRID: (settings.sendgrid_key, partial(read_sendgrid, now=now())),
    }
    secret, reader = readers.get(provider, ("", None))
    return reader if secret else None


def _plain(text: str, status: int) -> Response:
    return Response(f"{text}\n", status=status, mimetype="text/plain")
