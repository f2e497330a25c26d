"""Domains of throw-away addresses, beside those of free providers."""

import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from leads.mail_domains import THROWAWAY


def bring_throwaway(apps, schema_editor):
    """Where the product is installed already; a fresh database gets its lists with the starter model."""
    MailDomain = apps.get_model("scoring", "MailDomain")
    if MailDomain.objects.exists():
        # Whom this takes over a line waits for a person.
        schema_editor.execute("SET LOCAL handoff.quiet = on")
        MailDomain.objects.filter(domain__in=THROWAWAY).update(kind="throwaway")
        MailDomain.objects.bulk_create(
            (MailDomain(domain=domain, kind="throwaway") for domain in sorted(THROWAWAY)),
            ignore_conflicts=True,
            batch_size=5_000,
        )


class Migration(migrations.Migration):
    dependencies = [("scoring", "0008_versions_are_checked_and_signed")]
    operations = [
        pgtrigger.migrations.RemoveTrigger(model_name='freemaildomain', name='free_mail_inserted_marks'),
        pgtrigger.migrations.RemoveTrigger(model_name='freemaildomain', name='free_mail_deleted_marks'),
        migrations.RemoveConstraint(model_name='freemaildomain', name='scoring_freemaildomain_lower'),
        migrations.RenameModel('FreeMailDomain', 'MailDomain'),
        migrations.AddField(
            model_name='maildomain',
            name='kind',
            field=models.CharField(choices=[('free', 'Free provider'), ('throwaway', 'Throw-away addresses')], default='free', max_length=9),
        ),
        migrations.AddConstraint(
            model_name='maildomain',
            constraint=models.CheckConstraint(condition=models.Q(('domain', django.db.models.functions.text.Lower('domain')), models.Q(('domain', ''), _negated=True)), name='scoring_maildomain_lower'),
        ),
        migrations.AddConstraint(
            model_name='maildomain',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['free', 'throwaway'])), name='scoring_maildomain_kind_known'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='maildomain',
            trigger=pgtrigger.compiler.Trigger(name='mail_domain_inserted_marks', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nINSERT INTO leads_changedlead (lead_id, version, live, attempts, error)\nSELECT changed.lead_id, 1, current_setting('handoff.quiet', true) IS DISTINCT FROM 'on', 0, ''\nFROM (SELECT DISTINCT l.id AS lead_id FROM (SELECT domain FROM new_rows) r JOIN leads_lead l ON split_part(lower(l.email), '@', 2) = r.domain) AS changed\nORDER BY changed.lead_id\nON CONFLICT (lead_id) DO UPDATE SET\n    version = leads_changedlead.version + 1,\n    live = leads_changedlead.live OR excluded.live,\n    attempts = 0, tried_at = NULL, parked_at = NULL, error = '';\nRETURN NULL;\n", hash='dc99c8c7bc5b5d00e43982f0257e43ca9fb4f04a', level='STATEMENT', operation='INSERT', pgid='pgtrigger_mail_domain_inserted_marks_2a4df', referencing='REFERENCING NEW TABLE AS new_rows ', table='scoring_maildomain', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='maildomain',
            trigger=pgtrigger.compiler.Trigger(name='mail_domain_updated_marks', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nINSERT INTO leads_changedlead (lead_id, version, live, attempts, error)\nSELECT changed.lead_id, 1, current_setting('handoff.quiet', true) IS DISTINCT FROM 'on', 0, ''\nFROM (SELECT DISTINCT l.id AS lead_id FROM (SELECT domain FROM new_rows UNION SELECT domain FROM old_rows) r JOIN leads_lead l ON split_part(lower(l.email), '@', 2) = r.domain) AS changed\nORDER BY changed.lead_id\nON CONFLICT (lead_id) DO UPDATE SET\n    version = leads_changedlead.version + 1,\n    live = leads_changedlead.live OR excluded.live,\n    attempts = 0, tried_at = NULL, parked_at = NULL, error = '';\nRETURN NULL;\n", hash='f166696c703b842c4754c28eb72dbeb9cfdafe8a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_mail_domain_updated_marks_dd41b', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='scoring_maildomain', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='maildomain',
            trigger=pgtrigger.compiler.Trigger(name='mail_domain_deleted_marks', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nINSERT INTO leads_changedlead (lead_id, version, live, attempts, error)\nSELECT changed.lead_id, 1, current_setting('handoff.quiet', true) IS DISTINCT FROM 'on', 0, ''\nFROM (SELECT DISTINCT l.id AS lead_id FROM (SELECT domain FROM old_rows) r JOIN leads_lead l ON split_part(lower(l.email), '@', 2) = r.domain) AS changed\nORDER BY changed.lead_id\nON CONFLICT (lead_id) DO UPDATE SET\n    version = leads_changedlead.version + 1,\n    live = leads_changedlead.live OR excluded.live,\n    attempts = 0, tried_at = NULL, parked_at = NULL, error = '';\nRETURN NULL;\n", hash='1fb8af16bbe93891c57c9b8fabdd18bdebf1277f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_mail_domain_deleted_marks_0c14b', referencing='REFERENCING OLD TABLE AS old_rows ', table='scoring_maildomain', when='AFTER')),
        ),
        migrations.RunPython(bring_throwaway, migrations.RunPython.noop),
    ]
