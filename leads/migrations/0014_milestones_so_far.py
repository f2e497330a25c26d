"""The milestones that leads passed before the triggers were there. About 10 s for a million leads."""

from django.db import migrations

FILL = """
INSERT INTO leads_passedmilestone (lead_id, milestone, at, since)
SELECT lead_id, milestone, at, lag(at) OVER (PARTITION BY lead_id ORDER BY milestone) FROM (
  SELECT s.lead_id, m.milestone, min(s.at) AS at FROM (
    SELECT lead_id, at,
      CASE to_stage WHEN 'mql' THEN 1 WHEN 'handed_over' THEN 2 WHEN 'sql' THEN 3 WHEN 'opportunity' THEN 4
        WHEN 'customer' THEN 5 END AS rank,
      takes_back OR coalesce(
        min(depth) OVER (stage_of ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) < depth, false
      ) AS undone
    FROM (
      SELECT *, sum(CASE WHEN takes_back THEN -1 ELSE 1 END) OVER (stage_of ROWS UNBOUNDED PRECEDING) AS depth
      FROM (
        SELECT *, cause = 'undo' OR reason = 'taken_back' AS takes_back FROM leads_stagechange
      ) told
      WINDOW stage_of AS (
        PARTITION BY lead_id, CASE WHEN takes_back THEN from_stage ELSE to_stage END ORDER BY at, id)
    ) step
    WINDOW stage_of AS (
      PARTITION BY lead_id, CASE WHEN takes_back THEN from_stage ELSE to_stage END ORDER BY at, id)
  ) s JOIN generate_series(1, 5) AS m (milestone) ON m.milestone <= s.rank
  WHERE NOT s.undone GROUP BY s.lead_id, m.milestone
) passed ORDER BY lead_id, milestone
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0013_milestones")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
