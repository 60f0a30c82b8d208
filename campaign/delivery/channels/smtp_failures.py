"""What a failure in the talk with a mail server means, in words without the server's own text."""

import re
import smtplib
import ssl

from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.rules import Stage, Verdict, judge_reply, judge_silence

_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_WORDS = {
    Stage.CONNECTION: "the connection",
    Stage.SENDER: "the sender",
    Stage.RECIPIENT: "the recipient",
    Stage.CONTENT: "the message",
}


def failure_at(stage: Stage, error: OSError) -> DeliveryFailed:
    """Return what an error of smtplib, TLS or a socket at this stage means for the message."""
    code: int | None = None
    if isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
        raw = error.smtp_error
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        enhanced = _ENHANCED_CODE.search(text)
        answer = f"{code} {enhanced.group()}" if enhanced else str(code)
        is_login = isinstance(error, smtplib.SMTPAuthenticationError)
        what = "the login" if is_login else _WORDS[stage]
        detail = f"The mail server refused {what} ({answer})."
        verdict = judge_reply(stage, code, text)
    else:
        detail = f"The talk with the mail server ended at {_WORDS[stage]} ({_kind(error)})."
        verdict = judge_silence(stage)
    return _with(verdict, detail, code)


def _with(verdict: Verdict, detail: str, code: int | None) -> DeliveryFailed:
    return DeliveryFailed(
        detail,
        is_permanent=verdict.is_permanent,
        code=code,
        stops_channel=verdict.stops_channel,
        is_our_fault=verdict.is_our_fault,
        is_throttled=verdict.is_throttled,
    )


def _kind(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate cannot be verified"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "it does not offer what the settings ask for"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the connection was lost"
    return type(error).__name__
