"""Signatures that the reference library accepts, and accepts only unchanged (S14)."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from notifications import signing

BODY = b'{"type":"lead.accepted","timestamp":"2026-11-17T10:36:00.000+00:00","data":{"summary":"Ada"}}'


def signed(*known: str, ago: timedelta = timedelta(0)) -> dict[str, str]:
    at = datetime.now(tz=UTC) - ago
    return signing.headers(message_id="msg_1", at=at, body=BODY, known=known)


def test_s14_the_reference_library_accepts_it() -> None:
    secret = signing.new_secret()
    assert secret.startswith("whsec_")
    assert Webhook(secret).verify(BODY, signed(secret))["type"] == "lead.accepted"


def test_s14_it_fails_after_any_single_byte_changed_in_1000_of_1000() -> None:
    secret, chance = signing.new_secret(), random.Random(14)
    headers, checker = signed(secret), Webhook(secret)
    accepted = 0
    for _ in range(1000):
        changed = bytearray(BODY)
        changed[chance.randrange(len(changed))] ^= chance.randrange(1, 256)
        try:
            checker.verify(bytes(changed), headers)
            accepted += 1
        except WebhookVerificationError:
            pass
        except UnicodeDecodeError:
            pass
    assert accepted == 0


def test_s14_it_fails_with_a_stamp_six_minutes_old_another_id_or_another_secret() -> None:
    secret = signing.new_secret()
    wrong = [
        (secret, signed(secret, ago=timedelta(minutes=6))),
        (secret, {**signed(secret), "webhook-id": "msg_2"}),
        (signing.new_secret(), signed(secret)),
    ]
    for known, headers in wrong:
        with pytest.raises(WebhookVerificationError):
            Webhook(known).verify(BODY, headers)


def test_s14_with_two_secrets_a_receiver_may_know_either() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    headers = signed(new, old)
    for known in (old, new):
        assert Webhook(known).verify(BODY, headers)
    assert len({signing.new_secret() for _ in range(100)}) == 100
