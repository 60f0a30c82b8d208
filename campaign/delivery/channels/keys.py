"""The private key of our DKIM signature: read, made once, and shown to the world by a DNS record.

``cryptography`` is loaded only where mail is signed: it takes some megabytes of memory.
"""

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.core.errors import SettingsError
from campaign.delivery.errors import KeyFileTaken

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    SigningKey = RSAPrivateKey | Ed25519PrivateKey

RSA_BITS = 2048
"""What every receiver must be able to check (RFC 8301, 3.2), and the least that is safe."""
_TEXT_OCTETS = 255
"""What one string of a TXT record holds at most."""


def load_key(path: Path) -> "SigningKey":
    """Read a PEM file; raises SettingsError with one sentence when it is not fit for DKIM."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise SettingsError(
            f"DKIM_KEY_FILE cannot be read: {error.strerror}. "
            f"Make a key with: campaign mail dkim-key FILE"
        ) from error
    except TypeError as error:
        raise SettingsError("DKIM_KEY_FILE has a passphrase; it must be stored without.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsError("DKIM_KEY_FILE does not hold a private key in PEM form.") from error
    if isinstance(key, RSAPrivateKey):
        if key.key_size < RSA_BITS:
            raise SettingsError(
                f"The RSA key in DKIM_KEY_FILE has {key.key_size} bits; "
                f"it must have {RSA_BITS} or more."
            )
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise SettingsError("The key in DKIM_KEY_FILE must be RSA or Ed25519.")


def make_key(path: Path, *, is_ed25519: bool = False) -> "SigningKey":
    """Write a new key into a file of its own that only its owner reads.

    Raises KeyFileTaken where the file is there: mail that is out is checked against its key.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    key: SigningKey
    if is_ed25519:
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise KeyFileTaken(f"{path} is there already and was not touched.") from error
    except OSError as error:
        raise KeyFileTaken(f"{path} cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    return key


def public_part(key: "SigningKey") -> str:
    """Return the tag p= of a key's DNS record (RFC 6376, 3.6.1; RFC 8463, 4)."""
    from cryptography.hazmat.primitives import serialization

    public = key.public_key()
    if algorithm(key) == "ed25519":
        octets = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    else:
        octets = public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    return base64.b64encode(octets).decode("ascii")


def algorithm(key: "SigningKey") -> str:
    """Return the tag k= of a key's DNS record."""
    return "rsa" if hasattr(key, "key_size") else "ed25519"


def dns_record(key: "SigningKey") -> str:
    """Return the text of the record by which receivers check our signature."""
    return f"v=DKIM1; k={algorithm(key)}; p={public_part(key)}"


def zone_line(name: str, text: str) -> str:
    """Return a TXT record as a zone file has it: in quotes, in pieces that fit."""
    pieces = [text[at : at + _TEXT_OCTETS] for at in range(0, len(text), _TEXT_OCTETS)]
    return f"{name}. IN TXT ( " + " ".join(f'"{piece}"' for piece in pieces) + " )"
