"""Run a compiled version: read scores, or compute and store them in one statement.

Statements go to the driver directly: prepared on the server where the same one runs again and again, so that
one lead costs its execution and not its planning.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection
from psycopg.rows import dict_row

from .compiling import Asked, FactSource, Statement, compile_ruleset
from .models import ModelVersion
from .releasing import MOOT, is_moot
from .stored import activity_types, read

Row = dict[str, Any]


def compiled(
    version: ModelVersion,
    *,
    asked: Asked = Asked.IDS,
    source: FactSource = FactSource.CURRENT,
    **variant: bool,
) -> Statement:
    """The statement of ``version``; ``variant`` as ``compile_ruleset`` takes it. One that was published is
    compiled once per process, and again when what it stands on has changed. One query where it is known."""
    if not version.is_final:
        types = activity_types()
        return compile_ruleset(read(version, types), types, asked=asked, source=source, **variant)
    [stands_on] = run(f"SELECT {STANDS_ON} AS stands_on", {"version": version.pk})
    return of_published(version.pk, stands_on["stands_on"], asked, source, **variant)


#: SQL: what a published version's statement follows from that may change, as one text: the activity types,
#: which anybody may rename or delete past this process, and the parts that were turned off since. By it a
#: statement is remembered. ``%(version)s`` is the version's id.
STANDS_ON = """md5(concat_ws('|',
  (SELECT string_agg(t.id || ':' || t.key, ',' ORDER BY t.id) FROM leads_activitytype t),
  (SELECT string_agg(r.id::text, ',' ORDER BY r.id) FROM scoring_rule r
    WHERE r.version_id = %(version)s::bigint AND r.disabled_at IS NOT NULL), 'r',
  (SELECT string_agg(r.id::text, ',' ORDER BY r.id) FROM scoring_trigger r
    WHERE r.version_id = %(version)s::bigint AND r.disabled_at IS NOT NULL), 't',
  (SELECT string_agg(r.id::text, ',' ORDER BY r.id) FROM scoring_blocker r
    WHERE r.version_id = %(version)s::bigint AND r.disabled_at IS NOT NULL)))"""


@lru_cache(maxsize=300)
def of_published(
    version_id: int,
    stands_on: str,
    asked: Asked = Asked.IDS,
    source: FactSource = FactSource.CURRENT,
    **variant: bool,
) -> Statement:
    """The same for a version that is or was live, without looking at it again while ``stands_on`` is what it
    was (see ``STANDS_ON``)."""
    types = activity_types()
    version = ModelVersion.objects.select_related("model").get(pk=version_id)
    return compile_ruleset(read(version, types), types, asked=asked, source=source, **variant)


def run(sql: str, parameters: Mapping[str, Any], *, prepare: bool = True) -> list[Row]:
    """Execute on Django's connection, in its transaction; rows as dicts. ``prepare`` what runs again and
    again with few leads: its one plan is for few, too."""
    numbered, names = _numbered(sql)
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        psycopg.RawCursor(connection.connection, row_factory=dict_row) as cursor,
    ):
        cursor.execute(numbered, [parameters[name] for name in names], prepare=prepare)
        return cursor.fetchall() if cursor.description else []


@lru_cache(maxsize=100)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """``sql`` with PostgreSQL's own placeholders, and the names of $1, $2 and so on. The driver would take a
    long statement apart each time, which costs as much as running it for one lead."""
    numbers: dict[str, int] = {}
    text = _PLACEHOLDER.sub(lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", sql)
    return text, tuple(numbers)


_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def plan_once() -> None:
    """Until the end of the transaction, keep the plan of each prepared statement for all leads. Otherwise
    PostgreSQL plans for each one anew, which takes five times as long as running it: to its eye the bound
    numbers make a difference."""
    run("SELECT set_config('plan_cache_mode', 'force_generic_plan', true)", {})


def scores(statement: Statement, **asked: Any) -> list[Row]:
    """One row per lead (and moment) that exists, in the order asked for moments."""
    return run(f"WITH {statement.ctes}\nSELECT * FROM scored ORDER BY n", statement.binding(**asked))


@dataclass(frozen=True, slots=True)
class Saved:
    """What one run of the storing statement did."""

    scored: int
    written: int
    crossings: int


def save(
    statement: Statement,
    *,
    model_id: int,
    version_id: int,
    settled: bool,
    quiet: list[int] | None,
    prepare: bool = False,
    **asked: Any,
) -> Saved:
    """Compute and store: scores that differ (all of them unless ``settled``), states that flip, crossings.
    ``settled`` says that no fact has changed since the last time, so that an equal score need not be
    stamped. ``quiet`` lists the leads whose crossings wait for a person; None means all of them. Of a lead
    that is marked as changed the mark says so instead: whoever comes first, a live event hands over and an
    import of the past does not."""
    sql = f"WITH {statement.ctes},\n{_saving(statement)}"
    own = {"model": model_id, "version": version_id, "settled": settled, "all_quiet": quiet is None}
    rows = run(
        sql,
        statement.binding(**asked, **own, quiet=quiet or []),
        prepare=prepare,
    )
    return Saved(**rows[0])


def _saving(statement: Statement) -> str:
    """What is done only for versions that need it costs the others nothing."""
    sql = _SAVE.replace("{moot}", MOOT).replace("{is_moot}", is_moot(stage="e.stage", of_lead="l.stage"))
    if statement.ruleset.applies_to is not None:
        sql = sql.replace("updated AS (", f"{_GONE},\nupdated AS (", 1)
    if any(line.cool_down_days for line in statement.ruleset.lines):
        sql = sql.replace("false AS cooling", f"{_COOLING} AS cooling", 1)
        sql = sql.replace("c.fading AS moves", f"c.fading OR {_COOLS} AS moves", 1)
    return sql


#: Whom the version is not for has no score of this model.
_GONE = """
gone AS (
  DELETE FROM scoring_score s USING computed c
  WHERE NOT c.applies AND s.lead_id = c.lead_id AND s.model_id = %(model)s::bigint
)"""
#: Over the line again, too soon after the last crossing.
_COOLING = """(x.over AND x.cools > 0
      AND st.crossed_at > %(as_of)s::timestamptz - make_interval(days => x.cools)) IS TRUE"""
#: Time alone ends a cool-down, so the sweep must look again.
_COOLS = "EXISTS (SELECT 1 FROM stages g WHERE g.lead_id = c.lead_id AND g.cooling AND NOT g.was)"

_SAVE = """
computed AS MATERIALIZED (
  SELECT lead_id, fit, engagement, intent, total, fading, restart_id, applies,
    mql_line, mql_over, mql_stays, mql_triggers, mql_cools,
    sql_line, sql_over, sql_stays, sql_triggers, sql_cools
  FROM scored
),
stages AS (
  SELECT c.*, x.*, st.cycle, st.inside IS TRUE AS stood, false AS cooling,
    st.inside IS TRUE AND NOT coalesce(c.restart_id > coalesce(st.restart_id, 0), false) AS was,
    st.since AS stood_since, st.crossed_at AS stood_crossed_at, st.restart_id AS stood_restart_id
  FROM computed c
  CROSS JOIN LATERAL (VALUES
    ('mql', c.mql_line, c.mql_over, c.mql_stays, c.mql_triggers, c.mql_cools),
    ('sql', c.sql_line, c.sql_over, c.sql_stays, c.sql_triggers, c.sql_cools)
  ) AS x (stage, by_line, over, stays, keys, cools)
  LEFT JOIN scoring_linestate st
    ON st.lead_id = c.lead_id AND st.model_id = %(model)s::bigint AND st.stage = x.stage
  WHERE x.over OR st.inside
),
stored AS NOT MATERIALIZED (
  SELECT c.*, c.fading AS moves FROM computed c WHERE c.applies
),
updated AS (
  UPDATE scoring_score s
  SET version_id = %(version)s::bigint, fit = c.fit, engagement = c.engagement, intent = c.intent,
    total = c.total, computed_at = %(as_of)s::timestamptz, fading = c.moves
  FROM stored c
  WHERE s.lead_id = c.lead_id AND s.model_id = %(model)s::bigint
    AND (NOT %(settled)s::boolean OR (s.version_id, s.fit, s.engagement, s.intent, s.fading)
      IS DISTINCT FROM (%(version)s::bigint, c.fit, c.engagement, c.intent, c.moves))
  RETURNING 1
),
inserted AS (
  INSERT INTO scoring_score
    (lead_id, model_id, version_id, fit, engagement, intent, total, computed_at, fading)
  SELECT c.lead_id, %(model)s::bigint, %(version)s::bigint, c.fit, c.engagement, c.intent, c.total,
    %(as_of)s::timestamptz, c.moves
  FROM stored c
  WHERE NOT EXISTS (
    SELECT 1 FROM scoring_score s WHERE s.lead_id = c.lead_id AND s.model_id = %(model)s::bigint)
  ORDER BY c.lead_id
  RETURNING 1
),
flips AS MATERIALIZED (
  SELECT f.*, CASE WHEN f.entered THEN 1 + coalesce((
      SELECT max(x.cycle) FROM scoring_crossing x
      WHERE x.lead_id = f.lead_id AND x.model_id = %(model)s::bigint AND x.stage = f.stage
    ), 0) ELSE f.cycle END AS new_cycle
  FROM (
    SELECT g.*, g.over AND NOT g.was AND NOT g.cooling AS entered,
      g.stood AND NOT (CASE WHEN g.was THEN g.stays ELSE g.over AND NOT g.cooling END) AS departed
    FROM stages g
  ) f
  WHERE f.entered OR f.departed
),
states AS (
  INSERT INTO scoring_linestate (lead_id, model_id, stage, inside, cycle, since, crossed_at, restart_id)
  SELECT lead_id, %(model)s::bigint, stage, entered, new_cycle, %(as_of)s::timestamptz,
    CASE WHEN entered THEN %(as_of)s::timestamptz END, restart_id
  FROM flips ORDER BY lead_id, stage
  ON CONFLICT (lead_id, model_id, stage) DO UPDATE
  SET inside = excluded.inside, cycle = excluded.cycle, since = excluded.since,
    crossed_at = coalesce(excluded.crossed_at, scoring_linestate.crossed_at), restart_id = excluded.restart_id
),
before AS (
  INSERT INTO scoring_statebefore
    (publication_id, lead_id, stage, inside, cycle, since, crossed_at, restart_id)
  SELECT p.id, lead_id, stage, stood, coalesce(cycle, 0), stood_since, stood_crossed_at, stood_restart_id
  FROM flips, (SELECT max(id) AS id FROM scoring_publication WHERE version_id = %(version)s::bigint) p
  -- Over the first one of a model there is nothing to roll back to.
  WHERE EXISTS (SELECT 1 FROM scoring_publication o WHERE o.model_id = %(model)s::bigint AND o.id < p.id)
  ORDER BY lead_id, stage
  ON CONFLICT (publication_id, lead_id, stage) DO NOTHING
),
entries AS (
  SELECT flips.*, coalesce(
      (SELECT NOT mark.live FROM leads_changedlead mark WHERE mark.lead_id = flips.lead_id),
      %(all_quiet)s::boolean OR lead_id = ANY(%(quiet)s::bigint[])
    ) AS held
  FROM flips WHERE entered
),
crossings AS (
  INSERT INTO scoring_crossing
    (lead_id, model_id, version_id, stage, cycle, at, cause, triggers, fit, engagement, intent, total,
     held_at, handled_at, outcome)
  SELECT e.lead_id, %(model)s::bigint, %(version)s::bigint, e.stage, new_cycle, %(as_of)s::timestamptz,
    CASE WHEN by_line THEN 'line' ELSE 'trigger' END, keys, fit, engagement, intent, total,
    CASE WHEN held THEN %(as_of)s::timestamptz END,
    CASE WHEN held AND nothing THEN %(as_of)s::timestamptz END,
    CASE WHEN held AND nothing THEN '{moot}' ELSE '' END
  FROM entries e
  LEFT JOIN LATERAL (
    SELECT {is_moot} AS nothing FROM leads_lead l WHERE l.id = e.lead_id
  ) l ON held
  ORDER BY e.lead_id, e.stage
  RETURNING 1
)
SELECT (SELECT count(*) FROM computed) AS scored,
  (SELECT count(*) FROM updated) + (SELECT count(*) FROM inserted) AS written,
  (SELECT count(*) FROM crossings) AS crossings
"""
