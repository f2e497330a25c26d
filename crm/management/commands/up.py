"""``manage.py up``: the whole product under one foreground process."""

import fcntl
import gc
import os
import signal
import socket
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from crm import env, health, keeper, launcher
from crm.embedded import Servers
from crm.steps import step
from crm.wheels import EmbeddedError

ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 — the names of it, not a choice of it


class Stopped(Exception):
    """Somebody pressed Ctrl-C, or sent SIGTERM or SIGHUP."""


class Command(BaseCommand):
    help = "Start databases, web, workers and beat in the foreground. Ctrl-C stops everything."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", default="8000")
        parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 listens on every interface.")
        parser.add_argument(
            "--demo", action="store_true", help="Load the demo company if nobody is here yet."
        )

    def handle(self, *, host: str, demo: bool, **options: Any) -> None:
        servers = settings.EMBEDDED
        port = _port(options["port"])
        with only_one(servers, port) as lock:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, _stop)
            supervisor = launcher.Supervisor(servers)
            os.environ.update({keeper.SUPERVISED: str(servers.local), "LOCAL_DIR": str(servers.local)})
            tell_address(port)
            try:
                self.start(supervisor, host=host, port=port, demo=demo)
                print(f"http://localhost:{port}", file=lock, flush=True)
                self.wait(supervisor)
            except Stopped:
                self.stdout.write("Stopping …")
            except (launcher.LaunchError, EmbeddedError) as error:
                raise CommandError(str(error)) from error
            finally:
                for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                    signal.signal(number, signal.SIG_IGN)
                connection.close()
                supervisor.stop()
        self.stdout.write("Stopped.")

    def start(self, supervisor: launcher.Supervisor, *, host: str, port: int, demo: bool) -> None:
        self.check()
        _collect_less()
        with step(self.stdout, "Servers"):
            self.start_servers(supervisor, host, port)
        health.forget()
        with step(self.stdout, "Tables"):
            call_command("migrate", interactive=False, verbosity=0)
        supervisor.launch(["web"])
        if demo and not get_user_model().objects.exists():
            # Meanwhile on the other core: nobody sees anything of the demo before it is whole.
            supervisor.launch(["work"])
            call_command("seed_demo")
        with step(self.stdout, "Web"):
            self.wait_for_web(supervisor, "127.0.0.1" if host in ANYWHERE else host, port)
        with step(self.stdout, "Workers"):
            supervisor.launch(["work"])
            down = self.wait_for_workers()
        self.greet(port, down)
        connection.close()

    def start_servers(self, supervisor: launcher.Supervisor, host: str, port: int) -> None:
        servers = supervisor.servers
        postgres, valkey = not settings.DATABASE_URL, not settings.REDIS_URL
        embedded = launcher.server_programs(servers, postgres=postgres, valkey=valkey)
        servers.prepare()
        programs = [*embedded, *launcher.worker_programs()]
        supervisor.start(launcher.configuration(servers=servers, programs=programs, host=host, port=port))
        supervisor.launch(["servers"])
        call_command("collectstatic", interactive=False, verbosity=0)
        if embedded:
            keeper.wait_until_up(servers, postgres=postgres, valkey=valkey)

    def wait_for_web(self, supervisor: launcher.Supervisor, host: str, port: int) -> None:
        deadline = time.monotonic() + launcher.START_SECONDS
        while not launcher.answers(host, port, "/healthz"):
            troubled = supervisor.troubled()
            if troubled or time.monotonic() > deadline:
                who = ", ".join(troubled) or "The web process"
                raise launcher.LaunchError(f"{who} did not come up; see {supervisor.servers.log}.")
            time.sleep(0.05)

    def wait_for_workers(self) -> list[str]:
        """The names of what is still down when the patience ends; the site is of use without them."""
        deadline = time.monotonic() + launcher.START_SECONDS
        while (down := health.down()) and time.monotonic() < deadline:
            time.sleep(0.2)
        return down

    def greet(self, port: int, down: list[str]) -> None:
        """Say where it is, who can sign in while the demo's password still works, and what is still down."""
        people = get_user_model().objects.filter(is_active=True).order_by("id")
        first = {person.role: person for person in reversed(people)}
        welcome = [
            person for role, person in first.items() if role and person.check_password(settings.DEMO_PASSWORD)
        ]
        self.stdout.write(self.style.SUCCESS(f"\n{settings.WORKSPACE_NAME} is at http://localhost:{port}/"))
        if welcome:
            self.stdout.write(f"Sign in with the password {settings.DEMO_PASSWORD} as")
            for person in welcome:
                self.stdout.write(f"  {person.role:<9} {person.email}")
        elif not people:
            self.stdout.write("Nobody can sign in yet: make an admin with manage.py createsuperuser.")
        if down:
            late = f"Not up yet: {', '.join(down)}. It goes on trying; see {settings.EMBEDDED.log}."
            self.stdout.write(self.style.WARNING(late))
        self.stdout.write("Ctrl-C stops everything.")
        self.stdout.flush()

    def wait(self, supervisor: launcher.Supervisor) -> None:
        supervisor.wait()
        raise launcher.LaunchError(f"The supervisor ended by itself; see {supervisor.servers.log}.")


def tell_address(port: int) -> None:
    """Links in e-mails lead here unless PUBLIC_URL says otherwise: ours, and those of all that we start."""
    if not env.text("PUBLIC_URL"):
        settings.PUBLIC_URL = os.environ["PUBLIC_URL"] = f"http://localhost:{port}"


def _collect_less() -> None:
    """Let the garbage collector leave alone what is loaded by now and stays: looking through it again and
    again took a third of the time of migrations and demo."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@contextmanager
def only_one(servers: Servers, port: int) -> Iterator[IO[str]]:
    """Hold the folder and know the port free, or say in one line why not."""
    servers.local.mkdir(parents=True, exist_ok=True)
    with (servers.local / keeper.LAUNCHING).open("a+") as lock:
        if not _locked(lock):
            lock.seek(0)
            where = lock.read().strip()
            raise CommandError(
                f"Handoff already runs from {servers.local}"
                + (f": {where}" if where else ", and is starting.")
            )
        lock.truncate(0)
        launcher.end_leftovers(servers)
        _refuse_busy(port)
        try:
            keeper.dismiss(servers.local)
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        yield lock
        lock.truncate(0)


def _locked(lock: IO[str]) -> bool:
    """Take the lock unless another ``up`` has it. Who only looks at it has it for a moment too."""
    for _ in range(5):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.02)
    return False


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535):
        raise CommandError(f"“{text}” is no port. Write a number from 1024 to 65535: make run PORT=8123")
    return int(text)


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise CommandError(
                f"Port {port} is for administrators alone. Take one from 1024 on: make run PORT=8123"
            ) from None
        except OSError as error:
            another = port + 1 if 1024 <= port < 65_535 else 8123
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Try another: make run PORT={another}"
            ) from None


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)
