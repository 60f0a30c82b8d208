"""Postmark: no signature, so a secret in HTTP basic authentication or in the address."""

import base64
import binascii
import hmac
import json

from campaign.core.config import WebhookSettings
from campaign.delivery.incoming.webhooks.base import (
    ReportedEvent,
    Request,
    digest,
    forged,
    read_json,
    text_at,
)
from campaign.delivery.returns import EventKind, Provider

_HARD = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated", "InactiveAddress"})
_SOFT = frozenset(
    {
        "SoftBounce",
        "Blocked",
        "DnsError",
        "SpamNotification",
        "DMARCPolicy",
        "TemplateRenderingFailed",
    }
)
_DELAYED = frozenset({"Transient"})
_UNREADABLE = frozenset({"Unknown", "AddressChange", "ChallengeVerification"})


def read_postmark(request: Request, settings: WebhookSettings) -> list[ReportedEvent]:
    """Return the event of a request; raises WebhookForged, WebhookUnreadable."""
    if not any(
        hmac.compare_digest(given.encode(), settings.postmark_secret.encode())
        for given in (_password(request), request.query.get("secret", ""))
    ):
        raise forged()
    content = read_json(request.body)
    kind = _kind(content)
    if kind is None:
        return []
    number = text_at(content, "ID")
    return [
        ReportedEvent(
            provider=Provider.POSTMARK,
            event_id=f"{text_at(content, 'RecordType')}:{number}"
            if number
            else digest(json.dumps(content, sort_keys=True)),
            kind=kind,
            message_id=text_at(content, "Metadata", "campaign-message"),
            recipient=text_at(content, "Email") or text_at(content, "Recipient"),
        )
    ]


def _kind(content: object) -> EventKind | None:
    record, sort = text_at(content, "RecordType"), text_at(content, "Type")
    if record == "SpamComplaint" or (record == "Bounce" and sort == "SpamComplaint"):
        return EventKind.COMPLAINT
    if record != "Bounce":
        return None
    for names, kind in (
        (_HARD, EventKind.HARD_BOUNCE),
        (_SOFT, EventKind.SOFT_BOUNCE),
        (_DELAYED, EventKind.DELAYED),
        (_UNREADABLE, EventKind.UNREADABLE),
    ):
        if sort in names:
            return kind
    return None


def _password(request: Request) -> str:
    scheme, _, code = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() != "basic":
        return ""
    try:
        return base64.b64decode(code).decode("utf-8", "replace").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
