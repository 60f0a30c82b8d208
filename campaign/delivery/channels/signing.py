"""DKIM (RFC 6376): a signature by which receivers see that a message is ours and as we sent it.

Written here, over ``cryptography``: dkimpy signs with RSA in plain Python, which takes many times
as long as sending the message. The tests let dkimpy check what is signed here.
"""

import base64
import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING

from campaign.core.config import MailSettings
from campaign.delivery.channels.keys import algorithm, load_key
from campaign.delivery.returns import Provider

if TYPE_CHECKING:
    from campaign.delivery.channels.keys import SigningKey

SIGNED = (
    "from", "to", "reply-to", "subject", "date", "message-id", "auto-submitted",
    "list-unsubscribe", "list-unsubscribe-post",
    "mime-version", "content-type", "content-transfer-encoding",
)  # fmt: skip
"""Headers that the signature covers, where a message has them."""
_REPLACED_BY = {Provider.SES: frozenset({"date", "message-id"})}
"""What a service writes anew on the way, so that a signature over it would break."""
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_SPACE = re.compile(rb"[ \t]+")
_LINE = 72


class DkimSigner:
    """Sign messages for one domain with one key."""

    def __init__(
        self, key: "SigningKey", *, domain: str, selector: str, provider: str = ""
    ) -> None:
        self._key = key
        self._algorithm = f"{algorithm(key)}-sha256"
        self._domain, self._selector = domain, selector
        left_out = _REPLACED_BY.get(provider, frozenset())  # type: ignore[call-overload]
        self._signed = [name.encode() for name in SIGNED if name not in left_out]

    def sign(self, email: bytes, *, now: datetime) -> bytes:
        """Return a message with its signature in front; its lines must end with CRLF.

        Relaxed for headers and body, because relays fold headers and cut spaces at line ends. From
        is named once more than it is there, so that nobody can add a second one.
        """
        head, _, body = email.partition(b"\r\n\r\n")
        fields = canonical_fields(head)
        present = [name for name in self._signed if name in fields]
        names = [b"from", *present]
        digest = base64.b64encode(hashlib.sha256(canonical_body(body)).digest())
        unsigned = (
            f"v=1; a={self._algorithm}; c=relaxed/relaxed;\r\n"
            f" d={self._domain}; s={self._selector}; t={int(now.timestamp())};\r\n"
            f" h={_folded(':'.join(name.decode() for name in names), ':')};\r\n"
            f" bh={digest.decode()};\r\n b="
        )
        covered = b"".join(fields[name] for name in present)
        own = canonical_fields(b"DKIM-Signature: " + unsigned.encode())[b"dkim-signature"]
        signature = self._signature(covered + own.removesuffix(b"\r\n"))
        pieces = [signature[at : at + _LINE] for at in range(0, len(signature), _LINE)]
        folded = "\r\n ".join(pieces)
        return f"DKIM-Signature: {unsigned}{folded}\r\n".encode() + email

    def _signature(self, covered: bytes) -> str:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256

        if isinstance(self._key, RSAPrivateKey):
            octets = self._key.sign(covered, PKCS1v15(), SHA256())
        else:
            octets = self._key.sign(hashlib.sha256(covered).digest())  # RFC 8463, 3
        return base64.b64encode(octets).decode("ascii")


def load_signer(mail: MailSettings) -> DkimSigner | None:
    """Return what signs our mail, None where the settings name no key; raises SettingsError."""
    if mail.dkim_key_file is None:
        return None
    return DkimSigner(
        load_key(mail.dkim_key_file),
        domain=mail.signing_domain,
        selector=mail.dkim_selector,
        provider=mail.provider,
    )


def canonical_fields(head: bytes) -> dict[bytes, bytes]:
    """Return each header by its name in relaxed form (3.4.2); none stands there twice."""
    fields = {}
    for line in _FOLD.sub(b"", head).split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.strip().lower()
        fields[name] = name + b":" + _SPACE.sub(b" ", value).strip() + b"\r\n"
    return fields


def canonical_body(body: bytes) -> bytes:
    """Return a body in relaxed form (3.4.4)."""
    text = _SPACE.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return text + b"\r\n" if text else b""


def _folded(text: str, separator: str) -> str:
    lines = [""]
    for piece in re.findall(f"[^{separator}]+{separator}?", text):
        if len(lines[-1]) + len(piece) > _LINE:
            lines.append("")
        lines[-1] += piece
    return "\r\n ".join(lines)
