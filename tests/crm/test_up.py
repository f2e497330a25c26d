"""``manage.py up``: what it says before it starts anything, and once all is there."""

import os
import re
import signal
import socket
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from pytest_django import Settings

from accounts.models import User
from crm import health, keeper, launcher
from crm.embedded import Servers
from crm.management.commands import up
from crm.steps import say, step
from crm.wheels import EmbeddedError


@pytest.mark.parametrize("port", ["abc", "", "0", "-1", "70000", "80 00", "8000.0", "８０００"])
def test_what_is_no_port_is_refused_in_one_line_that_shows_one(port: str) -> None:
    with pytest.raises(CommandError, match=f"“{re.escape(port)}” is no port.*make run PORT=8123"):
        call_command("up", port=port)


def test_a_port_for_administrators_is_refused_with_one_that_is_not(settings: Settings, open_folder) -> None:
    settings.EMBEDDED = Servers(open_folder)
    denied = mock.patch.object(socket.socket, "bind", side_effect=PermissionError(13, "Permission denied"))
    with denied, pytest.raises(CommandError, match=r"Port 80 is for administrators.*make run PORT=8123"):
        call_command("up", port="80")


def test_servers_that_do_not_stop_are_told_of_in_one_line(settings: Settings, open_folder: Path) -> None:
    settings.EMBEDDED = Servers(open_folder)
    stuck = mock.patch.object(keeper, "dismiss", side_effect=EmbeddedError("They do not stop: 4711."))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with stuck, pytest.raises(CommandError, match="They do not stop: 4711"):
        call_command("up", port=str(port))


def test_links_in_mails_lead_to_the_port_it_runs_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "")

    up.tell_address(8123)

    assert settings.PUBLIC_URL == os.environ["PUBLIC_URL"] == "http://localhost:8123"


def test_an_address_of_ones_own_stays(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://crm.example.com")
    settings.PUBLIC_URL = "https://crm.example.com"

    up.tell_address(8123)

    assert settings.PUBLIC_URL == os.environ["PUBLIC_URL"] == "https://crm.example.com"


def test_the_address_is_told_before_anything_starts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, open_folder: Path
) -> None:
    settings.EMBEDDED = Servers(open_folder)
    for name in ("PUBLIC_URL", "LOCAL_DIR", keeper.SUPERVISED):
        monkeypatch.setenv(name, "")
    told: list[str] = []

    def start(*args: object, **options: object) -> None:
        told.append(os.environ["PUBLIC_URL"])
        raise launcher.LaunchError("Enough.")

    monkeypatch.setattr(up.Command, "start", start)
    monkeypatch.setattr(signal, "signal", mock.Mock())
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(CommandError, match="Enough"):
        call_command("up", port=str(port))

    assert told == [f"http://localhost:{port}"]


def greeting(*, down: list[str]) -> str:
    said = StringIO()
    up.Command(stdout=said).greet(8123, down)
    return said.getvalue()


@pytest.mark.django_db
def test_it_says_where_it_is_and_who_can_sign_in_with_the_demo_password(settings: Settings) -> None:
    User.objects.create_user("rep@x.example", name="Rae", role="rep", password=settings.DEMO_PASSWORD)
    User.objects.create_user("own@x.example", name="Own", role="manager", password="a password of their own")

    said = greeting(down=[])

    assert "http://localhost:8123/" in said
    assert "rep@x.example" in said
    assert "own@x.example" not in said
    assert "Not up yet" not in said


@pytest.mark.django_db
def test_what_is_still_down_is_said_plainly() -> None:
    assert "Not up yet: worker-bulk, beat." in greeting(down=["worker-bulk", "beat"])


def test_the_wait_for_workers_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "START_SECONDS", 0.5)
    monkeypatch.setattr(health, "down", lambda: ["beat"])

    assert up.Command().wait_for_workers() == ["beat"]


def test_a_step_says_its_name_what_it_tells_and_its_time_on_one_line() -> None:
    said = StringIO()
    out = OutputWrapper(said)
    with step(out, "Tables"):
        say(out, "10 %")

    assert re.fullmatch(r"Tables … 10 % \d+\.\d s\n", said.getvalue())


def test_what_breaks_off_a_step_begins_a_line_of_its_own() -> None:
    said = StringIO()
    out = OutputWrapper(said)
    with pytest.raises(up.Stopped), step(out, "Tables"):
        raise up.Stopped(2)
    out.write("Stopping …")

    assert said.getvalue() == "Tables … \nStopping …\n"
