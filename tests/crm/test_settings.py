"""Settings come from the environment, and what is odd or unsafe is said before anything starts."""

import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from crm import env
from tests.fixtures.processes import ROOT, fresh_environment

SAFE = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "ALLOWED_HOSTS": "crm.example.com",
    "PUBLIC_URL": "https://crm.example.com",
    "EMAIL_HOST": "mail.example.com",
    "DATABASE_URL": f"postgresql://handoff:{secrets.token_urlsafe(20)}@db.example.com/handoff",
    "REDIS_URL": "redis://valkey.example.com:6379/0",
    "DJANGO_SETTINGS_MODULE": "crm.settings",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**fresh_environment(), "DJANGO_SETTINGS_MODULE": "crm.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_s20_a_production_set_up_as_documented_has_no_warnings() -> None:
    checked = manage("check", "--deploy", "--fail-level", "WARNING", **SAFE)

    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is not set"),
        ("SECRET_KEY", "django-insecure-" + "x" * 50, "handoff.E001"),
        ("DEBUG", "1", "handoff.E002"),
        ("ALLOWED_HOSTS", "*", "handoff.E003"),
        ("PUBLIC_URL", "http://crm.example.com", "handoff.E004"),
        ("DATABASE_URL", "postgresql://handoff:postgres@db.example.com/handoff", "handoff.E005"),
    ],
)
def test_s20_production_refuses_to_start_with(setting: str, value: str, complaint: str) -> None:
    started = manage("check", **{**SAFE, setting: value})

    assert started.returncode == 1
    assert complaint in started.stderr


def test_a_laptop_is_asked_for_nothing(tmp_path: Path) -> None:
    checked = manage(
        "check", LOCAL_DIR=str(tmp_path), ENVIRONMENT="", SECRET_KEY="", DATABASE_URL="", REDIS_URL=""
    )

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("setting", "value", "hint"),
    [
        ("ENVIRONMENT", "prod", "write one of local, production"),
        ("DEBUG", "maybe", "write 1 or 0"),
        ("EMAIL_PORT", "smtp", "write a whole number"),
        ("EMAIL_PORT", "70000", "from 1 to 65535"),
        ("FADING_SWEEP_MINUTES", "often", "write a number"),
        ("DATABASE_URL", "mysql://root@localhost/handoff", "only PostgreSQL is spoken here"),
        ("DATABASE_URL", "postgresql://localhost", "names no database"),
        ("SECRET_KEY_FILE", "/nowhere/key", "cannot be read"),
    ],
)
def test_an_odd_value_stops_the_start_with_what_to_write(setting: str, value: str, hint: str) -> None:
    started = manage("check", **{setting: value})

    assert started.returncode == 1
    assert setting in started.stderr.splitlines()[-1]
    assert hint in started.stderr.splitlines()[-1]


def test_a_database_address_may_hold_any_password_and_a_socket_folder() -> None:
    address = env.database("postgresql://han%40off:p%3A%2Fss@/sales%20db?host=/run/my%20pg&sslmode=require")

    assert address == {
        "NAME": "sales db",
        "USER": "han@off",
        "PASSWORD": "p:/ss",
        "HOST": "/run/my pg",
        "PORT": "",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_secret_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("  from the file\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))

    assert env.secret("SECRET_KEY") == "from the file"


def test_a_port_that_is_no_number_is_not_an_address() -> None:
    with pytest.raises(ImproperlyConfigured, match="not an address"):
        env.database("postgresql://localhost:port/handoff")


SHOW = """
import json
from celery import current_app
current_app.loader.import_default_modules()
names = [
    "task_acks_late", "task_reject_on_worker_lost", "task_ignore_result", "worker_prefetch_multiplier",
    "broker_connection_max_retries", "visibility_timeout", "broker_transport_options", "task_publish_retry",
    "accept_content", "task_time_limit", "broker_url",
]
print(json.dumps({name: current_app.conf[name] for name in names}))
"""


def test_broker_settings_survive_a_broker_that_forgets_everything() -> None:
    shown = manage("shell", "-v0", "-c", SHOW, REDIS_URL="unix:///run/valkey.sock")
    conf = json.loads(shown.stdout)

    assert conf["task_acks_late"] is conf["task_reject_on_worker_lost"] is conf["task_ignore_result"] is True
    assert conf["worker_prefetch_multiplier"] == 1
    assert conf["broker_connection_max_retries"] is None
    assert conf["visibility_timeout"] == conf["broker_transport_options"]["visibility_timeout"] == 300
    assert conf["broker_transport_options"]["unacked_restore_interval"] == 5
    assert conf["broker_transport_options"]["unacked_restore_throttle"] == 1
    assert conf["task_publish_retry"] is False
    assert conf["accept_content"] == ["json"]
    assert conf["task_time_limit"] < conf["visibility_timeout"]
    assert conf["broker_url"] == "redis+socket:///run/valkey.sock"
