"""When leads entered their buying phases, kept by a trigger."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0015_campaign_costs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PhaseChange',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('from_phase', models.CharField(choices=[('awareness', 'Awareness'), ('consideration', 'Consideration'), ('decision', 'Decision')], max_length=13)),
                ('to_phase', models.CharField(choices=[('awareness', 'Awareness'), ('consideration', 'Consideration'), ('decision', 'Decision')], max_length=13)),
                ('at', models.DateTimeField(help_text='When the lead entered the phase.')),
                ('cause', models.CharField(choices=[('activity', 'By what the lead did'), ('person', 'Set by hand'), ('known', 'Known from before')], max_length=8)),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lead',
            trigger=pgtrigger.compiler.Trigger(name='lead_updated_phases', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."phase" IS DISTINCT FROM (NEW."phase") OR OLD."phase_at" IS DISTINCT FROM (NEW."phase_at"))', declare='DECLARE was text;', func="\nIF current_setting('handoff.phases_as_told', true) = 'on' THEN\n  RETURN NULL;\nEND IF;\nWITH gone AS (\n  DELETE FROM leads_phasechange WHERE lead_id = NEW.id AND at > NEW.phase_at\n  RETURNING id, at, from_phase\n)\nSELECT from_phase INTO was FROM gone ORDER BY at, id LIMIT 1;\nwas := coalesce(was, OLD.phase);\nIF was <> NEW.phase THEN\n  INSERT INTO leads_phasechange (lead_id, from_phase, to_phase, at, by_id, cause)\n  VALUES (NEW.id, was, NEW.phase, NEW.phase_at, nullif(current_setting('handoff.phase_by', true), '')::bigint,\n    coalesce(nullif(current_setting('handoff.phase_cause', true), ''), 'activity'));\nELSE\n  UPDATE leads_phasechange SET at = NEW.phase_at\n  WHERE at <> NEW.phase_at AND id = (\n    SELECT id FROM leads_phasechange WHERE lead_id = NEW.id ORDER BY at DESC, id DESC LIMIT 1\n  );\nEND IF;\nRETURN NULL;\n", hash='c4e889ccb0872d0da42e097153c073ae3711a27c', operation='UPDATE', pgid='pgtrigger_lead_updated_phases_1c466', table='leads_lead', when='AFTER')),
        ),
        migrations.AddField(
            model_name='phasechange',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='phasechange',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='phase_changes', to='leads.lead'),
        ),
        migrations.AddIndex(
            model_name='phasechange',
            index=models.Index(fields=['at', 'lead'], name='leads_phasechange_flow'),
        ),
        migrations.AddIndex(
            model_name='phasechange',
            index=models.Index(fields=['lead', '-at', '-id'], name='leads_phasechange_timeline'),
        ),
        migrations.AddConstraint(
            model_name='phasechange',
            constraint=models.CheckConstraint(condition=models.Q(('from_phase', models.F('to_phase')), _negated=True), name='leads_phasechange_goes_somewhere'),
        ),
    ]
