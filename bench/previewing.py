"""P-9: what a draft would do to everybody, and whether a version was right about those who were decided."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from bench.measuring import Line, repeated
from bench.rules import score_everybody
from scoring import backtest, model_file, preview, suggestions
from scoring.compiling import Asked
from scoring.models import ModelVersion
from scoring.statement import compiled, run

#: Decided leads that are back-tested.
DECIDED = 20_000


def draft(*, rounds: int) -> list[Line]:
    live = ModelVersion.objects.live()
    version = _other(model_file.load(data=model_file.save(version=live)))
    score_everybody()
    at = timezone.now()
    decided = _decide(at)
    statement = compiled(version, asked=Asked.RANGE)
    everybody = statement.binding(low=0, high=2**62, as_of=at)
    sql = f"WITH {statement.ctes}\nSELECT count(*), sum(total), count(*) FILTER (WHERE sql_over) FROM scored"
    bare = repeated(lambda: run(sql, everybody, prepare=False), rounds=rounds)
    shown = repeated(lambda: preview.of_draft(version=version, at=at, dimension="intent"), rounds=rounds)
    past = repeated(lambda: preview.on_the_past(version=version, live=live, at=at), rounds=rounds)
    tested = repeated(lambda: backtest.of_version(version=version, at=at), rounds=rounds)
    suggested = repeated(lambda: suggestions.of_model(version=live, at=at), rounds=rounds)
    leads = preview.of_draft(version=version, at=at, dimension="intent").leads
    ratio = f"{shown.median / bare.median:.2f}"
    goals = ("≤ 350 ms at 20,000, ≤ 2 s at 100,000", "≤ 1.5 s at 20,000", "≤ 5 s at 20,000")
    return [
        Line("P-9", f"a draft over {leads:,} leads, nothing stored", "", str(bare)),
        Line("P-9", "its preview: who moves, bars, names", str(bare), str(shown), ratio, goals[0]),
        Line("P-9", "the past: precision, reach, handoffs a week", "", str(past), "", goals[1]),
        Line("P-9", f"back-test over {decided:,} decided leads", "", str(tested), "", goals[2]),
        Line("P-9", "suggestions from them", "", str(suggested)),
    ]


def _other(version: ModelVersion) -> ModelVersion:
    """A draft that moves leads: a demo is worth less, staff more."""
    version.rules.filter(dimension="intent", points__gte=20).update(points=15)
    version.rules.filter(dimension="fit", points__gte=10).update(points=20)
    return version


def _decide(at: datetime) -> int:
    """Hand over and decide leads of the last 85 days of data, nothing but the rows in the history."""
    values: dict[str, Any] = {"at": at, "most": DECIDED}
    with connection.cursor() as cursor:
        cursor.execute(_DECIDE, values)
        count: int = cursor.rowcount // 2
        cursor.execute("VACUUM (ANALYZE) leads_stagechange, leads_lead, scoring_score, scoring_linestate")
    return count


_DECIDE = """
INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, at, cause, reason, note)
SELECT id, x.before, x.after, %(at)s - make_interval(secs => 85 * 86400 * ago) + x.later, x.cause, x.reason,
  ''
FROM (
  SELECT id, (hashint8extended(id, 3) & 1048575) / 1048576.0 AS ago,
    (hashint8extended(id, 4) & 1048575) / 1048576.0 AS luck
  FROM leads_lead ORDER BY hashint8extended(id, 5) LIMIT %(most)s
) l
CROSS JOIN LATERAL (VALUES
  ('mql', 'handed_over', interval '0', 'crossing', ''),
  ('handed_over', CASE WHEN luck < 0.6 THEN 'sql' ELSE 'mql' END, interval '3 hours', 'verdict',
    CASE WHEN luck < 0.6 THEN '' WHEN luck < 0.8 THEN 'too_small' ELSE 'timing' END)
) AS x (before, after, later, cause, reason)
"""
