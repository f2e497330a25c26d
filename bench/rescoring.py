"""P-1, P-2, P-3: everybody gets a new score."""

import subprocess
import sys
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from bench import ormloop
from bench.measuring import Line, Times, repeated, spell
from bench.rules import model, score_everybody
from scoring import rescoring
from scoring.models import ModelVersion, Score

#: Leads the slow ORM loop is timed on; its time for all is this, multiplied.
SAMPLE = 2_000


def everybody(*, rounds: int) -> list[Line]:
    """P-1: against reading all activities in index order plus writing all scores as a new table."""
    score_everybody()
    read, write = repeated(_read_floor, rounds=rounds), repeated(_write_floor, rounds=rounds)
    floor = read.median + write.median
    first = repeated(score_everybody, rounds=rounds, before=_forget_scores)
    anew = repeated(score_everybody, rounds=rounds, before=_age_scores)
    now = timezone.now()
    later = Times([_on(now + timedelta(days=days)) for days in range(1, rounds + 1)])
    said = f"{spell(floor)} = read {read} + write {write}"
    return [
        _line("everybody under a new version, every score written", said, anew, floor, "≤ 3"),
        _line("everybody for the first time, lines and crossings too", spell(floor), first, floor),
        _line("everybody a day later, changes written", spell(floor), later, floor),
    ]


def against_orm(*, rounds: int) -> list[Line]:
    """P-2: against the loop that one would write with the ORM, prefetching and saving in bulk."""
    leads = Score.objects.count()
    orm = repeated(lambda: ormloop.score(leads=SAMPLE), rounds=rounds)
    whole = orm.median * leads / SAMPLE
    ours = repeated(score_everybody, rounds=rounds, before=_age_scores)
    floor = f"{spell(whole)}, from {SAMPLE:,} in {orm}"
    return [Line("P-2", "ORM loop ÷ ours", floor, str(ours), f"{whole / ours.median:.0f}×", "≥ 40×")]


def memory() -> list[Line]:
    """P-3: what one worker holds more at its peak than before, while it scores everybody."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.peak"], capture_output=True, text=True, check=True, timeout=600
    )
    idle, peak = (float(word) for word in done.stdout.split()[-2:])
    return [
        Line(
            "P-3",
            "memory of a worker above idle",
            f"idle {idle:.0f} MiB",
            f"+{peak - idle:.0f} MiB",
            "",
            "≤ 150 MiB",
        )
    ]


def _read_floor() -> None:
    """All activities, index only, in the order (lead, type, time descending)."""
    with connection.cursor() as cursor:
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort", "jit"):
            cursor.execute(f"SET {setting} = off")
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        cursor.execute(
            "SELECT count(*), max(occurred_at) FROM (SELECT lead_id, type_id, occurred_at FROM leads_activity"
            " ORDER BY lead_id, type_id, occurred_at DESC OFFSET 0) AS in_order"
        )
        cursor.fetchone()
        cursor.execute("RESET ALL")
    connection.close()


def _write_floor() -> None:
    """All scores into a new table with the same key and indexes, which then takes the old one's place."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_score AS SELECT * FROM scoring_score")
        cursor.execute("ALTER TABLE bench_score ADD PRIMARY KEY (id)")
        cursor.execute("CREATE UNIQUE INDEX ON bench_score (lead_id, model_id)")
        cursor.execute("CREATE INDEX ON bench_score (lead_id) WHERE fading")
        cursor.execute("BEGIN; ALTER TABLE bench_score RENAME TO bench_swapped; COMMIT")
        cursor.execute("DROP TABLE bench_swapped")


def _forget_scores() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE scoring_score, scoring_linestate, scoring_crossing CASCADE")
        cursor.execute("VACUUM (ANALYZE) leads_activity, leads_lead")


def _age_scores() -> None:
    """Let every stored score be one of the version before, as it is after publishing."""
    before = ModelVersion.objects.order_by("number").values_list("pk", flat=True)[0]
    Score.objects.update(version=before)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) scoring_score")


def _on(moment: datetime) -> float:
    """Seconds that scoring everybody as of ``moment`` takes."""
    return repeated(lambda: rescoring.rescore_everybody(model=model(), at=moment), rounds=1).median


def _line(what: str, floor_said: str, times: Times, floor: float, goal: str = "") -> Line:
    return Line("P-1", what, floor_said, str(times), f"{times.median / floor:.2f}", goal)
