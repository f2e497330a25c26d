"""Replay an imported past through scoring and the pipeline."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.replay import ReplayRefused, replay

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def step(text: str) -> timedelta:
    """ "1d", "12h" or "1w" as a length of time."""
    found = re.fullmatch(r"([1-9]\d{0,3})([hdw])", text)
    if not found:
        raise CommandError(f"“{text}” is no step; write 1d, 12h or 1w.")
    return int(found[1]) * _UNITS[found[2]]


class Command(BaseCommand):
    help = (
        "Lives an imported past again, step by step: scores, crossings and handoffs as of each step's end."
        " For a database without workers. Sends nothing. A second run changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--source", required=True, help="as in the mapping of the import")
        parser.add_argument("--step", default="1d", help="1d, 12h, 1w …")

    def handle(self, *args: Any, **options: Any) -> None:
        verbose = options["verbosity"] > 1
        try:
            weeks = replay(
                source=options["source"],
                step=step(options["step"]),
                progress=self._progress if verbose else None,
            )
        except ReplayRefused as error:
            raise CommandError(str(error)) from None
        for week in weeks:
            self.stdout.write(f"week of {week.starts:%Y-%m-%d}: {week.handoffs} handoffs")
        self.stdout.write(f"{sum(week.handoffs for week in weeks)} handoffs in {len(weeks)} weeks")

    def _progress(self, end: datetime, handled: int) -> None:
        self.stderr.write(f"{end:%Y-%m-%d %H:%M}: {handled} crossings handled")
