"""Mailgun: each event is signed by HMAC over a time and a token of its own."""

import hmac
from datetime import datetime

from campaign.core.config import WebhookSettings
from campaign.delivery.incoming.webhooks.base import (
    ReportedEvent,
    Request,
    check_time,
    digest,
    forged,
    read_json,
    text_at,
)
from campaign.delivery.returns import EventKind, Provider, judge_bounce


def read_mailgun(
    request: Request, settings: WebhookSettings, *, now: datetime
) -> list[ReportedEvent]:
    """Return the event of a request; raises WebhookForged, WebhookUnreadable."""
    content = read_json(request.body)
    seconds, token = (
        text_at(content, "signature", "timestamp"),
        text_at(content, "signature", "token"),
    )
    expected = hmac.digest(settings.mailgun_key.encode(), f"{seconds}{token}".encode(), "sha256")
    given = text_at(content, "signature", "signature")
    if not token or not hmac.compare_digest(expected.hex().encode(), given.encode()):
        raise forged()
    check_time(seconds, now=now)
    data = content.get("event-data")
    kind = _kind(data)
    if kind is None:
        return []
    message_id = text_at(data, "user-variables", "campaign_message")
    return [
        ReportedEvent(
            provider=Provider.MAILGUN,
            # Not the event's own id: the signature speaks of the token only, and whoever has seen
            # one could put other events under it.
            event_id=digest(token),
            kind=kind,
            message_id=message_id or text_at(data, "message", "headers", "message-id"),
            recipient=text_at(data, "recipient"),
            status=text_at(data, "delivery-status", "enhanced-code")[:20],
        )
    ]


def _kind(data: object) -> EventKind | None:
    name = text_at(data, "event")
    if name == "complained":
        return EventKind.COMPLAINT
    if name != "failed":
        return None
    status = text_at(data, "delivery-status", "enhanced-code")
    words = " ".join(
        text_at(data, "delivery-status", key) for key in ("code", "message", "description")
    )
    is_final = text_at(data, "severity") == "permanent"
    if is_final and text_at(data, "reason") == "suppress-bounce":
        return EventKind.HARD_BOUNCE  # It bounced hard before, so Mailgun did not try.
    if is_final and text_at(data, "reason") == "suppress-complaint":
        return EventKind.COMPLAINT
    kind = judge_bounce(status, words, is_final=is_final)
    return EventKind.SOFT_BOUNCE if kind is EventKind.UNREADABLE else kind
