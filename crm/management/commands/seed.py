"""Fill the database with many made-up leads, to measure on."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from crm.demo import volume

#: From this many leads on, one lead has a history of that many events unless --heaviest says otherwise.
LARGE = 100_000


class Command(BaseCommand):
    help = "Write made-up companies, leads and activities with a long, uneven history, the same each time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--leads", type=int, required=True, help="With a third as many companies.")
        parser.add_argument("--seed", type=int, default=1, help="Another number: other rows.")
        parser.add_argument(
            "--heaviest",
            type=int,
            help=f"Activities of the busiest lead. Default: {LARGE:,} from {LARGE:,} leads on.",
        )
        parser.add_argument(
            "--until",
            type=datetime.fromisoformat,
            help="Moment of the newest activity, as 2026-11-17T10:00 (UTC). Default: now.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        leads, heaviest, until = options["leads"], options["heaviest"], options["until"] or timezone.now()
        if leads < 1:
            raise CommandError("--leads: write 1 or more.")
        if not 0 <= options["seed"] < 10**9:
            raise CommandError("--seed: write a number from 0 to 999999999.")
        if heaviest is None:
            heaviest = LARGE if leads >= LARGE else 0
        if not 0 <= heaviest < 1_000_000:
            raise CommandError("--heaviest: write a number from 0 to 999999.")
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        try:
            done = volume.write(leads=leads, seed=options["seed"], until=until, heaviest=heaviest)
        except volume.AlreadySeeded as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{done.leads:,} leads of {done.companies:,} companies with {done.activities:,} activities"
            f" in {done.seconds:.1f} s. Their scores follow once workers run."
        )
