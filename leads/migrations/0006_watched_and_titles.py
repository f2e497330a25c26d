"""What live rules look at beyond the lead itself, and the seniority and department in its job title."""

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from leads.titles import DEPARTMENT_FUNCTION, SENIORITY_FUNCTION


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0005_changed_leads_live_first'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        # Both columns are stored: the table is written anew once, about a minute per million leads.
        migrations.RunSQL(SENIORITY_FUNCTION, "DROP FUNCTION leads_seniority"),
        migrations.RunSQL(DEPARTMENT_FUNCTION, "DROP FUNCTION leads_department"),
        migrations.CreateModel(
            name='Watched',
            fields=[
                ('what', models.CharField(choices=[('stages', 'Stages'), ('colleagues', 'Colleagues')], max_length=10, primary_key=True, serialize=False)),
                ('types', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), blank=True, default=list, help_text='Activity type ids.', size=None)),
            ],
            options={
                'verbose_name_plural': 'watched',
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='activity',
            name='activity_inserted_marks',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='activity',
            name='activity_updated_marks',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='activity',
            name='activity_deleted_marks',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='lead',
            name='lead_updated_marks',
        ),
        migrations.AddField(
            model_name='lead',
            name='department',
            field=models.GeneratedField(db_persist=True, expression=models.Func('title', function='leads_department', output_field=models.TextField()), output_field=models.CharField(max_length=16)),
        ),
        migrations.AddField(
            model_name='lead',
            name='seniority',
            field=models.GeneratedField(db_persist=True, expression=models.Func('title', function='leads_seniority', output_field=models.TextField()), output_field=models.CharField(max_length=16)),
        ),
        migrations.AddIndex(
            model_name='leadhistory',
            index=models.Index(fields=['company'], name='leads_leadhistory_company'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='activity',
            trigger=pgtrigger.compiler.Trigger(name='activity_inserted_marks', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nINSERT INTO leads_changedlead (lead_id, version, live, attempts, error)\nSELECT changed.lead_id, 1, current_setting('handoff.quiet', true) IS DISTINCT FROM 'on', 0, ''\nFROM (SELECT lead_id FROM new_rows WHERE lead_id IS NOT NULL UNION (WITH firms AS MATERIALIZED (SELECT DISTINCT l.company_id FROM new_rows r JOIN leads_lead l ON l.id = r.lead_id WHERE EXISTS (SELECT 1 FROM leads_watched WHERE what = 'colleagues') AND r.type_id = ANY((SELECT w.types FROM leads_watched w WHERE w.what = 'colleagues')::smallint[])) SELECT c.id FROM firms f JOIN leads_lead c ON c.company_id = f.company_id)) AS changed\nORDER BY changed.lead_id\nON CONFLICT (lead_id) DO UPDATE SET\n    version = leads_changedlead.version + 1,\n    live = leads_changedlead.live OR excluded.live,\n    attempts = 0, tried_at = NULL, parked_at = NULL, error = '';\nRETURN NULL;\n", hash='8d326c1cff5594f7bbb570598ce6150e1ea27cc5', level='STATEMENT', operation='INSERT', pgid='pgtrigger_activity_inserted_marks_61fd6', referencing='REFERENCING NEW TABLE AS new_rows ', table='leads_activity', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='activity',
            trigger=pgtrigger.compiler.Trigger(name='activity_updated_marks', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nINSERT INTO leads_changedlead (lead_id, version, live, attempts, error)\nSELECT changed.lead_id, 1, current_setting('handoff.quiet', true) IS DISTINCT FROM 'on', 0, ''\nFROM (SELECT lead_id FROM (SELECT n.lead_id FROM new_rows n JOIN old_rows o USING (id) WHERE (o.lead_id, o.voided_at, o.type_id, o.occurred_at, o.undated, o.properties) IS DISTINCT FROM (n.lead_id, n.voided_at, n.type_id, n.occurred_at, n.undated, n.properties) UNION SELECT o.lead_id FROM new_rows n JOIN old_rows o USING (id) WHERE (o.lead_id, o.voided_at, o.type_id, o.occurred_at, o.undated, o.properties) IS DISTINCT FROM (n.lead_id, n.voided_at, n.type_id, n.occurred_at, n.undated, n.properties) UNION (WITH firms AS MATERIALIZED (SELECT DISTINCT l.company_id FROM new_rows r JOIN leads_lead l ON l.id = r.lead_id WHERE EXISTS (SELECT 1 FROM leads_watched WHERE what = 'colleagues') AND r.type_id = ANY((SELECT w.types FROM leads_watched w WHERE w.what = 'colleagues')::smallint[])) SELECT c.id FROM firms f JOIN leads_lead c ON c.company_id = f.company_id) UNION (WITH firms AS MATERIALIZED (SELECT DISTINCT l.company_id FROM old_rows r JOIN leads_lead l ON l.id = r.lead_id WHERE EXISTS (SELECT 1 FROM leads_watched WHERE what = 'colleagues') AND r.type_id = ANY((SELECT w.types FROM leads_watched w WHERE w.what = 'colleagues')::smallint[])) SELECT c.id FROM firms f JOIN leads_lead c ON c.company_id = f.company_id)) both_sides WHERE lead_id IS NOT NULL) AS changed\nORDER BY changed.lead_id\nON CONFLICT (lead_id) DO UPDATE SET\n    version = leads_changedlead.version + 1,\n    live = leads_changedlead.live OR excluded.live,\n    attempts = 0, tried_at = NULL, parked_at = NULL, error = '';\nRETURN NULL;\n", hash='d79e9d02be671bcfefb7570a46e549295c0cf087', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_activity_updated_marks_4198c', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='leads_activity', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='activity',
            trigger=pgtrigger.compiler.Trigger(name='activity_deleted_marks', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nINSERT INTO leads_changedlead (lead_id, version, live, attempts, error)\nSELECT changed.lead_id, 1, current_setting('handoff.quiet', true) IS DISTINCT FROM 'on', 0, ''\nFROM (SELECT o.lead_id FROM old_rows o JOIN leads_lead l ON l.id = o.lead_id UNION (WITH firms AS MATERIALIZED (SELECT DISTINCT l.company_id FROM old_rows r JOIN leads_lead l ON l.id = r.lead_id WHERE EXISTS (SELECT 1 FROM leads_watched WHERE what = 'colleagues') AND r.type_id = ANY((SELECT w.types FROM leads_watched w WHERE w.what = 'colleagues')::smallint[])) SELECT c.id FROM firms f JOIN leads_lead c ON c.company_id = f.company_id)) AS changed\nORDER BY changed.lead_id\nON CONFLICT (lead_id) DO UPDATE SET\n    version = leads_changedlead.version + 1,\n    live = leads_changedlead.live OR excluded.live,\n    attempts = 0, tried_at = NULL, parked_at = NULL, error = '';\nRETURN NULL;\n", hash='4a6887378456eaae1487e0d8663de05f8ef7566c', level='STATEMENT', operation='DELETE', pgid='pgtrigger_activity_deleted_marks_f3c09', referencing='REFERENCING OLD TABLE AS old_rows ', table='leads_activity', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lead',
            trigger=pgtrigger.compiler.Trigger(name='lead_updated_marks', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nINSERT INTO leads_changedlead (lead_id, version, live, attempts, error)\nSELECT changed.lead_id, 1, current_setting('handoff.quiet', true) IS DISTINCT FROM 'on', 0, ''\nFROM (SELECT n.id AS lead_id FROM new_rows n JOIN old_rows o USING (id) WHERE (o.email, o.name, o.title, o.phone, o.country, o.city, o.source, o.campaign, o.attributes, o.company_id) IS DISTINCT FROM (n.email, n.name, n.title, n.phone, n.country, n.city, n.source, n.campaign, n.attributes, n.company_id) OR (o.stage, o.stage_at) IS DISTINCT FROM (n.stage, n.stage_at) AND EXISTS (SELECT 1 FROM leads_watched WHERE what = 'stages') UNION SELECT l.id FROM leads_lead l WHERE EXISTS (SELECT 1 FROM leads_watched WHERE what = 'colleagues') AND l.company_id IN (SELECT n.company_id FROM new_rows n JOIN old_rows o USING (id) WHERE (o.company_id) IS DISTINCT FROM (n.company_id) UNION SELECT o.company_id FROM new_rows n JOIN old_rows o USING (id) WHERE (o.company_id) IS DISTINCT FROM (n.company_id))) AS changed\nORDER BY changed.lead_id\nON CONFLICT (lead_id) DO UPDATE SET\n    version = leads_changedlead.version + 1,\n    live = leads_changedlead.live OR excluded.live,\n    attempts = 0, tried_at = NULL, parked_at = NULL, error = '';\nRETURN NULL;\n", hash='a11dc5941a0b5c687f78e0f47a2027ef058a5b5f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_lead_updated_marks_f0f7a', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='leads_lead', when='AFTER')),
        ),
    ]
