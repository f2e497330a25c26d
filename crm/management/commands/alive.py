"""``manage.py alive NAME``: the container's health check of workers and beat."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm import health


class Command(BaseCommand):
    help = f"Exit 0 when this one has lately left a sign of life: {', '.join(health.SIGNATURES)}."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=health.SIGNATURES)

    def handle(self, *, name: str, **options: Any) -> None:
        if name in health.late():
            raise CommandError(f"{name} has left no sign of life for {health.ALIVE_SECONDS} s.")
        self.stdout.write(f"{name} is alive.")
