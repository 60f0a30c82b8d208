"""What mail services report, each proved in its own way."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from campaign.core.config import MailSettings, WebhookSettings
from campaign.delivery.incoming.webhooks.ses import Amazon, is_amazons
from campaign.delivery.models import DeliveryEvent, OutboxMessage, Suppression
from campaign.delivery.returns import EventKind
from campaign.delivery.rules import MessageStatus
from campaign.letters.models import Letter
from tests.conftest import FrozenClock
from tests.integration.letters import make_scene
from tests.returned import ANN, send_letters, send_one

TOPIC = "arn:aws:sns:eu-west-2:123456789012:bounces"
CERTIFICATE = "https://sns.eu-west-2.amazonaws.com/SimpleNotificationService-0123abcd.pem"
SECRET = "a secret of the webhooks"


@pytest.fixture(scope="module")
def elliptic_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2008)


@pytest.fixture(scope="module")
def certificate(rsa_key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.example.org")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(rsa_key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2031, 1, 1))  # noqa: DTZ001
        .not_valid_after(datetime(2032, 1, 1))  # noqa: DTZ001
        .sign(rsa_key, SHA256())
        .public_bytes(Encoding.PEM)
    )


class Fetched:
    """Stands in for Amazon, and notes what it was asked for."""

    def __init__(self, certificate: bytes) -> None:
        self.certificate = certificate
        self.addresses: list[str] = []
        self.is_away = False

    def __call__(self, address: str) -> bytes:
        self.addresses.append(address)
        if self.is_away:
            raise TimeoutError
        return self.certificate


@pytest.fixture
def fetched(certificate: bytes) -> Fetched:
    return Fetched(certificate)


@pytest.fixture
def app(
    make_app: Callable[..., Flask], elliptic_key: ec.EllipticCurvePrivateKey, fetched: Fetched
) -> Flask:
    public = elliptic_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    app = make_app(
        webhooks=WebhookSettings(
            ses_topic=TOPIC,
            postmark_secret=SECRET,
            mailgun_key=SECRET,
            sendgrid_key=base64.b64encode(public).decode(),
        )
    )
    app.extensions["campaign.amazon"] = Amazon(fetched)
    return app


@pytest.fixture
def message(app: Flask, web_session: Session, clock: FrozenClock) -> OutboxMessage:
    """A letter to Ann that was sent, and one to her that waits."""
    scene = make_scene(emails=(ANN, "bob@example.org"))
    toolkit = app.extensions["campaign"]
    message, _ = send_one(toolkit, web_session, scene, now=clock())
    send_letters(
        toolkit,
        web_session,
        scene,
        now=clock(),
        only=lambda _: False,
        to=[0],
        email="k@example.org",
    )
    web_session.commit()
    web_session.refresh(message)
    web_session.expunge(message)  # A later look must not take the write lock again.
    web_session.rollback()
    return message


@pytest.fixture
def post(
    client: FlaskClient,
    clock: FrozenClock,
    elliptic_key: ec.EllipticCurvePrivateKey,
    rsa_key: rsa.RSAPrivateKey,
) -> Callable[..., TestResponse]:
    """Send what a service would, signed as it signs; ``forge`` spoils the proof."""

    def mailgun(content: Any, *, at: datetime, forge: bool, token: str = "") -> TestResponse:
        seconds = str(int(at.timestamp()))
        token = token or hashlib.sha256(json.dumps(content).encode()).hexdigest()
        key = b"another key" if forge else SECRET.encode()
        signature = hmac.new(key, f"{seconds}{token}".encode(), hashlib.sha256).hexdigest()
        body = {
            "signature": {"timestamp": seconds, "token": token, "signature": signature},
            "event-data": content,
        }
        return client.post("/webhooks/mailgun", json=body)

    def postmark(content: Any, *, at: datetime, forge: bool) -> TestResponse:
        password = "guessed" if forge else SECRET
        return client.post("/webhooks/postmark", json=content, auth=("campaign", password))

    def sendgrid(content: Any, *, at: datetime, forge: bool) -> TestResponse:
        seconds, body = str(int(at.timestamp())), json.dumps([content]).encode()
        signature = elliptic_key.sign(seconds.encode() + body, ec.ECDSA(SHA256()))
        headers = {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": seconds,
        }
        return client.post("/webhooks/sendgrid", data=body + b" " * forge, headers=headers)

    def ses(content: Any, *, at: datetime, forge: bool, **changes: str) -> TestResponse:
        envelope = {
            "Type": "Notification",
            "MessageId": "22b80b92",
            "TopicArn": TOPIC,
            "Message": json.dumps(content),
            "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE,
        } | changes
        sign_amazon(envelope, rsa_key)
        if forge:
            envelope["Message"] += " "
        return client.post(
            "/webhooks/ses", data=json.dumps(envelope), content_type="text/plain; charset=UTF-8"
        )

    senders = {"mailgun": mailgun, "postmark": postmark, "sendgrid": sendgrid, "ses": ses}

    def post(
        provider: str,
        content: Any,
        *,
        forge: bool = False,
        age: timedelta | None = None,
        **more: str,
    ) -> TestResponse:
        at = clock() - (age or timedelta())
        return senders[provider](content, at=at, forge=forge, **more)

    return post


def sign_amazon(envelope: dict[str, str], key: rsa.RSAPrivateKey) -> None:
    names = [
        "Message",
        "MessageId",
        "SubscribeURL",
        "Subject",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ]
    signed = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
    algorithm = SHA256() if envelope["SignatureVersion"] == "2" else SHA1()
    signature = key.sign(signed.encode(), padding.PKCS1v15(), algorithm)
    envelope["Signature"] = base64.b64encode(signature).decode()


def report(provider: str, message_id: str, kind: str) -> Any:
    """Return what a service reports about a message, in its own form."""
    plain = message_id.strip("<>")
    reports: dict[str, dict[str, Any]] = {
        "mailgun": {
            "hard": {
                "id": "mg-1", "event": "failed", "severity": "permanent", "recipient": ANN,
                "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "unknown"},
                "user-variables": {"campaign_message": plain},
            },
            "soft": {
                "id": "mg-2", "event": "failed", "severity": "permanent", "recipient": ANN,
                "delivery-status": {"code": 550, "enhanced-code": "5.7.1", "message": "policy"},
                "message": {"headers": {"message-id": plain}},
            },
            "complaint": {
                "id": "mg-3", "event": "complained", "recipient": ANN,
                "user-variables": {"campaign_message": plain},
            },
            "good": {"id": "mg-4", "event": "delivered"},
        },
        "postmark": {
            "hard": {
                "RecordType": "Bounce", "Type": "HardBounce", "ID": 42, "Email": ANN,
                "Metadata": {"campaign-message": plain},
            },
            "soft": {
                "RecordType": "Bounce", "Type": "SoftBounce", "ID": 43, "Email": ANN,
                "Metadata": {"campaign-message": plain},
            },
            "complaint": {
                "RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 44, "Email": ANN,
                "Metadata": {"campaign-message": plain},
            },
            "good": {"RecordType": "Delivery", "Metadata": {"campaign-message": plain}},
        },
        "sendgrid": {
            "hard": {
                "sg_event_id": "sg-1", "event": "bounce", "type": "bounce", "email": ANN,
                "status": "5.1.1", "reason": "550 no such user", "campaign_message": plain,
            },
            "soft": {
                "sg_event_id": "sg-2", "event": "bounce", "type": "blocked", "email": ANN,
                "status": "5.7.1", "smtp-id": f"<{plain}>",
            },
            "complaint": {
                "sg_event_id": "sg-3", "event": "spamreport", "email": ANN,
                "campaign_message": plain,
            },
            "good": {"sg_event_id": "sg-4", "event": "delivered", "campaign_message": plain},
        },
        "ses": {
            "hard": {
                "notificationType": "Bounce",
                "bounce": {
                    "feedbackId": "f1", "bounceType": "Permanent", "bounceSubType": "General",
                    "bouncedRecipients": [{"emailAddress": ANN, "status": "5.1.1"}],
                },
                "mail": {"headers": [{"name": "X-Campaign-Message", "value": plain}]},
            },
            "soft": {
                "notificationType": "Bounce",
                "bounce": {
                    "feedbackId": "f2", "bounceType": "Transient", "bounceSubType": "MailboxFull",
                    "bouncedRecipients": [{"emailAddress": ANN}],
                },
                "mail": {"commonHeaders": {"messageId": f"<{plain}>"}},
            },
            "complaint": {
                "notificationType": "Complaint",
                "complaint": {
                    "feedbackId": "f3", "complainedRecipients": [{"emailAddress": ANN}],
                },
                "mail": {"headers": [{"name": "X-Campaign-Message", "value": plain}]},
            },
            "good": {"notificationType": "Delivery", "mail": {"headers": []}},
        },
    }  # fmt: skip
    return reports[provider][kind]


PROVIDERS = ("mailgun", "postmark", "sendgrid", "ses")
Post = Callable[..., TestResponse]


@pytest.fixture
def state(app: Flask) -> Callable[[], tuple[list[str], list[str], list[str]]]:
    """Read where the letters stand, what was stored, and who gets nothing more."""

    def state() -> tuple[list[str], list[str], list[str]]:
        with app.extensions["campaign"].database.reader() as session:
            return (
                [each.status.value for each in session.scalars(select(Letter).order_by(Letter.id))],
                [each.kind.value for each in session.scalars(select(DeliveryEvent))],
                [each.reason.value for each in session.scalars(select(Suppression))],
            )

    return state


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_hard_bounce_is_acted_upon_once(
    post: Post, message: OutboxMessage, state: Callable[..., Any], provider: str
) -> None:
    for _ in range(2):
        assert post(provider, report(provider, message.message_id, "hard")).status_code == 200
    assert state() == (["bounced", "held"], ["hard_bounce"], ["hard_bounce"])


def test_whoever_has_seen_one_report_of_mailgun_cannot_send_others(
    post: Post, message: OutboxMessage, state: Callable[..., Any]
) -> None:
    """Its signature speaks of a time and a token, not of the event."""
    seen = {"token": "a token that was seen", "age": timedelta(hours=1)}
    post("mailgun", report("mailgun", message.message_id, "soft"), **seen)
    before = state()
    for kind in ("hard", "complaint"):
        assert (
            post("mailgun", report("mailgun", message.message_id, kind), **seen).status_code == 200
        )
    assert state() == before


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_letter_that_bounced_stays_so_whatever_is_reported_again(
    post: Post, message: OutboxMessage, state: Callable[..., Any], provider: str
) -> None:
    post(provider, report(provider, message.message_id, "hard"))
    for kind in ("soft", "good", "hard"):
        post(provider, report(provider, message.message_id, kind), age=timedelta(hours=2))
    letters, _kinds, stopped = state()
    assert (letters, stopped) == (["bounced", "held"], ["hard_bounce"])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_soft_bounce_leaves_the_address(
    post: Post, message: OutboxMessage, state: Callable[..., Any], provider: str
) -> None:
    assert post(provider, report(provider, message.message_id, "soft")).status_code == 200
    letters, (kind,), stopped = state()
    assert (letters, stopped) == (["bounced", "queued"], [])
    assert kind in (EventKind.SOFT_BOUNCE, EventKind.MAILBOX_FULL)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_complaint_stops_the_address(
    post: Post, message: OutboxMessage, state: Callable[..., Any], provider: str
) -> None:
    assert post(provider, report(provider, message.message_id, "complaint")).status_code == 200
    assert state() == (["sent", "held"], ["complaint"], ["complaint"])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_complaint_without_the_message_is_heeded_if_we_write_there(
    post: Post, message: OutboxMessage, state: Callable[..., Any], provider: str
) -> None:
    text = json.dumps(report(provider, "<erased@campaign.example.org>", "complaint"))
    post(provider, json.loads(text.replace(ANN, "stranger@example.org")))
    assert state() == (["sent", "queued"], [], [])
    assert post(provider, json.loads(text)).status_code == 200
    assert state() == (["sent", "held"], ["complaint"], ["complaint"])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_good_news_and_news_of_other_mail_are_passed_over(
    post: Post, message: OutboxMessage, state: Callable[..., Any], provider: str
) -> None:
    assert post(provider, report(provider, message.message_id, "good")).status_code == 200
    other = report(provider, "<other@elsewhere.example.org>", "hard")
    assert post(provider, other).status_code == 200
    assert state() == (["sent", "queued"], [], [])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_forged_report_is_refused(
    post: Post, message: OutboxMessage, state: Callable[..., Any], provider: str
) -> None:
    answer = post(provider, report(provider, message.message_id, "hard"), forge=True)
    assert answer.status_code == 403
    assert state() == (["sent", "queued"], [], [])


@pytest.mark.parametrize("provider", ["mailgun", "sendgrid", "ses"])
@pytest.mark.parametrize("age", [timedelta(days=2), timedelta(hours=-1)])
def test_a_report_out_of_time_is_refused(
    post: Post, message: OutboxMessage, state: Callable[..., Any], provider: str, age: timedelta
) -> None:
    answer = post(provider, report(provider, message.message_id, "hard"), age=age)
    assert answer.status_code == 403
    assert state()[1] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_report_that_is_too_early_has_to_come_again(
    app: Flask,
    web_session: Session,
    post: Post,
    message: OutboxMessage,
    state: Callable[..., Any],
    provider: str,
) -> None:
    web_session.get_one(OutboxMessage, message.id).status = MessageStatus.SENDING
    web_session.commit()
    answer = post(provider, report(provider, message.message_id, "hard"))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert state()[1] == []


@pytest.mark.parametrize("provider", [*PROVIDERS, "nobody"])
def test_what_the_settings_do_not_name_is_not_there(
    make_app: Callable[..., Flask], provider: str
) -> None:
    assert make_app().test_client().post(f"/webhooks/{provider}", json={}).status_code == 404


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b"[" * 100_000, b'{"signature": 1}', b'{"Type": "Notification"}'],
    ids=range(7),
)
def test_rubbish_is_refused_without_a_fault(
    client: FlaskClient, message: OutboxMessage, provider: str, body: bytes
) -> None:
    assert client.post(f"/webhooks/{provider}", data=body).status_code in (400, 403)


@pytest.mark.parametrize(
    "content", [None, [], "text", {"event": {"a": 1}}, {"event": "failed\0\ud800"}]
)
def test_a_signed_report_in_an_unknown_form_is_passed_over(
    post: Post, message: OutboxMessage, state: Callable[..., Any], content: Any
) -> None:
    for provider in PROVIDERS:
        assert post(provider, content).status_code in (200, 400)
    assert state()[1] == []


def test_postmark_may_have_its_secret_in_the_address(
    client: FlaskClient, message: OutboxMessage, state: Callable[..., Any]
) -> None:
    content = report("postmark", message.message_id, "hard")
    assert client.post("/webhooks/postmark?secret=guess", json=content).status_code == 403
    assert client.post("/webhooks/postmark?secret=", json=content).status_code == 403
    answer = client.post("/webhooks/postmark", query_string={"secret": SECRET}, json=content)
    assert answer.status_code == 200
    assert state()[1] == ["hard_bounce"]


def test_one_request_of_sendgrid_can_tell_of_much(
    client: FlaskClient,
    clock: FrozenClock,
    elliptic_key: ec.EllipticCurvePrivateKey,
    message: OutboxMessage,
    state: Callable[..., Any],
) -> None:
    entries = [
        report("sendgrid", message.message_id, each) for each in ("good", "hard", "complaint")
    ]
    entries[0]["padding"] = "x" * 400_000
    seconds, body = str(int(clock().timestamp())), json.dumps(entries).encode()
    signature = elliptic_key.sign(seconds.encode() + body, ec.ECDSA(SHA256()))
    answer = client.post(
        "/webhooks/sendgrid",
        data=body,
        headers={
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": seconds,
        },
    )
    assert answer.status_code == 200
    assert sorted(state()[1]) == ["complaint", "hard_bounce"]


# Amazon


def test_amazons_certificate_is_fetched_once(
    post: Post, message: OutboxMessage, fetched: Fetched
) -> None:
    for version in ("1", "2"):
        content = report("ses", message.message_id, "good")
        assert post("ses", content, SignatureVersion=version).status_code == 200
    assert fetched.addresses == [CERTIFICATE]


def test_amazon_may_be_out_of_reach(post: Post, message: OutboxMessage, fetched: Fetched) -> None:
    fetched.is_away = True
    assert post("ses", report("ses", message.message_id, "hard")).status_code == 503


@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": "arn:aws:sns:eu-west-2:999999999999:bounces"},
        {"Type": "UnsubscribeConfirmation"},
        {"SignatureVersion": "3"},
        {"SigningCertURL": "https://evil.example.org/SimpleNotificationService-0123abcd.pem"},
        {"SigningCertURL": CERTIFICATE.replace("https", "http")},
        {"Timestamp": "yesterday"},
        {"Timestamp": "2031-05-01T10:00:00"},
    ],
    ids=range(7),
)
def test_amazon_is_believed_on_its_own_terms_only(
    post: Post, message: OutboxMessage, fetched: Fetched, changes: dict[str, str]
) -> None:
    assert post("ses", report("ses", message.message_id, "hard"), **changes).status_code == 403
    assert set(fetched.addresses) <= {CERTIFICATE}


CONFIRM = "https://sns.eu-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37"


def test_a_subscription_to_our_topic_is_confirmed(post: Post, fetched: Fetched) -> None:
    more = {"Type": "SubscriptionConfirmation", "Token": "2336412f37", "SubscribeURL": CONFIRM}
    assert post("ses", {}, **more).status_code == 200
    assert fetched.addresses == [CERTIFICATE, CONFIRM]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.org/?Action=ConfirmSubscription",
        "http://169.254.169.254/latest/meta-data/",
        "https://sns.eu-west-2.amazonaws.com.evil.example.org/",
        "https://sns.eu-west-2.amazonaws.com@evil.example.org/",
        "file:///etc/passwd",
    ],
)
def test_a_subscription_is_confirmed_at_amazon_only(
    post: Post, fetched: Fetched, address: str
) -> None:
    more = {"Type": "SubscriptionConfirmation", "Token": "1", "SubscribeURL": address}
    assert post("ses", {}, **more).status_code == 403
    assert fetched.addresses == [CERTIFICATE]


@pytest.mark.parametrize(
    ("address", "is_theirs"),
    [
        ("https://sns.eu-west-2.amazonaws.com/x.pem", True),
        ("https://sns.us-gov-west-1.amazonaws.com/x.pem", True),
        ("https://sns.cn-north-1.amazonaws.com.cn/x.pem", True),
        ("https://sns.eu-west-2.amazonaws.com:8443/x.pem", False),
        ("https://sns.eu-west-2.amazonaws.com:x/x.pem", False),
        ("https://s3.eu-west-2.amazonaws.com/x.pem", False),
        ("https://bucket.s3.amazonaws.com/x.pem", False),
        ("https://sns.eu-west-2.amazonaws.com\\@evil.example.org/x.pem", False),
        ("https://user@sns.eu-west-2.amazonaws.com/x.pem", False),
        ("https://sns.eu-west-2.amazonaws.com/../y.pem", False),
    ],
)
def test_which_addresses_are_amazons(address: str, is_theirs: bool) -> None:
    assert is_amazons(address, path=re.compile("/x.pem")) is is_theirs


# What goes out


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_leaves_carries_what_the_service_repeats(
    make_app: Callable[..., Flask], web_session: Session, clock: FrozenClock, provider: str
) -> None:
    app = make_app(mail=MailSettings(channel="mailbox", provider=provider))
    message, token = send_one(app.extensions["campaign"], web_session, make_scene(), now=clock())
    headers = json.loads(message.headers)
    assert any(message.message_id.strip("<>") in value for value in headers.values())
    assert token not in message.headers
