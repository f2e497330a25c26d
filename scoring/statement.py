"""Run a compiled version: read scores, or compute and store them in one statement.

Statements go to the driver directly: prepared on the server where the same one runs again and again, so that
one lead costs its execution and not its planning.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import psycopg
from django.db import connection
from psycopg.rows import dict_row

from .compiling import Asked, FactSource, Statement, compile_ruleset
from .models import ModelVersion
from .stored import activity_types, read

Row = dict[str, Any]


def compiled(
    version: ModelVersion,
    *,
    asked: Asked = Asked.IDS,
    source: FactSource = FactSource.CURRENT,
    **variant: bool,
) -> Statement:
    """The statement of ``version``; ``variant`` as ``compile_ruleset`` takes it. One that was published never
    changes, so it is compiled once per process."""
    if not version.is_final:
        types = activity_types()
        return compile_ruleset(read(version, types), types, asked=asked, source=source, **variant)
    return of_published(version.pk, asked, source, **variant)


@cache
def of_published(
    version_id: int, asked: Asked = Asked.IDS, source: FactSource = FactSource.CURRENT, **variant: bool
) -> Statement:
    """The same for a version that is or was live, without looking at it again."""
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
    sql = f"WITH {statement.ctes},\n{_SAVE}"
    own = {"model": model_id, "version": version_id, "settled": settled, "all_quiet": quiet is None}
    rows = run(
        sql,
        statement.binding(**asked, **own, quiet=quiet or []),
        prepare=prepare,
    )
    return Saved(**rows[0])


_SAVE = """
computed AS MATERIALIZED (
  SELECT lead_id, fit, engagement, intent, total, fading, restart_id,
    mql_line, mql_over, mql_stays, mql_triggers, sql_line, sql_over, sql_stays, sql_triggers
  FROM scored
),
updated AS (
  UPDATE scoring_score s
  SET version_id = %(version)s::bigint, fit = c.fit, engagement = c.engagement, intent = c.intent,
    total = c.total, computed_at = %(as_of)s::timestamptz, fading = c.fading
  FROM computed c
  WHERE s.lead_id = c.lead_id AND s.model_id = %(model)s::bigint
    AND (NOT %(settled)s::boolean OR (s.version_id, s.fit, s.engagement, s.intent, s.fading)
      IS DISTINCT FROM (%(version)s::bigint, c.fit, c.engagement, c.intent, c.fading))
  RETURNING 1
),
inserted AS (
  INSERT INTO scoring_score
    (lead_id, model_id, version_id, fit, engagement, intent, total, computed_at, fading)
  SELECT c.lead_id, %(model)s::bigint, %(version)s::bigint, c.fit, c.engagement, c.intent, c.total,
    %(as_of)s::timestamptz, c.fading
  FROM computed c
  WHERE NOT EXISTS (
    SELECT 1 FROM scoring_score s WHERE s.lead_id = c.lead_id AND s.model_id = %(model)s::bigint)
  ORDER BY c.lead_id
  RETURNING 1
),
stages AS (
  SELECT c.*, x.*, st.cycle, st.inside IS TRUE AS stood,
    st.inside IS TRUE AND NOT coalesce(c.restart_id > coalesce(st.restart_id, 0), false) AS was
  FROM computed c
  CROSS JOIN LATERAL (VALUES
    ('mql', c.mql_line, c.mql_over, c.mql_stays, c.mql_triggers),
    ('sql', c.sql_line, c.sql_over, c.sql_stays, c.sql_triggers)
  ) AS x (stage, by_line, over, stays, keys)
  LEFT JOIN scoring_linestate st
    ON st.lead_id = c.lead_id AND st.model_id = %(model)s::bigint AND st.stage = x.stage
  WHERE x.over OR st.inside
),
flips AS MATERIALIZED (
  SELECT f.*, CASE WHEN f.entered THEN 1 + coalesce((
      SELECT max(x.cycle) FROM scoring_crossing x
      WHERE x.lead_id = f.lead_id AND x.model_id = %(model)s::bigint AND x.stage = f.stage
    ), 0) ELSE f.cycle END AS new_cycle
  FROM (
    SELECT g.*, g.over AND NOT g.was AS entered,
      g.stood AND NOT (CASE WHEN g.was THEN g.stays ELSE g.over END) AS departed
    FROM stages g
  ) f
  WHERE f.entered OR f.departed
),
states AS (
  INSERT INTO scoring_linestate (lead_id, model_id, stage, inside, cycle, since, restart_id)
  SELECT lead_id, %(model)s::bigint, stage, entered, new_cycle, %(as_of)s::timestamptz, restart_id
  FROM flips ORDER BY lead_id, stage
  ON CONFLICT (lead_id, model_id, stage) DO UPDATE
  SET inside = excluded.inside, cycle = excluded.cycle, since = excluded.since,
    restart_id = excluded.restart_id
),
crossings AS (
  INSERT INTO scoring_crossing
    (lead_id, model_id, version_id, stage, cycle, at, cause, triggers, fit, engagement, intent, total,
     held_at, outcome)
  SELECT lead_id, %(model)s::bigint, %(version)s::bigint, stage, new_cycle, %(as_of)s::timestamptz,
    CASE WHEN by_line THEN 'line' ELSE 'trigger' END, keys, fit, engagement, intent, total,
    CASE WHEN coalesce(
      (SELECT NOT mark.live FROM leads_changedlead mark WHERE mark.lead_id = flips.lead_id),
      %(all_quiet)s::boolean OR lead_id = ANY(%(quiet)s::bigint[])
    ) THEN %(as_of)s::timestamptz END, ''
  FROM flips WHERE entered
  ORDER BY lead_id, stage
  RETURNING 1
)
SELECT (SELECT count(*) FROM computed) AS scored,
  (SELECT count(*) FROM updated) + (SELECT count(*) FROM inserted) AS written,
  (SELECT count(*) FROM crossings) AS crossings
"""
