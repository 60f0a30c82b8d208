"""What every mail service's reports are made into, and what they have in common."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campaign.delivery.errors import WebhookForged, WebhookUnreadable
from campaign.delivery.returns import EventKind, Provider

TIME_WINDOW = timedelta(days=1)
"""How old a signature may be: services repeat for hours what we could not take. A replay inside
the window is harmless, since each event is stored once."""
CLOCK_SKEW = timedelta(minutes=10)
MAXIMUM_EVENTS = 2000


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request of a service, without anything of the web framework."""

    headers: Mapping[str, str]
    """Names in lower case."""
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class ReportedEvent:
    """One event of a service that we act upon."""

    provider: Provider
    event_id: str
    kind: EventKind
    message_id: str = ""
    """Our own Message-ID, without angle brackets; empty where the service does not name it."""
    recipient: str = ""
    status: str = ""


def forged() -> WebhookForged:
    """Return the error for anything that is not proved; it says nothing of why."""
    return WebhookForged("This request is not signed as it should be.")


def check_time(seconds: str, *, now: datetime) -> None:
    """Raise WebhookForged unless a Unix time lies in the window."""
    try:
        age = now.timestamp() - float(seconds)
    except ValueError as error:
        raise forged() from error
    if not -CLOCK_SKEW.total_seconds() <= age <= TIME_WINDOW.total_seconds():
        raise forged()


def read_json(body: bytes) -> Any:
    """Return what a body holds; raises WebhookUnreadable."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WebhookUnreadable("The body is not JSON.") from error


def decode_base64(text: str) -> bytes:
    """Return the bytes of a signature or key; raises WebhookForged."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise forged() from error


def text_at(value: Any, *path: str) -> str:
    """Return the text at a path of nested objects; empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, str | int | float):
        return ""
    # Neither half characters nor a zero can be stored.
    return str(value)[:1000].encode("utf-8", "replace").decode().replace("\0", "")


def digest(*parts: str) -> str:
    """Return an id for an event that has none of its own."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
