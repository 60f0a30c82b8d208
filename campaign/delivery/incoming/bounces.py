"""Reading bounces: RFC 3464 where the report follows it, flufl.bounce for the many that do not."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message

from flufl.bounce import all_failures

from campaign.delivery.incoming.mail import IncomingMail, header_text, part_text
from campaign.delivery.returns import EventKind, judge_bounce

_SCANNED_BYTES = 64 * 1024
"""Text that flufl.bounce gets to see: it tries some two hundred patterns on each line."""

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # It logs each try, with addresses.


@dataclass(frozen=True)
class Bounce:
    """What a report says became of a message; ``kind`` None where it says that all is well."""

    kind: EventKind | None
    status: str = ""


UNREADABLE = Bounce(EventKind.UNREADABLE)


def read_status_report(mail: IncomingMail, recipient: str) -> Bounce | None:
    """Read a report after RFC 3464 about a message to ``recipient``; None where this is none."""
    part = mail.find_part("message/delivery-status")
    if part is None:
        return None
    payload = part.get_payload()
    blocks = (
        [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
    )
    about = [each for each in blocks[:50] if header_text(each, "Action") or _recipients(each)]
    ours = next((each for each in about if is_same_mailbox(_recipients(each), recipient)), None)
    if ours is None:
        # Somebody to whom it was forwarded: whether our own address works is not said.
        return UNREADABLE
    action = header_text(ours, "Action").casefold()
    status, diagnostic = header_text(ours, "Status")[:20], header_text(ours, "Diagnostic-Code")
    if action.startswith(("delivered", "relayed", "expanded")):
        return Bounce(None)
    is_final = action.startswith(("fail", "error")) or (not action and status.startswith("5"))
    if not is_final and not action.startswith("delay"):
        return UNREADABLE
    kind = judge_bounce(status, diagnostic, is_final=is_final)
    return Bounce(kind, status=status.split(" ")[0])


def scan_for_bounce(mail: IncomingMail, recipient: str) -> Bounce | None:
    """Recognise a bounce in a form that predates or ignores RFC 3464; None if it is none."""
    copy = _readable_copy(mail)
    try:
        temporary, permanent = all_failures(copy)
    except Exception:  # Its detectors trust that a mail is well formed.
        return None
    if is_same_mailbox(_decoded(permanent), recipient):
        kind = judge_bounce("", mail.text()[:4000], is_final=True)
        return Bounce(EventKind.HARD_BOUNCE if kind is EventKind.UNREADABLE else kind)
    if is_same_mailbox(_decoded(temporary), recipient):
        return Bounce(EventKind.DELAYED)
    return UNREADABLE if temporary or permanent else None


def is_same_mailbox(named: Iterable[str], recipient: str) -> bool:
    """Tell whether one of the addresses that a report names can be the recipient's.

    Systems rewrite addresses on the way: the same person at another name of the domain, or another
    person at the same. A wholly different address is somebody to whom the mail was passed on.
    """
    local, _, domain = recipient.casefold().rpartition("@")
    for address in named:
        other_local, _, other_domain = address.casefold().strip("<> ").rpartition("@")
        if other_local == local or (other_domain == domain and not _is_shared(domain)):
            return True
    return False


def _is_shared(domain: str) -> bool:
    """Tell whether strangers have addresses at a domain, so that it alone says nothing."""
    return domain in {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "yahoo.com"}


def _recipients(block: Message) -> list[str]:
    named = []
    for name in ("Original-Recipient", "Final-Recipient", "X-Actual-Recipient"):
        for value in block.get_all(name, [])[:5]:
            named.append(str(value).rpartition(";")[2].strip())
    return [each for each in named if "@" in each]


def _decoded(addresses: Iterable[bytes]) -> list[str]:
    return [address.decode("ascii", "replace") for address in addresses]


def _readable_copy(mail: IncomingMail) -> Message:
    """Return the mail with its texts decoded, its lines cut and at most some of it."""
    copy = Message()
    for name in ("From", "Subject", "X-Failed-Recipients", "X-Mailer"):
        if value := mail.header(name):
            copy[name] = value.encode("ascii", "replace").decode()
    is_multipart = mail.body is not None and mail.body.is_multipart()
    copy["Content-Type"] = "multipart/mixed" if is_multipart else "text/plain"
    left = _SCANNED_BYTES
    for part in mail.parts():
        if part.get_content_maintype() != "text" or left <= 0:
            continue
        text = part_text(part)[:left].encode("ascii", "replace").decode()
        left -= len(text)
        if not is_multipart:
            copy.set_payload(text)
            break
        inner = Message()
        inner["Content-Type"] = part.get_content_type()
        inner.set_payload(text)
        copy.attach(inner)
    return copy
