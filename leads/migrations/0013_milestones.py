"""How far leads have come: rows that follow from the stage changes."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0012_suspicion'),
    ]

    operations = [
        migrations.CreateModel(
            name='PassedMilestone',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('milestone', models.PositiveSmallIntegerField(choices=[(1, 'MQL'), (2, 'Handed over'), (3, 'Accepted'), (4, 'Opportunity'), (5, 'Won')])),
                ('at', models.DateTimeField()),
                ('since', models.DateTimeField(blank=True, help_text='When it passed the one before; empty for the first, since it came.', null=True)),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='stagechange',
            trigger=pgtrigger.compiler.Trigger(name='stagechange_inserted_milestones', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nWITH follows AS MATERIALIZED (\nSELECT lead_id, milestone, at, lag(at) OVER (PARTITION BY lead_id ORDER BY milestone) AS since FROM (\n  SELECT s.lead_id, m.milestone, min(s.at) AS at FROM (\n    SELECT lead_id, at, CASE to_stage WHEN 'mql' THEN 1 WHEN 'handed_over' THEN 2 WHEN 'sql' THEN 3 WHEN 'opportunity' THEN 4 WHEN 'customer' THEN 5 END AS rank, takes_back OR NOT takes_back AND coalesce(\n  min(depth) OVER (stage_of ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) < depth, false) AS undone FROM (\n      SELECT *, sum(CASE WHEN takes_back THEN -1 ELSE 1 END) OVER (stage_of ROWS UNBOUNDED PRECEDING) AS depth FROM (\n        SELECT *, (cause = 'undo' OR reason = 'taken_back') AS takes_back FROM leads_stagechange WHERE lead_id IN (SELECT lead_id FROM new_rows)\n      ) told WINDOW stage_of AS (\n  PARTITION BY lead_id, CASE WHEN takes_back THEN from_stage ELSE to_stage END ORDER BY at, id)\n    ) step WINDOW stage_of AS (\n  PARTITION BY lead_id, CASE WHEN takes_back THEN from_stage ELSE to_stage END ORDER BY at, id)\n  ) s JOIN generate_series(1, 5) AS m (milestone) ON m.milestone <= s.rank\n  WHERE NOT s.undone GROUP BY s.lead_id, m.milestone\n) passed),\ngone AS (\n  DELETE FROM leads_passedmilestone m WHERE m.lead_id IN (SELECT lead_id FROM new_rows)\n    AND NOT EXISTS (SELECT 1 FROM follows f WHERE f.lead_id = m.lead_id AND f.milestone = m.milestone)\n)\nINSERT INTO leads_passedmilestone AS m (lead_id, milestone, at, since)\nSELECT lead_id, milestone, at, since FROM follows ORDER BY lead_id, milestone\nON CONFLICT (lead_id, milestone) DO UPDATE SET at = excluded.at, since = excluded.since\nWHERE (m.at, m.since) IS DISTINCT FROM (excluded.at, excluded.since);\nRETURN NULL;\n", hash='4da767ac9a70ff7e49385df15f7df3d95a546492', level='STATEMENT', operation='INSERT', pgid='pgtrigger_stagechange_inserted_milestones_13172', referencing='REFERENCING NEW TABLE AS new_rows ', table='leads_stagechange', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='stagechange',
            trigger=pgtrigger.compiler.Trigger(name='stagechange_updated_milestones', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nWITH follows AS MATERIALIZED (\nSELECT lead_id, milestone, at, lag(at) OVER (PARTITION BY lead_id ORDER BY milestone) AS since FROM (\n  SELECT s.lead_id, m.milestone, min(s.at) AS at FROM (\n    SELECT lead_id, at, CASE to_stage WHEN 'mql' THEN 1 WHEN 'handed_over' THEN 2 WHEN 'sql' THEN 3 WHEN 'opportunity' THEN 4 WHEN 'customer' THEN 5 END AS rank, takes_back OR NOT takes_back AND coalesce(\n  min(depth) OVER (stage_of ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) < depth, false) AS undone FROM (\n      SELECT *, sum(CASE WHEN takes_back THEN -1 ELSE 1 END) OVER (stage_of ROWS UNBOUNDED PRECEDING) AS depth FROM (\n        SELECT *, (cause = 'undo' OR reason = 'taken_back') AS takes_back FROM leads_stagechange WHERE lead_id IN (SELECT lead_id FROM new_rows UNION SELECT lead_id FROM old_rows)\n      ) told WINDOW stage_of AS (\n  PARTITION BY lead_id, CASE WHEN takes_back THEN from_stage ELSE to_stage END ORDER BY at, id)\n    ) step WINDOW stage_of AS (\n  PARTITION BY lead_id, CASE WHEN takes_back THEN from_stage ELSE to_stage END ORDER BY at, id)\n  ) s JOIN generate_series(1, 5) AS m (milestone) ON m.milestone <= s.rank\n  WHERE NOT s.undone GROUP BY s.lead_id, m.milestone\n) passed),\ngone AS (\n  DELETE FROM leads_passedmilestone m WHERE m.lead_id IN (SELECT lead_id FROM new_rows UNION SELECT lead_id FROM old_rows)\n    AND NOT EXISTS (SELECT 1 FROM follows f WHERE f.lead_id = m.lead_id AND f.milestone = m.milestone)\n)\nINSERT INTO leads_passedmilestone AS m (lead_id, milestone, at, since)\nSELECT lead_id, milestone, at, since FROM follows ORDER BY lead_id, milestone\nON CONFLICT (lead_id, milestone) DO UPDATE SET at = excluded.at, since = excluded.since\nWHERE (m.at, m.since) IS DISTINCT FROM (excluded.at, excluded.since);\nRETURN NULL;\n", hash='3591416ecd46a0489b067d213ed4d9dc813508d2', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_stagechange_updated_milestones_004c0', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='leads_stagechange', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='stagechange',
            trigger=pgtrigger.compiler.Trigger(name='stagechange_deleted_milestones', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nWITH follows AS MATERIALIZED (\nSELECT lead_id, milestone, at, lag(at) OVER (PARTITION BY lead_id ORDER BY milestone) AS since FROM (\n  SELECT s.lead_id, m.milestone, min(s.at) AS at FROM (\n    SELECT lead_id, at, CASE to_stage WHEN 'mql' THEN 1 WHEN 'handed_over' THEN 2 WHEN 'sql' THEN 3 WHEN 'opportunity' THEN 4 WHEN 'customer' THEN 5 END AS rank, takes_back OR NOT takes_back AND coalesce(\n  min(depth) OVER (stage_of ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) < depth, false) AS undone FROM (\n      SELECT *, sum(CASE WHEN takes_back THEN -1 ELSE 1 END) OVER (stage_of ROWS UNBOUNDED PRECEDING) AS depth FROM (\n        SELECT *, (cause = 'undo' OR reason = 'taken_back') AS takes_back FROM leads_stagechange WHERE lead_id IN (SELECT lead_id FROM old_rows)\n      ) told WINDOW stage_of AS (\n  PARTITION BY lead_id, CASE WHEN takes_back THEN from_stage ELSE to_stage END ORDER BY at, id)\n    ) step WINDOW stage_of AS (\n  PARTITION BY lead_id, CASE WHEN takes_back THEN from_stage ELSE to_stage END ORDER BY at, id)\n  ) s JOIN generate_series(1, 5) AS m (milestone) ON m.milestone <= s.rank\n  WHERE NOT s.undone GROUP BY s.lead_id, m.milestone\n) passed),\ngone AS (\n  DELETE FROM leads_passedmilestone m WHERE m.lead_id IN (SELECT lead_id FROM old_rows)\n    AND NOT EXISTS (SELECT 1 FROM follows f WHERE f.lead_id = m.lead_id AND f.milestone = m.milestone)\n)\nINSERT INTO leads_passedmilestone AS m (lead_id, milestone, at, since)\nSELECT lead_id, milestone, at, since FROM follows ORDER BY lead_id, milestone\nON CONFLICT (lead_id, milestone) DO UPDATE SET at = excluded.at, since = excluded.since\nWHERE (m.at, m.since) IS DISTINCT FROM (excluded.at, excluded.since);\nRETURN NULL;\n", hash='3cb2d921983cd0881039341ba54285b3b3d68c2d', level='STATEMENT', operation='DELETE', pgid='pgtrigger_stagechange_deleted_milestones_bf180', referencing='REFERENCING OLD TABLE AS old_rows ', table='leads_stagechange', when='AFTER')),
        ),
        migrations.AddField(
            model_name='passedmilestone',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='milestones', to='leads.lead'),
        ),
        migrations.AddIndex(
            model_name='passedmilestone',
            index=models.Index(fields=['milestone', 'at', 'lead'], name='leads_passedmilestone_at'),
        ),
        migrations.AddConstraint(
            model_name='passedmilestone',
            constraint=models.UniqueConstraint(fields=('lead', 'milestone'), name='leads_passedmilestone_once'),
        ),
    ]
