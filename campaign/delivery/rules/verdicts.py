"""What a mail server's refusal means."""

import re
from enum import StrEnum
from typing import NamedTuple


class Stage(StrEnum):
    """Where in the talk with a mail server a try ended."""

    CONNECTION = "connection"
    """Connecting, greeting, TLS, login."""
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


class Verdict(NamedTuple):
    """What a failure means for its message, and for the messages after it."""

    is_permanent: bool
    stops_channel: bool
    is_our_fault: bool = False
    """Stays until a person mends our settings or our standing with the relay."""
    is_throttled: bool = False
    """The recipient's domain wants less from us for a while; other domains are not concerned."""


_OUR_OWN_FAULT = frozenset({500, 501, 502, 503, 504, 521, 530, 534, 535, 538})
"""Replies that speak of the commands, the login or the session and not of the recipient."""
_SERVICE_CLOSING = 421
_WANTS_LESS = re.compile(r"\b4\.7\.\d{1,3}\b")
"""Enhanced codes (RFC 3463) of security and policy: rate limits and reputation."""
_OF_THE_SESSION = re.compile(r"\b4\.[34]\.\d{1,3}\b|\bclosing\b|\bshut|\bidle\b|\btime(?:d )?out")
_GREYLISTING = re.compile(r"gr[ae]y-?list")
_ADDRESS = re.compile(r"\S*@\S*")
_WILL_NOT_RELAY = re.compile(
    r"\brelay(?:ing)?(?: access| attempt)?(?: is| was)? (?:denied|rejected|prohibited|not )"
    r"|\b(?:not|unable|cannot|refuse[ds]?|invalid credentials)\b[^.;:]*\brelay(?:ing)?\b(?![.-])"
)
"""Not the word alone: hosts are called so, and Postfix speaks of a "relay recipient table"."""
_ABOUT_RECIPIENT = re.compile(r"\b5\.1\.(?:[0-6]|10)\b|\brecipient address\b")


def judge_reply(stage: Stage, code: int, reply: str) -> Verdict:
    """Judge a refusal by a mail server.

    Only a 5xx that is about this recipient or this content is permanent. A wrong login, sender or
    relay setting would otherwise burn every letter in the outbox within minutes. A relay that does
    not know us may say so with a 4xx (Debian's Postfix does): time alone never mends that. A 421 or
    4.7.x to the recipient or the content is the recipient's domain speaking, through our relay or
    itself; to the connection or the sender it is our relay's own, and so is a 421 that speaks of
    the session. Greylisting is about one letter only.
    """
    words = _ADDRESS.sub("", reply.casefold())
    if stage is Stage.RECIPIENT and _WILL_NOT_RELAY.search(words):
        return Verdict(is_permanent=False, stops_channel=True, is_our_fault=True)
    if stage in (Stage.RECIPIENT, Stage.CONTENT) and _is_throttling(code, words):
        return Verdict(is_permanent=False, stops_channel=False, is_throttled=True)
    is_for_ever = 500 <= code <= 599
    is_about_recipient = stage is Stage.RECIPIENT and _ABOUT_RECIPIENT.search(words)
    is_general = (
        stage in (Stage.CONNECTION, Stage.SENDER)
        or code == _SERVICE_CLOSING
        or (code in _OUR_OWN_FAULT and not is_about_recipient)
    )
    if is_general:
        return Verdict(is_permanent=False, stops_channel=True, is_our_fault=is_for_ever)
    return Verdict(is_permanent=is_for_ever, stops_channel=False)


def _is_throttling(code: int, words: str) -> bool:
    if not 400 <= code <= 499 or _GREYLISTING.search(words):
        return False
    is_of_domain = code == _SERVICE_CLOSING and not _OF_THE_SESSION.search(words)
    return is_of_domain or _WANTS_LESS.search(words) is not None


def judge_silence(stage: Stage) -> Verdict:
    """Judge a timeout, a dropped or refused connection, or a failure of TLS or DNS."""
    is_general = stage in (Stage.CONNECTION, Stage.SENDER)
    return Verdict(is_permanent=False, stops_channel=is_general)
