"""A shortfall may be taken back; disputes that were settled so far are told to ``leads``."""

from django.db import migrations, models

_SETTLED = """
INSERT INTO leads_settlement (change_id, was_sql, at)
SELECT v.stage_change_id, d.was_sql, d.settled_at
FROM handoff_dispute d JOIN handoff_verdict v ON v.id = d.verdict_id
WHERE d.settled_at IS NOT NULL
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0012_stretches_of_days'),
        ('leads', '0020_settlements'),
    ]

    operations = [
        migrations.AddField(
            model_name='shortfall',
            name='undone_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='shortfall',
            constraint=models.CheckConstraint(condition=models.Q(('undone_at', None), ('holds', False), _connector='OR'), name='handoff_shortfall_undone_holds_not'),
        ),
        migrations.RunSQL(_SETTLED, migrations.RunSQL.noop),
    ]
