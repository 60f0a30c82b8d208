"""Amazon SES through SNS: signed by a key whose certificate Amazon publishes.

Two things are fetched, the certificate and the address that confirms a subscription, and both
addresses come in the request itself. So they must be Amazon's own, for SNS, by HTTPS.
"""

import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener
from urllib.request import Request as UrlRequest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from campaign.core.config import WebhookSettings
from campaign.delivery.incoming.webhooks.base import (
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

Fetch = Callable[[str], bytes]
"""Get an address of Amazon's; raises OSError."""

_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z0-9]+){1,4}-\d\.amazonaws\.com(?:\.cn)?")
_CERTIFICATE_PATH = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,80}\.pem")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
_MAXIMUM_ANSWER = 64 * 1024
_KEPT_CERTIFICATES = 8


class Amazon:
    """Prove and read what SNS sends; keeps the certificates it has fetched."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._certificates: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def read(
        self, request: Request, settings: WebhookSettings, *, now: datetime
    ) -> list[ReportedEvent]:
        """Return the events of a request; confirms a subscription to the topic that is set.

        Raises WebhookForged, WebhookUnreadable, and OSError where Amazon does not answer.
        """
        envelope = read_json(request.body)
        sort = text_at(envelope, "Type")
        if sort not in _SIGNED or text_at(envelope, "TopicArn") != settings.ses_topic:
            raise forged()
        self._check_signature(envelope, sort)
        _check_iso_time(text_at(envelope, "Timestamp"), now=now)
        if sort == "SubscriptionConfirmation":
            self._confirm(envelope["SubscribeURL"])
            return []
        return _events(read_json(str(envelope["Message"]).encode()), text_at(envelope, "MessageId"))

    def _check_signature(self, envelope: dict[str, Any], sort: str) -> None:
        fields = [name for name in _SIGNED[sort] if isinstance(envelope.get(name), str)]
        signed = "".join(f"{name}\n{envelope[name]}\n" for name in fields).encode()
        algorithms: dict[str, SHA1 | SHA256] = {"1": SHA1(), "2": SHA256()}  # noqa: S303
        algorithm = algorithms.get(text_at(envelope, "SignatureVersion"))
        address = text_at(envelope, "SigningCertURL") or text_at(envelope, "SigningCertUrl")
        signature = decode_base64(text_at(envelope, "Signature"))
        if algorithm is None or not is_amazons(address, path=_CERTIFICATE_PATH):
            raise forged()
        try:
            key = load_pem_x509_certificate(self._certificate(address)).public_key()
            if not isinstance(key, RSAPublicKey):
                raise forged()
            key.verify(signature, signed, PKCS1v15(), algorithm)
        except (InvalidSignature, ValueError) as error:
            raise forged() from error

    def _certificate(self, address: str) -> bytes:
        with self._lock:
            if (known := self._certificates.get(address)) is not None:
                return known
        fetched = self._fetch(address)
        with self._lock:
            self._certificates[address] = fetched
            while len(self._certificates) > _KEPT_CERTIFICATES:
                self._certificates.popitem(last=False)
        return fetched

    def _confirm(self, address: object) -> None:
        if not is_amazons(str(address), path=re.compile("/")):
            raise forged()
        self._fetch(str(address))


def is_amazons(address: str, *, path: re.Pattern[str]) -> bool:
    """Tell whether an address is one of SNS at Amazon, with no way round it."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    return (
        address.isascii()
        and parts.scheme == "https"
        and port is None
        and parts.username is None
        and _HOST.fullmatch(parts.netloc) is not None
        and path.fullmatch(parts.path) is not None
    )


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def fetch_from_amazon(address: str) -> bytes:
    """Get an address that ``is_amazons``, in a few seconds, without following it elsewhere."""
    opener = build_opener(_NoRedirects)
    with opener.open(UrlRequest(address), timeout=5) as answer:  # noqa: S310
        return bytes(answer.read(_MAXIMUM_ANSWER))


def _check_iso_time(text: str, *, now: datetime) -> None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise forged() from error
    if moment.tzinfo is None:
        raise forged()
    check_time(str(moment.timestamp()), now=now)


def _events(content: object, notification_id: str) -> list[ReportedEvent]:
    sort = text_at(content, "notificationType") or text_at(content, "eventType")
    mail = content.get("mail") if isinstance(content, dict) else None
    reported = []
    for recipient, kind, status in _recipients(content, sort):
        feedback = text_at(content, sort.casefold(), "feedbackId") or notification_id
        reported.append(
            ReportedEvent(
                provider=Provider.SES,
                event_id=digest(feedback, recipient),
                kind=kind,
                message_id=_our_message_id(mail),
                recipient=recipient,
                status=status,
            )
        )
    return reported


def _recipients(content: object, sort: str) -> list[tuple[str, EventKind, str]]:
    if not isinstance(content, dict) or sort not in ("Bounce", "Complaint"):
        return []
    details = content.get(sort.casefold())
    name = "bouncedRecipients" if sort == "Bounce" else "complainedRecipients"
    listed = details.get(name) if isinstance(details, dict) else None
    if not isinstance(listed, list):
        return []
    if sort == "Complaint":
        # Some reports only say that an address was on the account's list already.
        if text_at(details, "complaintFeedbackType") == "not-spam":
            return []
        return [(text_at(each, "emailAddress"), EventKind.COMPLAINT, "") for each in listed[:50]]
    return [
        (text_at(each, "emailAddress"), _bounce_kind(details, each), text_at(each, "status")[:20])
        for each in listed[:50]
    ]


def _bounce_kind(details: object, recipient: object) -> EventKind:
    sort, detail = text_at(details, "bounceType"), text_at(details, "bounceSubType")
    if sort == "Permanent":
        is_about_content = detail in ("ContentRejected", "AttachmentRejected", "MessageTooLarge")
        return EventKind.SOFT_BOUNCE if is_about_content else EventKind.HARD_BOUNCE
    if sort != "Transient":
        return EventKind.UNREADABLE
    if detail == "MailboxFull":
        return EventKind.MAILBOX_FULL
    status, words = text_at(recipient, "status"), text_at(recipient, "diagnosticCode")
    if not status and not words:
        return EventKind.DELAYED  # SES reports automatic replies this way too.
    kind = judge_bounce(status, words, is_final=True)
    return EventKind.SOFT_BOUNCE if kind is EventKind.UNREADABLE else kind


def _our_message_id(mail: object) -> str:
    headers = mail.get("headers") if isinstance(mail, dict) else None
    for each in headers[:200] if isinstance(headers, list) else ():
        if text_at(each, "name").casefold() == "x-campaign-message":
            return text_at(each, "value").strip("<> ")
    return text_at(mail, "commonHeaders", "messageId").strip("<> ")
