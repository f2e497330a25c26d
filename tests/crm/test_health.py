"""/readyz names what is down; the start page knows whose day begins; errors say what next."""

import json
import time
from unittest import mock

import pytest
import redis
from django.conf import settings
from django.db import OperationalError
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from crm import health
from tests.fixtures.processes import Broker, Process, wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def all_signed(broker: Broker) -> None:
    for name in health.SIGNATURES:
        health.sign(name)


def test_all_is_well_when_everybody_signed(client: Client, all_signed: None) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "down": [], "lost_ticks": 0}


def test_o5_a_worker_that_does_not_sign_is_named(client: Client, broker: Broker) -> None:
    health.sign("worker-alerts")
    health.sign("beat")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["down"] == ["worker-scoring", "worker-bulk"]


def test_o5_a_broker_that_is_away_is_named_and_the_page_does_not_hang(
    client: Client, broker: Broker, all_signed: None
) -> None:
    broker.kill()
    began = time.monotonic()

    answer = client.get("/readyz")

    assert answer.json()["down"] == ["broker"]
    assert time.monotonic() - began < 6


def test_o5_a_database_that_is_away_is_named(client: Client, all_signed: None) -> None:
    away = mock.Mock(**{"cursor.side_effect": OperationalError("gone")})
    with mock.patch.object(health, "connection", away):
        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["down"] == ["database"]


def test_o5_migrations_still_to_run_are_named(
    client: Client, all_signed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_known_migrated", False)
    with mock.patch.object(MigrationExecutor, "migration_plan", return_value=["one to go"]):
        answer = client.get("/readyz")

    assert answer.json()["down"] == ["migrations"]


def test_signs_of_those_who_ran_before_can_be_forgotten(all_signed: None) -> None:
    health.forget()

    assert health.late() == health.SIGNATURES


def test_healthz_asks_nobody(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, broker: Broker
) -> None:
    broker.kill()

    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


def test_a_real_worker_and_a_real_beat_sign(worker: Process, beat: Process) -> None:
    wait_until(lambda: health.late() == [], seconds=30, what="worker and beat sign")

    worker.kill()
    beat.kill()

    began = time.monotonic()
    wait_until(lambda: health.late(), seconds=health.ALIVE_SECONDS + 10, what="called late")
    assert time.monotonic() - began > health.ALIVE_SECONDS / 2  # a missed sign or two alarms nobody
    wait_until(lambda: health.late() == health.SIGNATURES, seconds=10, what="both called late")


def test_the_first_thing_that_beat_sends_is_its_sign(broker: Broker, beat: Process) -> None:
    client = redis.Redis.from_url(settings.BROKER_URL)
    wait_until(lambda: client.llen("alerts"), what="beat sends")

    first = json.loads(client.lrange("alerts", -1, -1)[0])

    assert first["headers"]["task"] == "crm.tasks.sign_for_beat"


def test_m8_a_worker_takes_new_work_after_its_broker_was_killed(worker: Process, broker: Broker) -> None:
    from crm.tasks import sign_for_beat

    broker.kill()
    broker.start()
    broker.flush()

    def signed() -> bool:
        sign_for_beat.delay()
        return "beat" not in health.late()

    wait_until(signed, seconds=20, what="the worker takes work again")
    assert worker.running is not None
    assert worker.running.poll() is None  # the same worker, not a successor


@pytest.mark.parametrize(
    ("role", "page"),
    [("rep", "/queue/"), ("manager", "/team/"), ("admin", "/team/"), ("marketer", "/dashboard/")],
)
def test_everybody_starts_on_their_own_list(client: Client, role: str, page: str) -> None:
    client.force_login(User.objects.create_user(f"{role}@fieldline.example", name="Ada", role=role))

    assert client.get("/").headers["Location"] == page


def test_strangers_start_with_signing_in(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/accounts/login/?next=/"


def test_the_admin_has_no_sign_in_of_its_own(client: Client) -> None:
    assert client.get("/admin/login/").headers["Location"].startswith("/accounts/login/")


def test_nobody_signs_up_alone(client: Client) -> None:
    client.post("/accounts/signup/", {"email": "eve@elsewhere.example", "password1": "long enough for that"})

    assert not User.objects.filter(email="eve@elsewhere.example").exists()


def test_an_unknown_page_is_a_page_and_an_unknown_address_of_the_api_is_json(client: Client) -> None:
    page = client.get("/nowhere/")
    assert page.status_code == 404
    assert "There is nothing here" in page.content.decode()
    answer = client.get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is nothing here."


def test_f4_while_the_database_is_away_pages_say_when_to_come_back(client: Client) -> None:
    client.raise_request_exception = False
    with mock.patch("crm.views.redirect", side_effect=OperationalError("the connection is closed")):
        client.force_login(User.objects.create_user("ada@fieldline.example", name="Ada"))
        answer = client.get("/")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) <= 5


def test_an_error_of_ours_is_a_500_without_details(client: Client) -> None:
    client.raise_request_exception = False
    client.force_login(User.objects.create_user("ada@fieldline.example", name="Ada"))
    with mock.patch("crm.views.redirect", side_effect=RuntimeError("secret detail")):
        answer = client.get("/")

    assert answer.status_code == 500
    assert b"secret detail" not in answer.content


def test_every_page_carries_the_strict_policy(client: Client) -> None:
    policy = client.get("/accounts/login/").headers["Content-Security-Policy"]

    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "font-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
