"""What people said about single leads, in the scoring statement: restarts, "set to" and "add"."""

from .dimensions import HUNDREDTHS
from .totals import DIMENSIONS


def ctes(as_of: str) -> list[str]:
    """Per lead: restarts, and for each dimension the newest "set to" and what was added after it."""
    columns = []
    for dimension in DIMENSIONS:
        here = f"WHERE in_force AND dimension = '{dimension}'"
        newest, later = "kind = 'set' AND sets = 1", "kind = 'add' AND sets = 0"
        columns += [
            f"max(at) FILTER ({here} AND kind = 'restart') AS {dimension}_from",
            f"max(points) FILTER ({here} AND {newest}) * {HUNDREDTHS} AS {dimension}_set",
            f"sum(points) FILTER ({here} AND {later}) * {HUNDREDTHS} AS {dimension}_added",
        ]
    return [
        f"""adjustments AS (
  SELECT *, sum((kind = 'set' AND in_force)::int)
    OVER (PARTITION BY n, dimension ORDER BY at DESC, id DESC) AS sets
  FROM (
    SELECT w.n, a.id, a.kind, a.points, a.at, d.dimension,
      a.at <= {as_of} AND (a.expires_at IS NULL OR a.expires_at > {as_of}) AS in_force,
      a.at > {as_of} OR a.expires_at > {as_of} AS moves
    FROM who w JOIN scoring_adjustment a ON a.lead_id = w.lead_id
    CROSS JOIN unnest(a.dimensions) AS d (dimension)
    WHERE a.voided_at IS NULL
  ) one)""",
        f"""adjusted AS (
  SELECT n, bool_or(moves) AS moves,
    max(id) FILTER (WHERE in_force AND kind = 'restart') AS restart_id,
    max(at) FILTER (WHERE in_force AND kind = 'restart') AS triggers_from,
    {", ".join(columns)}
  FROM adjustments GROUP BY n)""",
    ]
