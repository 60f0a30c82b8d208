"""Rules of what comes back: return paths, bounces, and who gets nothing more.

Without a database or a network, as ``rules`` is, on which this stands.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from campaign.delivery.rules import Lane


class EventKind(StrEnum):
    """What came back about a message after it had left."""

    HARD_BOUNCE = "hard_bounce"
    """The address does not work, and will not later."""
    SOFT_BOUNCE = "soft_bounce"
    """This message could not be delivered; another one may be."""
    MAILBOX_FULL = "mailbox_full"
    DELAYED = "delayed"
    """The other side is still trying: nothing is lost yet."""
    UNREADABLE = "unreadable"
    """It looks like a bounce, and no program can tell which: a person decides."""
    COMPLAINT = "complaint"
    """The recipient called the message spam."""
    AUTOMATIC_REPLY = "automatic_reply"
    """Out of office, or "we have received your message"."""
    REPLY = "reply"


class Provider(StrEnum):
    """Who tells us about bounces and complaints."""

    MAIL = "mail"
    """A mail to the return path."""
    SES = "ses"
    POSTMARK = "postmark"
    MAILGUN = "mailgun"
    SENDGRID = "sendgrid"


class EventDecision(StrEnum):
    """What a person made of a bounce that no program could read."""

    HARD = "hard"
    SOFT = "soft"
    IGNORE = "ignore"


class SuppressionReason(StrEnum):
    """Why an address gets nothing from us."""

    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"
    UNSUBSCRIBED = "unsubscribed"
    """Wants no notices; what somebody writes to them is another matter."""


SUPPRESSED_IN: dict[Lane, frozenset[SuppressionReason]] = {
    # Somebody at a screen has just asked for it, and it may be how they mend their mailbox.
    Lane.CONFIRMATION: frozenset(),
    Lane.NOTICE: frozenset(SuppressionReason),
    Lane.LETTER: frozenset(SuppressionReason) - {SuppressionReason.UNSUBSCRIBED},
}
"""Which reasons keep a message of a lane from leaving."""

SOFT_BOUNCE_LIMIT = 4
"""Soft bounces after which an address counts as one that does not work …"""
SOFT_BOUNCE_DAYS = 2
"""… if they came on at least this many days, so that one bad night stops nobody …"""
SOFT_BOUNCE_WINDOW = timedelta(days=14)
"""… and none is older than this."""

SOFT_KINDS = frozenset({EventKind.SOFT_BOUNCE, EventKind.MAILBOX_FULL})


def has_bounced_too_often(times: Sequence[datetime], *, now: datetime) -> bool:
    """Tell whether an address with soft bounces at these times is to be given up."""
    recent = [time for time in times if now - SOFT_BOUNCE_WINDOW <= time <= now]
    days = {time.date() for time in recent}
    return len(recent) >= SOFT_BOUNCE_LIMIT and len(days) >= SOFT_BOUNCE_DAYS


_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_FULL = re.compile(r"over ?quota|quota exceed|mailbox (?:is )?full|insufficient storage|disk full")
_ABOUT_THE_SENDER = re.compile(
    r"\b(?:spam|blacklist|blocklist|blocked|reputation|dmarc|spf|dkim|policy|rate.?limit)\b"
)


def judge_bounce(status: str, diagnostic: str, *, is_final: bool) -> EventKind:
    """Judge a report about one recipient by its enhanced status (RFC 3463) and its text.

    Only what speaks of the address itself is hard. A refusal by policy or for the content
    (5.7.x, 5.6.x) is about this message: the next one may arrive, so it is soft.
    """
    found = _STATUS.search(status) or _STATUS.search(diagnostic)
    words = diagnostic.casefold()
    numbers = tuple(int(part) for part in found.groups()) if found else (0, 0, 0)
    kind, subject, detail = numbers
    if (subject, detail) == (2, 2) or _FULL.search(words):
        return EventKind.MAILBOX_FULL if is_final else EventKind.DELAYED
    if not is_final:
        return EventKind.DELAYED
    # Many relays give 5.0.0 or nothing and put the other side's true answer into the text.
    if (subject, detail) == (0, 0):
        inner = _STATUS.search(diagnostic)
        if inner and inner.group(2) != "0":
            return judge_bounce(inner.group(), diagnostic, is_final=is_final)
        code = _REPLY_CODE.search(diagnostic)
        kind = int(code.group(1)[0]) if code else kind
        if kind == 5 and not _ABOUT_THE_SENDER.search(words):
            return EventKind.HARD_BOUNCE
        return EventKind.SOFT_BOUNCE if kind else EventKind.UNREADABLE
    if kind != 5:
        return EventKind.SOFT_BOUNCE
    is_about_address = subject == 1 and detail in (0, 1, 2, 3, 6, 10)
    is_about_mailbox = subject == 2 and detail in (0, 1)
    is_about_route = subject == 4 and detail in (1, 3, 4)  # No such host, no mail server.
    if is_about_mailbox or is_about_address or is_about_route:
        return EventKind.HARD_BOUNCE
    return EventKind.SOFT_BOUNCE


def is_refused_address(code: int | None, detail: str) -> bool:
    """Tell whether a refusal in the talk with a mail server was about the address itself."""
    if _STATUS.search(detail):
        return judge_bounce("", detail, is_final=True) is EventKind.HARD_BOUNCE
    return code in (550, 551, 553) and "recipient" in detail


PROBE_PATIENCE = timedelta(minutes=15)
"""How long the way back may take: some fetch their mail every five minutes."""

_ALWAYS_BOUNCE = {
    # Addresses with which these services let their customers try bounces.
    Provider.SES: "bounce@simulator.amazonses.com",
    Provider.POSTMARK: "hardbounce@bounce-testing.postmarkapp.com",
}


def choose_probe_recipient(provider: str, return_path: str) -> str | None:
    """Return whom a probe is sent to: the return path itself, or an address that bounces.

    A service replaces the return path and reports by webhook, so there only a bounce shows the
    way; None where the service has no address for that.
    """
    if not provider:
        return return_path
    return _ALWAYS_BOUNCE.get(Provider(provider))


RETURN_TOKEN_BYTES = 16
_HEXADECIMAL = r"(?P<token>[0-9a-f]{32}|[0-9a-f]{24})"  # 24: messages of the first version


def return_address(form: str, token: str, domain: str) -> str:
    """Return the envelope sender of a message; ``form`` is like ``bounce+{token}``."""
    return f"{form.replace('{token}', token)}@{domain}"


def find_return_token(address: str, form: str) -> str | None:
    """Return the token of one of our return paths, or None for any other address.

    Without regard to case, because some servers fold the local part. Something behind the token
    is passed over: relays that add VERP write ``bounce+<token>+jane=example.org@…``. The domain is
    not compared, for it may have changed since; the token alone is the secret.
    """
    before, _, after = form.casefold().partition("{token}")
    pattern = rf"{re.escape(before)}{_HEXADECIMAL}{re.escape(after)}(?:[+=-][^@\s]*)?@[^@\s]+"
    found = re.fullmatch(pattern, address.strip().strip("<>").casefold())
    return found["token"] if found else None


def echo_headers(provider: str, message_id: str) -> dict[str, str]:
    """Return the headers by which a mail service tells us our Message-ID again with each event.

    Their own Message-ID stands in the events of some, and SES even replaces ours.
    """
    plain = message_id.strip("<>")
    match provider:
        case Provider.SES:
            return {"X-Campaign-Message": plain}
        case Provider.POSTMARK:
            return {"X-PM-Metadata-campaign-message": plain, "X-PM-KeepID": "true"}
        case Provider.MAILGUN:
            return {"X-Mailgun-Variables": f'{{"campaign_message": "{plain}"}}'}
        case Provider.SENDGRID:
            return {"X-SMTPAPI": f'{{"unique_args": {{"campaign_message": "{plain}"}}}}'}
    return {}


_KEY = re.compile(r"(?:/|%2f)(?:answer|action|unsubscribe)(?:/|%2f)[^\s/]{16}", re.IGNORECASE)
_WORDS = re.compile(r"(\s+)")
WITHOUT_KEY = "[personal link]"


def without_keys(text: str) -> str:
    """Return a text without the personal links of our mail, wrapped by other systems or not.

    Whoever answers a letter quotes it, and with it the link by which its recipient answers the
    asks: whoever gets the reply would hold that key too.
    """
    return "".join(WITHOUT_KEY if _KEY.search(word) else word for word in _WORDS.split(text))
