"""Posts are believed when they are signed as their senders sign, and not after any change (S14)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from standardwebhooks import Webhook

from capture.hooks import arranging, signatures
from capture.hooks.signatures import BadSignature, Post
from capture.models import Hook
from tests.capture.hooks.posting import hook, post

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 17, 10, 36, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
BODY = b'{"event": "demo", "email": "ada@firm.example"}'
URL = f"{settings.PUBLIC_URL}/in/token/?portal=1"

#: What a sender adds to a body, given the secret.
Signed = tuple[bytes, dict[str, str]]


def mac(secret: str, content: bytes) -> bytes:
    return hmac.new(secret.encode(), content, hashlib.sha256).digest()


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


def certificate() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(RSA_KEY.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(RSA_KEY, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def of_hmac(secret: str) -> Signed:
    return BODY, {"x-signature": mac(secret, BODY).hex()}


def of_hmac_with_a_moment(secret: str) -> Signed:
    signed = mac(secret, STAMP.encode() + b"." + BODY)
    return BODY, {"x-signature": "sha256=" + b64(signed), "x-time": STAMP}


def of_standard(secret: str) -> Signed:
    signed = Webhook(secret).sign("msg_1", NOW, BODY.decode())
    return BODY, {"webhook-id": "msg_1", "webhook-timestamp": STAMP, "webhook-signature": signed}


def of_basic(secret: str) -> Signed:
    return BODY, {"authorization": "Basic " + b64(secret.encode())}


def of_mailgun(secret: str) -> Signed:
    told = {
        "timestamp": STAMP,
        "token": "t" * 50,
        "signature": mac(secret, f"{STAMP}{'t' * 50}".encode()).hex(),
    }
    return json.dumps({"signature": told, "event-data": {"event": "opened"}}).encode(), {}


def of_mailgun_form(secret: str) -> Signed:
    signed = mac(secret, f"{STAMP}abc".encode()).hex()
    return f"event=opened&timestamp={STAMP}&token=abc&signature={signed}".encode(), {}


def of_sendgrid(secret: str) -> Signed:
    signed = EC_KEY.sign(STAMP.encode() + BODY, ec.ECDSA(hashes.SHA256()))
    name = "x-twilio-email-event-webhook"
    return BODY, {f"{name}-signature": b64(signed), f"{name}-timestamp": STAMP}


def of_sns(secret: str, version: str = "2") -> Signed:
    told = {"Type": "Notification", "MessageId": "m1", "TopicArn": "arn", "Message": "{}", "Timestamp": "now"}
    content = "".join(f"{name}\n{told[name]}\n" for name in sorted(told))
    digest = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303 — Amazon's version 1
    signed = RSA_KEY.sign(content.encode(), padding.PKCS1v15(), digest)
    return json.dumps({**told, "SignatureVersion": version, "Signature": b64(signed)}).encode(), {}


def of_sns_1(secret: str) -> Signed:
    return of_sns(secret, "1")


def of_typeform(secret: str) -> Signed:
    return BODY, {"typeform-signature": "sha256=" + b64(mac(secret, BODY))}


def of_calendly(secret: str) -> Signed:
    signed = mac(secret, STAMP.encode() + b"." + BODY).hex()
    return BODY, {"calendly-webhook-signature": f"t={STAMP},v1={signed}"}


def of_hubspot(secret: str) -> Signed:
    stamp = f"{STAMP}000"
    signed = mac(secret, b"POST" + URL.encode() + BODY + stamp.encode())
    return BODY, {"x-hubspot-signature-v3": b64(signed), "x-hubspot-request-timestamp": stamp}


def of_meta(secret: str) -> Signed:
    return BODY, {"x-hub-signature-256": "sha256=" + mac(secret, BODY).hex()}


WAYS: list[tuple[str, Callable[[str], Signed]]] = [
    ("hmac", of_hmac), ("hmac", of_hmac_with_a_moment), ("standard", of_standard), ("basic", of_basic),
    ("mailgun", of_mailgun), ("mailgun", of_mailgun_form), ("sendgrid", of_sendgrid), ("sns", of_sns),
    ("sns", of_sns_1), ("typeform", of_typeform), ("calendly", of_calendly), ("hubspot", of_hubspot),
    ("meta", of_meta),
]  # fmt: skip
ids = [signed.__name__ for _, signed in WAYS]
way = pytest.mark.parametrize(("signing", "signed"), WAYS, ids=ids)


def secret_of(signing: str) -> str:
    if signing == "sendgrid":
        key = EC_KEY.public_key()
        return b64(
            key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
    return certificate() if signing == "sns" else arranging.fresh_secret(signing) or "their-key"


def a_hook(signing: str, signed: Callable[[str], Signed]) -> Hook:
    header = {"signature_header": "X-Signature"} if signing == "hmac" else {}
    if signed is of_hmac_with_a_moment:
        header["timestamp_header"] = "X-Time"
    return hook(signing=signing, secret=secret_of(signing), **header)


def believed(to: Hook, body: bytes, headers: dict[str, str], at: datetime = NOW) -> bool:
    try:
        signatures.verify(hook=to, post=Post(body=body, headers=headers, url=URL, at=at))
    except BadSignature:
        return False
    return True


@way
def test_s14_a_signature_is_believed_and_after_a_change_of_one_byte_is_not(
    signing: str, signed: Callable[[str], Signed]
) -> None:
    to = a_hook(signing, signed)
    body, headers = signed(to.secret)
    assert believed(to, body, headers)
    signs_the_body = signing not in ("basic", "mailgun")  # those say who, not what
    for place in range(0, len(body), 7):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        if signs_the_body and not (signing == "sns" and _says_the_same(body, changed)):
            assert not believed(to, changed, headers), changed
    for name, value in headers.items():
        for place in range(len(value)):
            wrong = value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
            if not (wrong.lower() == value.lower() or _same_bytes(value, wrong)):
                assert not believed(to, body, {**headers, name: wrong}), (name, wrong)


def _says_the_same(body: bytes, changed: bytes) -> bool:
    """What Amazon signs is not all of the body."""
    try:
        told, other = json.loads(body), json.loads(changed)
    except ValueError:
        return False
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    return [told.get(name) for name in names] == [other.get(name) for name in names]


def _same_bytes(value: str, wrong: str) -> bool:
    """The last letter of base64 may have bits that mean nothing."""
    try:
        pair = [base64.b64decode(text.rpartition(" ")[2], validate=True) for text in (value, wrong)]
    except ValueError:
        return False
    return pair[0] == pair[1]


@way
def test_s14_without_a_signature_or_with_another_secret_nothing_is_believed(
    signing: str, signed: Callable[[str], Signed]
) -> None:
    to = a_hook(signing, signed)
    body, _ = signed(to.secret)
    assert not believed(to, b"{}" if signing in ("mailgun", "sns") else body, {})
    if signing not in ("sendgrid", "sns"):
        other = signed(arranging.fresh_secret(signing) or "another-key")
        assert not believed(to, *other)


@pytest.mark.parametrize(("topic", "is_ours"), [("arn", True), ("arn:of-a-stranger", False), ("", True)])
def test_s14_amazon_signs_every_topic_and_only_the_one_named_is_believed(topic: str, is_ours: bool) -> None:
    to = hook(signing="sns", secret=f"{topic}\n{certificate()}")
    assert believed(to, *of_sns("")) is is_ours


def test_a_secret_of_amazon_names_its_topic() -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:ses-events"
    assert arranging.wrong_secret("sns", f"{topic}\n{certificate()}") == ""
    assert arranging.wrong_secret("sns", certificate()).startswith("Above the certificate")
    assert arranging.wrong_secret("sns", topic).startswith("Paste Amazon's signing certificate")


@pytest.mark.parametrize(
    "signed", [of_hmac_with_a_moment, of_standard, of_calendly, of_hubspot], ids=lambda way: way.__name__
)
@pytest.mark.parametrize("minutes", [-6, 6])
def test_s14_a_stamp_six_minutes_off_is_not_believed(signed: Callable[[str], Signed], minutes: int) -> None:
    signing = next(signing for signing, way in WAYS if way is signed)
    to = a_hook(signing, signed)
    body, headers = signed(to.secret)
    assert believed(to, body, headers, NOW + timedelta(minutes=minutes / 2))
    assert not believed(to, body, headers, NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(("signing", "signed"), [pair for pair in WAYS if pair[0] not in ("sendgrid", "sns")])
def test_s14_the_secret_before_is_believed_for_a_day(signing: str, signed: Callable[[str], Signed]) -> None:
    to = a_hook(signing, signed)
    new = arranging.fresh_secret(signing) or "their-new-key"
    assert arranging.rotate(hook=to, at=NOW - timedelta(hours=23, minutes=59), secret=new) == new
    held = Hook.objects.get(pk=to.pk)
    assert believed(held, *signed(new))
    assert believed(held, *signed(to.secret))
    held.old_secret_until = NOW
    assert believed(held, *signed(new))
    assert not believed(held, *signed(to.secret))


@pytest.mark.parametrize("signing", [way.value for way in Hook.Signing if way not in ("none", "token")])
@pytest.mark.parametrize(
    "odd", ["", "é", "=", ",", "t=,v1=", "Basic é", "sha256=", "v1,", "\ud800", "1" * 5000, "-1", "nan"]
)
def test_odd_headers_are_a_401_and_no_500(signing: str, odd: str) -> None:
    to = hook(signing=signing, secret=secret_of(signing), signature_header="X-Signature")
    headers = dict.fromkeys(
        [
            "x-signature", "webhook-id", "webhook-timestamp", "webhook-signature", "authorization",
            "x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp",
            "typeform-signature", "calendly-webhook-signature", "x-hubspot-signature-v3",
            "x-hubspot-request-timestamp", "x-hub-signature-256",
        ],
        odd,
    )  # fmt: skip
    for body in (
        b"",
        b"[]",
        b'{"signature": 1}',
        b'{"signature": {"timestamp": "x"}}',
        b"\xff",
        b'{"Type": 1}',
    ):
        assert not believed(to, body, headers)


def test_a_secret_that_cannot_be_read_any_more_believes_nothing(settings: object) -> None:
    to = hook(signing="typeform")
    settings.SECRET_KEY = "another"  # type: ignore[attr-defined]  # pytest-django's
    lost = Hook.objects.get(pk=to.pk)
    assert lost.secret == ""
    assert not believed(lost, *of_typeform(""))


def test_mailgun_signs_no_body_so_its_token_is_believed_once() -> None:
    to = hook(signing="mailgun", secret="key")
    stamp = str(int(datetime.now(UTC).timestamp()))
    signed = {"timestamp": stamp, "token": "abc", "signature": mac("key", f"{stamp}abc".encode()).hex()}
    for event in ("opened", "complained"):
        assert post(to, {"signature": signed, "event-data": {"event": event}}).status_code == 200
    (item,) = to.items.all()
    assert "opened" in item.body


def test_an_api_token_is_no_way_to_sign_a_post() -> None:
    assert not believed(hook(signing="token"), BODY, {})
