"""Whether a post comes from whom it should: one function for each way of signing.

Secrets are compared in constant time. A signature that covers a moment is believed for as long as its
maker's documents say; what is sent again later is found out by its key all the same.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from capture.models import Hook

#: So old, or so far ahead, may a signed moment be (S14).
TOLERANCE = timedelta(minutes=5)
#: Mailgun tries for eight hours with the same stamp.
MAILGUN_TOLERANCE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Post:
    """What was posted: header names are in lower case; ``url`` is the public address it was posted to."""

    body: bytes
    headers: Mapping[str, str]
    url: str
    at: datetime


class BadSignature(Exception):
    """The post does not prove where it comes from; the message says what is wrong, and never what is
    right."""


def verify(*, hook: Hook, post: Post) -> str:
    """The id that the sender's signature vouches for, else "". Raises BadSignature."""
    checking = _WAYS.get(hook.signing)
    if checking is None:
        raise BadSignature("This way of signing is not for posts.")
    problem = "The signature is missing or wrong."
    for secret in hook.secrets_at(post.at):
        if not secret and hook.signing != Hook.Signing.NONE:
            raise BadSignature("The secret of this hook cannot be read; give it a new one.")
        try:
            return checking(hook, post, secret)
        except BadSignature as bad:
            problem = str(bad)
        except (ValueError, TypeError, KeyError, binascii.Error):  # what a stranger wrote is no signature
            continue
    raise BadSignature(problem)


def _need(holds: bool, problem: str = "The signature is missing or wrong.") -> None:
    if not holds:
        raise BadSignature(problem)


def _same(told: str | bytes, right: str | bytes) -> bool:
    pair = [text.encode(errors="replace") if isinstance(text, str) else text for text in (told, right)]
    return hmac.compare_digest(*pair)


def _mac(secret: str | bytes, content: bytes) -> bytes:
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, content, hashlib.sha256).digest()


def _fresh(post: Post, stamp: str, *, within: timedelta = TOLERANCE, milliseconds: bool = False) -> None:
    age = post.at.timestamp() - int(stamp) / (1000 if milliseconds else 1)
    _need(abs(age) <= within.total_seconds(), "The signature is too old, or a clock is wrong.")


def _none(hook: Hook, post: Post, secret: str) -> str:
    return ""


def _hmac(hook: Hook, post: Post, secret: str) -> str:
    """Hexadecimal or base64, with or without "sha256=" before it."""
    told = post.headers.get(hook.signature_header.lower(), "").strip()
    content = post.body
    if hook.timestamp_header:
        stamp = post.headers.get(hook.timestamp_header.lower(), "").strip()
        _fresh(post, stamp)
        content = stamp.encode() + b"." + content
    return _matches(told, _mac(secret, content))


def _matches(told: str, right: bytes) -> str:
    told = told.removeprefix("sha256=").removeprefix("v1=")
    as_hex = _same(told.lower(), right.hex())
    _need(as_hex | _same(told, base64.b64encode(right)))
    return ""


def _standard(hook: Hook, post: Post, secret: str) -> str:
    message_id = post.headers.get("webhook-id") or post.headers["svix-id"]
    stamp = post.headers.get("webhook-timestamp") or post.headers["svix-timestamp"]
    told = post.headers.get("webhook-signature") or post.headers["svix-signature"]
    _fresh(post, stamp)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = base64.b64encode(_mac(key, f"{message_id}.{stamp}.".encode() + post.body)).decode()
    signatures = [one.removeprefix("v1,") for one in told.split() if one.startswith("v1,")]
    _need(_any(_same(one, right) for one in signatures))
    return message_id


def _any(holds: Iterable[bool]) -> bool:
    """Looks at every one, so that the time says nothing about which it was."""
    return sum(list(holds)) > 0


def _basic(hook: Hook, post: Post, secret: str) -> str:
    scheme, _, told = post.headers.get("authorization", "").partition(" ")
    _need(scheme.lower() == "basic", "User name and password are missing or wrong.")
    right = _same(base64.b64decode(told.strip()), secret)
    _need(right, "User name and password are missing or wrong.")
    return ""


def _mailgun(hook: Hook, post: Post, secret: str) -> str:
    """Mailgun signs a stamp and a token, not the body; so a token is believed once."""
    told = _mailgun_fields(post)
    stamp, token, signature = (str(told[name]) for name in ("timestamp", "token", "signature"))
    _fresh(post, stamp, within=MAILGUN_TOLERANCE)
    _need(_same(signature.lower(), _mac(secret, f"{stamp}{token}".encode()).hex()))
    return token


def _mailgun_fields(post: Post) -> Mapping[str, object]:
    if post.body.lstrip()[:1] == b"{":
        told = json.loads(post.body)["signature"]
        return told if isinstance(told, dict) else {}
    form = parse_qs(post.body.decode(errors="replace"), max_num_fields=1000)
    return {name: values[0] for name, values in form.items()}


def _sendgrid(hook: Hook, post: Post, secret: str) -> str:
    """The secret is the verification key that SendGrid shows: it only reads, and never signs."""
    stamp = post.headers["x-twilio-email-event-webhook-timestamp"]
    signature = base64.b64decode(post.headers["x-twilio-email-event-webhook-signature"], validate=True)
    _fresh(post, stamp, within=MAILGUN_TOLERANCE)
    key = serialization.load_der_public_key(base64.b64decode("".join(secret.split())))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise BadSignature("The secret holds another kind of key.")
    try:
        key.verify(signature, stamp.encode() + post.body, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise BadSignature("The signature is wrong.") from None
    return ""


#: What Amazon signs, in this order, when it is there.
_SNS_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_SNS_SUBSCRIPTION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def _sns(hook: Hook, post: Post, secret: str) -> str:
    """The secret is the topic's ARN and Amazon's signing certificate, put in by a person: nothing is fetched
    from an address that a stranger named, and as Amazon signs everybody's topics of a region with the same
    key, only the one that was named is believed."""
    told = json.loads(post.body)
    names = _SNS_NOTIFICATION if told["Type"] == "Notification" else _SNS_SUBSCRIPTION
    content = "".join(f"{name}\n{told[name]}\n" for name in names if told.get(name) is not None)
    digest = hashes.SHA256() if told.get("SignatureVersion") == "2" else hashes.SHA1()  # noqa: S303 — Amazon's version 1
    topic, certificate = sns_parts(secret)
    _need(not topic or _same(str(told["TopicArn"]), topic), "The post is of another topic.")
    key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadSignature("The secret holds another kind of key.")
    try:
        key.verify(base64.b64decode(told["Signature"]), content.encode(), padding.PKCS1v15(), digest)
    except InvalidSignature:
        raise BadSignature("The signature is wrong.") from None
    return str(told["MessageId"])


def sns_parts(secret: str) -> tuple[str, str]:
    """The ARN of the topic, "" when it was left out, and the certificate."""
    before, begin, after = secret.partition("-----BEGIN CERTIFICATE-----")
    return before.strip(), begin + after


def _typeform(hook: Hook, post: Post, secret: str) -> str:
    return _matches(post.headers.get("typeform-signature", ""), _mac(secret, post.body))


def _meta(hook: Hook, post: Post, secret: str) -> str:
    return _matches(post.headers.get("x-hub-signature-256", ""), _mac(secret, post.body))


def _calendly(hook: Hook, post: Post, secret: str) -> str:
    told = dict(part.strip().split("=", 1) for part in post.headers["calendly-webhook-signature"].split(","))
    _fresh(post, told["t"])
    return _matches(told["v1"], _mac(secret, told["t"].encode() + b"." + post.body))


def _hubspot(hook: Hook, post: Post, secret: str) -> str:
    stamp = post.headers["x-hubspot-request-timestamp"]
    _fresh(post, stamp, milliseconds=True)
    content = b"POST" + post.url.encode() + post.body + stamp.encode()
    return _matches(post.headers["x-hubspot-signature-v3"], _mac(secret, content))


_WAYS: dict[str, Callable[[Hook, Post, str], str]] = {
    Hook.Signing.NONE: _none,
    Hook.Signing.HMAC: _hmac,
    Hook.Signing.STANDARD: _standard,
    Hook.Signing.BASIC: _basic,
    Hook.Signing.MAILGUN: _mailgun,
    Hook.Signing.SENDGRID: _sendgrid,
    Hook.Signing.SNS: _sns,
    Hook.Signing.TYPEFORM: _typeform,
    Hook.Signing.CALENDLY: _calendly,
    Hook.Signing.HUBSPOT: _hubspot,
    Hook.Signing.META: _meta,
}
