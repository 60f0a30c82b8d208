"""SendGrid: a signature by ECDSA over a time and the whole body."""

import json
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from campaign.core.config import WebhookSettings
from campaign.core.errors import SettingsError
from campaign.delivery.incoming.webhooks.base import (
    MAXIMUM_EVENTS,
    ReportedEvent,
    Request,
    check_time,
    decode_base64,
    digest,
    forged,
    read_json,
    text_at,
)
from campaign.delivery.returns import EventKind, Provider, judge_bounce

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIME = "x-twilio-email-event-webhook-timestamp"


def read_sendgrid(
    request: Request, settings: WebhookSettings, *, now: datetime
) -> list[ReportedEvent]:
    """Return the events of a request; raises WebhookForged, WebhookUnreadable."""
    seconds = request.headers.get(_TIME, "")
    signature = decode_base64(request.headers.get(_SIGNATURE, ""))
    try:
        _public_key(settings.sendgrid_key).verify(
            signature, seconds.encode() + request.body, ECDSA(SHA256())
        )
    except InvalidSignature as error:
        raise forged() from error
    check_time(seconds, now=now)
    content = read_json(request.body)
    entries = content if isinstance(content, list) else [content]
    return [event for each in entries[:MAXIMUM_EVENTS] if (event := _event(each)) is not None]


def _event(entry: object) -> ReportedEvent | None:
    kind = _kind(entry)
    if kind is None:
        return None
    return ReportedEvent(
        provider=Provider.SENDGRID,
        event_id=text_at(entry, "sg_event_id") or digest(json.dumps(entry, sort_keys=True)),
        kind=kind,
        message_id=text_at(entry, "campaign_message") or text_at(entry, "smtp-id").strip("<>"),
        recipient=text_at(entry, "email"),
        status=text_at(entry, "status")[:20],
    )


def _kind(entry: object) -> EventKind | None:
    name, reason = text_at(entry, "event"), text_at(entry, "reason")
    if name == "spamreport":
        return EventKind.COMPLAINT
    if name == "deferred":
        return EventKind.DELAYED
    if name == "dropped":
        # It was not even tried, because of what happened to the address before.
        if "spam report" in reason.casefold():
            return EventKind.COMPLAINT
        is_known = any(each in reason.casefold() for each in ("bounced", "invalid"))
        return EventKind.HARD_BOUNCE if is_known else EventKind.SOFT_BOUNCE
    if name != "bounce":
        return None
    if text_at(entry, "type") == "blocked":
        return EventKind.SOFT_BOUNCE
    kind = judge_bounce(text_at(entry, "status"), reason, is_final=True)
    return EventKind.HARD_BOUNCE if kind is EventKind.UNREADABLE else kind


def _public_key(text: str) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(decode_base64(text))
    except ValueError as error:
        raise SettingsError("SENDGRID_PUBLIC_KEY is not a public key in base64.") from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise SettingsError("SENDGRID_PUBLIC_KEY is not a key for ECDSA.")
    return key
