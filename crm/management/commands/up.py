"""``manage.py up``: the whole product under one foreground process."""

import fcntl
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

from crm import keeper, launcher
from crm.embedded import EmbeddedError, Servers

ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 — the names of it, not a choice of it


class Stopped(Exception):
    """Somebody pressed Ctrl-C, or sent SIGTERM or SIGHUP."""


class Command(BaseCommand):
    help = "Start databases, web, workers and beat in the foreground. Ctrl-C stops everything."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 listens on every interface.")
        parser.add_argument(
            "--demo", action="store_true", help="Load the demo company if nobody is here yet."
        )

    def handle(self, *, host: str, port: int, demo: bool, **options: Any) -> None:
        servers = settings.EMBEDDED
        with only_one(servers, port) as lock:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, _stop)
            supervisor = launcher.Supervisor(servers)
            os.environ.update({keeper.SUPERVISED: str(servers.local), "LOCAL_DIR": str(servers.local)})
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
        servers = supervisor.servers
        self.check()
        embedded = launcher.server_programs(
            servers, postgres=not settings.DATABASE_URL, valkey=not settings.REDIS_URL
        )
        self.stdout.write("Starting …")
        servers.prepare()
        programs = [*embedded, *launcher.worker_programs()]
        supervisor.start(launcher.configuration(servers=servers, programs=programs, host=host, port=port))
        supervisor.launch(["servers"])
        call_command("collectstatic", interactive=False, verbosity=0)
        if embedded:
            keeper.wait_until_up(servers, postgres=not settings.DATABASE_URL, valkey=not settings.REDIS_URL)
        if not connection.introspection.table_names():
            supervisor.launch(
                ["web"]
            )  # a first start: nobody to disturb, so it loads while the tables are made
        call_command("migrate", interactive=False, verbosity=0)
        if demo and not get_user_model().objects.exists():
            self.stdout.write("Loading the demo company, once …")
            call_command("seed_demo", stdout=self.stdout)
        supervisor.launch(["web"])
        self.wait_for_web(supervisor, "127.0.0.1" if host in ANYWHERE else host, port)
        supervisor.launch(["work"])
        self.greet(port)
        connection.close()

    def wait_for_web(self, supervisor: launcher.Supervisor, host: str, port: int) -> None:
        deadline = time.monotonic() + launcher.START_SECONDS
        while not launcher.answers(host, port, "/healthz"):
            troubled = supervisor.troubled()
            if troubled or time.monotonic() > deadline:
                who = ", ".join(troubled) or "The web process"
                raise launcher.LaunchError(f"{who} did not come up; see {supervisor.servers.log}.")
            time.sleep(0.05)

    def greet(self, port: int) -> None:
        """Say where it is, and who can sign in while the demo's password still works."""
        self.stdout.write(self.style.SUCCESS(f"\n{settings.WORKSPACE_NAME} is at http://localhost:{port}/"))
        people = get_user_model().objects.filter(is_active=True).order_by("id")
        first = {person.role: person for person in reversed(people)}
        welcome = [
            person for role, person in first.items() if role and person.check_password(settings.DEMO_PASSWORD)
        ]
        if welcome:
            self.stdout.write(f"Sign in with the password {settings.DEMO_PASSWORD} as")
            for person in welcome:
                self.stdout.write(f"  {person.role:<9} {person.email}")
        elif not people:
            self.stdout.write("Nobody can sign in yet: make an admin with manage.py createsuperuser.")
        self.stdout.write("Ctrl-C stops everything.")
        self.stdout.flush()

    def wait(self, supervisor: launcher.Supervisor) -> None:
        supervisor.wait()
        raise launcher.LaunchError(f"The supervisor ended by itself; see {supervisor.servers.log}.")


@contextmanager
def only_one(servers: Servers, port: int) -> Iterator[IO[str]]:
    """Hold the folder and know the port free, or say in one line why not."""
    servers.local.mkdir(parents=True, exist_ok=True)
    with (servers.local / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            where = lock.read().strip()
            raise CommandError(
                f"Handoff already runs from {servers.local}"
                + (f": {where}" if where else ", and is starting.")
            ) from None
        lock.truncate(0)
        launcher.end_leftovers(servers)
        _refuse_busy(port)
        keeper.dismiss(servers.local)
        yield lock
        lock.truncate(0)


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a port"
            raise CommandError(
                f"Port {port} cannot be used ({reason}). Try another: make run PORT={port % 60000 + 1}"
            ) from None


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)
