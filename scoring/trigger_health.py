"""How lines, triggers and blockers of a live model fare: when each last brought a lead over, how often, and
what came of it (G-08). Rules of routing have the same on their own page."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leads.models import ActivityType, Lead

from . import sentences
from .definitions import line_sentence
from .models import ModelVersion
from .statement import compiled, run
from .stored import activity_types, read

#: Nothing is looked at that is older, in days; figures are of these spans.
SPANS = (7, 30, 90)
#: So many of the newest leads are asked whether a blocker holds for them.
SAMPLE = 1_000

#: What the pipeline says became of a crossing → why nothing was done; what is not here was done. Codes of
#: ``handoff``, which is told nothing of this.
SKIPPED = {
    "held": "held after publishing or an import",
    "not_before": "waiting for a return date",
    "attached": "sales had not answered an earlier handoff",
    "with_sales": "already with sales",
    "customer": "already a customer",
    "closed": "closed by sales",
    "blocked": "blocked",
    "left": "gone below the line while waiting",
    "overtaken": "overtaken before anybody released it",
    "moot": "already with sales when it was held",
    "already": "already there",
}


@dataclass(slots=True)
class Health:
    """One line, trigger or blocker. ``often``: how often in 7, 30 and 90 days. ``skipped``: why → how often
    in 90 days. ``last_at`` is None for not in 90 days."""

    kind: str
    key: str
    label: str
    said: str
    often: list[int] = field(default_factory=lambda: [0] * len(SPANS))
    last_at: datetime | None = None
    skipped: dict[str, int] = field(default_factory=dict)
    #: Leads outside that may not cross again yet; None for a line without a cool-down.
    cooling: int | None = None
    #: Of how many of the newest leads a blocker holds for so many now.
    holds: int | None = None
    of: int = 0

    @property
    def by_span(self) -> list[tuple[int, int]]:
        """Days back → how often."""
        return list(zip(SPANS, self.often, strict=True))

    @property
    def is_quiet(self) -> bool:
        return self.last_at is None and self.kind != "blocker"


def of_version(version: ModelVersion, *, at: datetime) -> list[Health]:
    """Its lines by stage, triggers and blockers in their order. 10 queries and 3 statements, of which one
    reads the crossings of 90 days by index."""
    ruleset = read(version, activity_types())
    labels = dict(ActivityType.objects.values_list("key", "label"))
    lines: dict[str, Health] = {}
    for line in ruleset.lines:
        key = f"line:{line.stage}"
        said = line_sentence(ruleset, line)
        if key in lines:
            lines[key].said += f" Or: {said}"
        else:
            lines[key] = Health("line", line.stage, f"{line.stage.upper()} line", said)
    triggers = {
        f"trigger:{one.key}": Health("trigger", one.key, one.label, str(sentences.of_part(one, labels)))
        for one in ruleset.triggers
    }
    found = lines | triggers
    _count(found, version, at)
    for stage in {line.stage for line in ruleset.lines}:
        if days := max(line.cool_down_days for line in ruleset.lines if line.stage == stage):
            lines[f"line:{stage}"].cooling = _cooling(version, stage, at, days)
    blockers = [
        Health("blocker", one.key, one.label, str(sentences.of_part(one, labels))) for one in ruleset.blockers
    ]
    _hold(blockers, version, at)
    return [*found.values(), *blockers]


def _count(found: dict[str, Health], version: ModelVersion, at: datetime) -> None:
    spans = {f"since_{days}": at - timedelta(days=days) for days in SPANS}
    for row in run(_FIRED, {"model": version.model_id, "at": at, **spans}, prepare=False):
        health = found.get(row["part"])
        if health is None:
            continue  # of an earlier version
        health.often = [had + more for had, more in zip(health.often, row["often"], strict=True)]
        health.last_at = max(filter(None, (health.last_at, row["last_at"])))
        if why := SKIPPED.get(row["outcome"]):
            health.skipped[why] = health.skipped.get(why, 0) + row["often"][-1]
    for health in found.values():
        health.skipped = dict(sorted(health.skipped.items(), key=lambda one: -one[1]))


#: Every version of the model counts: a trigger is known by its key. A crossing by the line and a trigger at
#: once is both.
_FIRED = """
WITH lately AS MATERIALIZED (
  SELECT stage, cause, triggers, at, CASE
      WHEN handled_at IS NOT NULL THEN outcome
      WHEN held_at IS NOT NULL AND released_at IS NULL THEN 'held'
      WHEN not_before > %(at)s::timestamptz THEN 'not_before'
      ELSE ''
    END AS outcome
  FROM scoring_crossing
  WHERE model_id = %(model)s::bigint AND at > %(since_90)s::timestamptz AND at <= %(at)s::timestamptz
),
parts AS (
  SELECT 'line:' || stage AS part, at, outcome FROM lately WHERE cause = 'line'
  UNION ALL
  SELECT 'trigger:' || key, at, outcome FROM lately CROSS JOIN LATERAL unnest(triggers) AS key
)
SELECT part, outcome, max(at) AS last_at, ARRAY[
    count(*) FILTER (WHERE at > %(since_7)s::timestamptz),
    count(*) FILTER (WHERE at > %(since_30)s::timestamptz),
    count(*)
  ] AS often
FROM parts GROUP BY part, outcome
"""


def _cooling(version: ModelVersion, stage: str, at: datetime, days: int) -> int:
    asked = {"model": version.model_id, "stage": stage, "since": at - timedelta(days=days)}
    return int(run(_COOLING, asked, prepare=False)[0]["cooling"])


_COOLING = """
SELECT count(*) AS cooling FROM scoring_crossing c
JOIN scoring_linestate s ON s.lead_id = c.lead_id AND s.model_id = c.model_id AND s.stage = c.stage
  AND s.cycle = c.cycle AND NOT s.inside
WHERE c.model_id = %(model)s::bigint AND c.at > %(since)s::timestamptz AND c.stage = %(stage)s::text
"""


def _hold(blockers: Iterable[Health], version: ModelVersion, at: datetime) -> None:
    """A blocker keeps leads from crossing, so nothing is written when it does: the newest leads are asked."""
    blockers = list(blockers)
    if not blockers:
        return
    ids = list(Lead.objects.order_by("-id").values_list("id", flat=True)[:SAMPLE])
    statement = compiled(version, details=True)
    counts = ", ".join(f"count(*) FILTER (WHERE k{n}) AS k{n}" for n in range(len(blockers)))
    sql = f"WITH {statement.ctes}\nSELECT {counts} FROM scored WHERE applies"
    [row] = run(sql, statement.binding(ids=ids, as_of=at), prepare=False)
    for n, health in enumerate(blockers):
        health.holds, health.of = row[f"k{n}"], len(ids)
