"""Make the data, run the parts in turn, print the table."""

import time
from collections.abc import Callable, Sequence

from django.utils import timezone

from bench import (
    answering,
    arrivals,
    capturing,
    database,
    events,
    growing,
    importing,
    live,
    pages,
    previewing,
    reporting,
    rescoring,
)
from bench.measuring import Line, load, resident_mib, table
from bench.rules import publish_thirty_rules
from crm.demo import volume
from leads.models import Activity, Lead
from scoring.models import ModelVersion

SEED = 1
HEAVIEST = 100_000


def everything(*, leads: int, rounds: int, only: Sequence[str], keep: bool) -> int:
    start = time.monotonic()
    print(f"load before  {load()}")
    if not (keep and database.is_there()):
        database.fresh()
        seeded = volume.write(leads=leads, seed=SEED, until=timezone.now(), heaviest=HEAVIEST)
        print(f"seeded       in {seeded.seconds:.0f} s", flush=True)
        publish_thirty_rules()
    print(
        f"data         {Lead.objects.count():,} leads, {Activity.objects.count():,} activities,"
        f" one lead with {HEAVIEST:,}",
        flush=True,
    )
    version = ModelVersion.objects.live()
    print(f"model        {version.rules.count()} rules, {version.lines.count()} lines")
    parts: dict[str, Callable[[], list[Line]]] = {
        "P-1": lambda: rescoring.everybody(rounds=rounds),
        "rules": lambda: growing.by_rules(rounds=rounds),
        "P-2": lambda: rescoring.against_orm(rounds=rounds),
        "P-3": rescoring.memory,
        "P-4": lambda: events.one_event(seed=SEED),
        "P-5": lambda: capturing.arriving(rounds=rounds),
        "P-9": lambda: previewing.draft(rounds=rounds),
        "P-6": live.event_to_screen,
        "P-10": capturing.file,
        "S16": answering.known_and_unknown,
        # Last: its open handoffs would give the workers of the others more to do.
        "P-7": lambda: pages.every_page(seed=SEED),
        "P-7-arrivals": arrivals.every_page,
        "P-8": reporting.reports,
        "P-10-large": importing.half_a_million,
    }
    lines: list[Line] = []
    for part, measure in parts.items():
        if part in only:
            began = time.monotonic()
            lines += measure()
            print(f"{part:<12} measured in {time.monotonic() - began:.0f} s", flush=True)
    print(f"\n{table(lines)}\n")
    print(f"load after   {load()}")
    print(f"memory       {resident_mib():.0f} MiB in this process at the end")
    print(f"took         {time.monotonic() - start:.0f} s")
    return 0
