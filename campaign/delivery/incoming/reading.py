"""What an incoming mail is: a bounce, a complaint, a reply, or nothing for us."""

import re
from dataclasses import dataclass
from email.message import Message

import structlog

from campaign.delivery.incoming.bounces import (
    UNREADABLE,
    Bounce,
    read_status_report,
    scan_for_bounce,
)
from campaign.delivery.incoming.mail import IncomingMail, part_text
from campaign.delivery.returns import EventKind, find_return_token, without_keys

log = structlog.stdlib.get_logger(__name__)

_EXCERPT = 4000
_ROBOT = re.compile(r"(?:mailer-daemon|postmaster|mail-?daemon|mdaemon|bounces?)\b")
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (?:status|failure|has failed|delayed)|failure notice|returned mail"
    r"|mail delivery|could not be delivered|non remis|unzustellbar"
)
_AWAY_SUBJECT = re.compile(
    r"^\W*(?:out of (?:the )?office|automatic reply|auto[- ]?reply|auto[- ]?response|vacation"
    r"|away from|annual leave|on leave|allan o'r swyddfa)"
)
_ACCEPTED_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "miscategorized"})


@dataclass(frozen=True)
class Reading:
    """What a mail is; ``kind`` None for what nobody needs to hear of."""

    kind: EventKind | None
    status: str = ""
    excerpt: str = ""
    """For a person to decide by, where ``kind`` is unreadable."""


NOTHING = Reading(None)


def find_token(mail: IncomingMail, form: str, recipients: list[str]) -> str | None:
    """Return the token of the message that a mail is about, from whom it was to.

    Envelope recipients come first. A complaint comes to another address, and holds our return
    path in its report. A Message-ID would not do: everybody who got the message knows it.
    """
    named = [*recipients, *mail.recipients, *_complaint_senders(mail)]
    return next((t for each in named if (t := find_return_token(each, form))), None)


def read(mail: IncomingMail, *, recipient: str, sent_text: str) -> Reading:
    """Tell what a mail about a message to ``recipient`` with this text is; never raises."""
    try:
        return _read(mail, recipient=recipient, sent_text=sent_text)
    except Exception:  # A mail that no program can bear is one for a person.
        log.exception("mail_unreadable")
        return Reading(EventKind.UNREADABLE)


def _read(mail: IncomingMail, *, recipient: str, sent_text: str) -> Reading:
    if (is_abuse := _is_complaint(mail)) is not None:
        return Reading(EventKind.COMPLAINT) if is_abuse else NOTHING
    if mail.find_part("message/disposition-notification") is not None:
        return NOTHING  # A receipt that it was read, or deleted.
    bounce = read_status_report(mail, recipient)
    if bounce is None and _looks_like_bounce(mail):
        bounce = scan_for_bounce(mail, recipient)
        if bounce is None and not _is_automatic(mail, even_if_bounce=False):
            bounce = UNREADABLE
    if bounce is not None:
        return _as_reading(bounce, mail, sent_text)
    if mail.body is None:
        return Reading(EventKind.UNREADABLE, excerpt=mail.header("Subject")[:_EXCERPT])
    if mail.header("List-Id") or _precedence(mail) == "list":
        return NOTHING
    if _is_automatic(mail):
        return Reading(EventKind.AUTOMATIC_REPLY)
    return NOTHING if _precedence(mail) in ("bulk", "junk") else Reading(EventKind.REPLY)


def without_our_text(text: str, sent_text: str) -> str:
    """Return what is left of a text when the lines of our own message are taken out.

    A bounce returns the letter, and nobody but its reader has to see that.
    """
    ours = {_bare(line) for line in sent_text.splitlines()} - {""}
    kept = [line for line in text.splitlines() if _bare(line) not in ours or not _bare(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _bare(line: str) -> str:
    return " ".join(line.strip("> \t").split())


def _as_reading(bounce: Bounce, mail: IncomingMail, sent_text: str) -> Reading:
    if bounce.kind is not EventKind.UNREADABLE:
        return Reading(bounce.kind, status=bounce.status)
    text = without_keys(without_our_text(f"{mail.header('Subject')}\n\n{mail.text()}", sent_text))
    return Reading(EventKind.UNREADABLE, status=bounce.status, excerpt=text[:_EXCERPT])


def _looks_like_bounce(mail: IncomingMail) -> bool:
    return (
        mail.headers.get_content_type() == "multipart/report"
        or bool(mail.header("X-Failed-Recipients"))
        or _has_null_sender(mail)
        or _ROBOT.match(mail.header("From").rpartition("<")[2].casefold()) is not None
        or (
            bool(_BOUNCE_SUBJECT.search(mail.header("Subject").casefold()))
            and not mail.header("In-Reply-To")
        )
    )


def _is_automatic(mail: IncomingMail, *, even_if_bounce: bool = True) -> bool:
    """Tell whether a program answered; bounces say so of themselves too."""
    is_from_robot = _ROBOT.match(mail.header("From").rpartition("<")[2].casefold()) is not None
    if is_from_robot and not even_if_bounce:
        return False
    submitted = mail.header("Auto-Submitted").casefold().partition(";")[0].strip()
    return (
        submitted not in ("", "no")
        or bool(_AWAY_SUBJECT.search(mail.header("Subject").casefold()))
        or any(mail.header(name) for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
        or _precedence(mail) in ("auto_reply", "auto-reply")
        or mail.header("X-Auto-Response-Suppress") != ""
        or _has_null_sender(mail)
    )


def _has_null_sender(mail: IncomingMail) -> bool:
    # Postfix's pipe writes the second where it is not told otherwise.
    return mail.header("Return-Path").casefold() in ("<>", "<mailer-daemon>")


def _precedence(mail: IncomingMail) -> str:
    return mail.header("Precedence").casefold()


def _is_complaint(mail: IncomingMail) -> bool | None:
    """Tell whether a mail is a feedback report (RFC 5965) that complains; None if it is none."""
    report = mail.find_part("message/feedback-report")
    if report is None:
        return None
    kind = re.search(r"(?im)^feedback-type:\s*([\w-]{1,40})", _report_text(report))
    return kind is not None and kind[1].casefold() in _ACCEPTED_COMPLAINTS


def _complaint_senders(mail: IncomingMail) -> list[str]:
    report = mail.find_part("message/feedback-report")
    if report is None:
        return []
    found = re.findall(r"(?im)^original-mail-from:\s*<?([^\s<>]{3,320})", _report_text(report))
    original = mail.find_part("message/rfc822")
    payload = original.get_payload() if original is not None else None
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        found += [str(each).strip("<> ") for each in payload[0].get_all("Return-Path", [])[:3]]
    headers = mail.find_part("text/rfc822-headers")
    if headers is not None:
        found += re.findall(r"(?im)^return-path:\s*<?([^\s<>]{3,320})", part_text(headers))
    return found[:10]


def _report_text(report: object) -> str:
    """Return the fields of a report: the parser takes them for a message of their own."""
    payload = report.get_payload() if hasattr(report, "get_payload") else ""
    if isinstance(payload, list):
        return "\n".join(str(each)[:8000] for each in payload[:3])
    return str(payload)[:8000]
