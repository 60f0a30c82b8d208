"""Our DKIM signature, checked by dkimpy as a receiver would, and the key behind it."""

import base64
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st

from campaign.core.config import MailSettings, Settings
from campaign.core.errors import SettingsError
from campaign.delivery.channels.base import Outgoing
from campaign.delivery.channels.keys import dns_record, load_key, make_key, zone_line
from campaign.delivery.channels.mime import build_email
from campaign.delivery.channels.signing import DkimSigner, canonical_body, load_signer
from campaign.delivery.errors import KeyFileTaken

LETTER = Outgoing(
    recipient="candidate@example.org",
    from_name="Jane Smith via Safer streets",
    from_address="letters@campaign.example.org",
    return_path="bounce+1@campaign.example.org",
    message_id="<0123@campaign.example.org>",
    subject="Safer streets",
    body="Dear candidate,\n\nPlease act.\n",
    date=dt.datetime(2021, 5, 1, 10, 0, tzinfo=dt.UTC),  # dkimpy refuses what is yet to come.
    reply_to="jane@example.org",
)
NOTICE = {
    "List-Unsubscribe": f"<https://campaign.example.org/unsubscribe/{'x' * 200}>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "Auto-Submitted": "auto-generated",
}


@pytest.fixture(scope="session")
def rsa_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dkim") / "key.pem"
    make_key(path)
    return path


@pytest.fixture
def sign(rsa_file: Path) -> Callable[[Outgoing], bytes]:
    signer = DkimSigner(load_key(rsa_file), domain="campaign.example.org", selector="spring")
    return lambda message: signer.sign(build_email(message), now=message.date)


@pytest.fixture
def verifies(rsa_file: Path) -> Callable[[bytes], bool]:
    def verifies(email: bytes) -> bool:
        def answer(name: bytes, timeout: int = 5) -> bytes:
            assert name == b"spring._domainkey.campaign.example.org."
            return dns_record(load_key(rsa_file)).encode()

        return bool(dkim.verify(email, dnsfunc=answer))

    return verifies


Sign = Callable[[Outgoing], bytes]
Verifies = Callable[[bytes], bool]


def changed(**values: object) -> Outgoing:
    return Outgoing(**{**LETTER.__dict__, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "message",
    [
        LETTER,
        changed(headers=NOTICE),
        changed(subject="Strydoedd mwy diogel i blant ym Môn: " + "ŵ" * 120),
        changed(from_name="Siân Ŵynne, trwy'r Ymgyrch", body="Annwyl ymgeisydd ŵ\n" * 40),
        changed(body="x" * 5000),
        changed(body="ß" * 5000),
        changed(body="ends  with spaces  \n\t\n..\n.\n\n\n"),
        changed(body=""),
        changed(reply_to=""),
    ],
    ids=range(9),
)
def test_receivers_find_the_signature_right(
    sign: Sign, verifies: Verifies, message: Outgoing
) -> None:
    email = sign(message)
    assert verifies(email)
    assert all(len(line) <= 78 for line in email.split(b"From:")[0].split(b"\r\n"))
    assert email.endswith(build_email(message))


@pytest.mark.parametrize(
    ("what", "other"),
    [
        (b"Please act", b"Do not act"),
        (b"Subject: Safer", b"Subject: Faster"),
        (b"Reply-To: jane", b"Reply-To: mary"),
        (b"To: candidate", b"To: somebody"),
        (b"/unsubscribe/x", b"/unsubscribe/y"),
        (b"One-Click", b"Two-Click"),
        (b"Message-ID: <0", b"Message-ID: <9"),
        (b"text/plain", b"text/html"),
        (b"Date: Sat", b"Date: Sun"),
        (b"From: ", b"From: other@example.org\r\nFrom: "),
    ],
)
def test_whatever_is_changed_or_added_breaks_it(
    sign: Sign, verifies: Verifies, what: bytes, other: bytes
) -> None:
    email = sign(changed(headers=NOTICE))
    assert what in email
    assert not verifies(email.replace(what, other, 1))


def test_what_relays_do_to_a_message_does_not_break_it(sign: Sign, verifies: Verifies) -> None:
    email = sign(changed(body="Dear candidate,  \n\nPlease   act.\n"))
    relayed = b"Received: by relay\r\n" + email.replace(b",  \r\n", b",\r\n") + b"\r\n"
    assert verifies(relayed.replace(b"Subject: Safer ", b"SUBJECT:\r\n\tSafer  "))


def test_a_service_that_writes_date_and_id_anew_does_not_break_it(
    rsa_file: Path, verifies: Verifies
) -> None:
    mail = MailSettings(
        sender=LETTER.from_address, dkim_selector="spring", dkim_key_file=rsa_file, provider="ses"
    )
    signer = load_signer(mail)
    assert signer is not None
    email = signer.sign(build_email(LETTER), now=LETTER.date)
    assert verifies(email.replace(b"Message-ID: <0", b"Message-ID: <9").replace(b"Sat,", b"Sun,"))


def test_ed25519_signs_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verifies: Verifies
) -> None:
    class VerifyKey:
        """As PyNaCl's, which dkimpy asks for."""

        def __init__(self, octets: bytes, encoder: object) -> None:
            self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(octets))

        def verify(self, message: bytes, signature: bytes) -> bytes:
            self._key.verify(signature, message)
            return message

    stand_in = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=VerifyKey),
        encoding=SimpleNamespace(Base64Encoder=object()),
        exceptions=SimpleNamespace(ValueError=ValueError, BadSignatureError=ValueError),
    )
    monkeypatch.setattr(dkim, "nacl", stand_in, raising=False)
    key = make_key(tmp_path / "key.pem", is_ed25519=True)
    assert dns_record(key).startswith("v=DKIM1; k=ed25519; p=")
    signer = DkimSigner(key, domain="campaign.example.org", selector="spring")
    email = signer.sign(build_email(LETTER), now=LETTER.date)
    assert dkim.verify(email, dnsfunc=lambda name, timeout=5: dns_record(key).encode())


@given(st.lists(st.text("ab \t.", max_size=12)).map("\r\n".join))
def test_bodies_are_made_canonical_as_dkimpy_does(text: str) -> None:
    body = text.encode() + b"\r\n"
    expected = Relaxed.canonicalize_body(body)
    # An empty body is nothing (RFC 6376, 3.4.4); dkimpy says so only where nothing was sent.
    assert canonical_body(body) == (expected if expected.strip() else b"")


# Keys


def test_a_key_is_private_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    key = make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert dns_record(load_key(path)) == dns_record(key)
    with pytest.raises(KeyFileTaken, match="not touched"):
        make_key(path)
    assert dns_record(load_key(path)) == dns_record(key)
    with pytest.raises(KeyFileTaken, match="cannot be written"):
        make_key(tmp_path / "nowhere" / "key.pem")


def test_a_zone_file_has_the_record_in_pieces(rsa_file: Path) -> None:
    record = dns_record(load_key(rsa_file))
    assert len(record) > 255
    line = zone_line("spring._domainkey.example.org", record)
    assert "".join(line.split('"')[1::2]) == record
    assert all(len(piece) <= 255 for piece in line.split('"'))


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, password: bytes = b"") -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption(),
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file"),
        (b"not a key", "does not hold a private key"),
        (pem(rsa.generate_private_key(65537, 1024)), "has 1024 bits"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "must be RSA or Ed25519"),
        (pem(ec.generate_private_key(ec.SECP256R1()), password=b"secret"), "passphrase"),
    ],
    ids=range(5),
)
def test_a_key_that_is_not_fit_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=reason) as caught:
        load_signer(MailSettings(dkim_selector="spring", dkim_key_file=path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"dkim_selector": "spring"}, "belong together"),
        ({"dkim_key_file": Path("key.pem")}, "belong together"),
        ({"dkim_selector": "a b", "dkim_key_file": Path("key.pem")}, "letters, digits"),
    ],
)
def test_half_a_setting_is_refused(values: dict[str, object], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        Settings(secret_key="x" * 40, mail=MailSettings(**values))  # type: ignore[arg-type]


def test_the_sender_s_own_domain_signs_unless_another_is_named() -> None:
    assert MailSettings(sender="a@Bücher.Example.org").signing_domain == "xn--bcher-kva.example.org"
    assert MailSettings(dkim_domain="Example.org.").signing_domain == "example.org"
