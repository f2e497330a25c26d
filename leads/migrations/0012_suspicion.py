"""What is suspected of being nobody's interest, and what people said of it."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0011_merging'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('verb', models.CharField(choices=[('void', 'Voided'), ('restore', 'Restored')], max_length=7)),
                ('reason', models.CharField(blank=True, max_length=100)),
                ('at', models.DateTimeField()),
                ('chosen', models.JSONField(blank=True, default=dict, help_text='What the list was narrowed to.')),
                ('ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, help_text='Those that were ticked.', size=None)),
                ('upto', models.BigIntegerField(help_text='The last suspicion there was. What came later is not meant.')),
                ('reached', models.BigIntegerField(default=0)),
                ('looked_at', models.PositiveIntegerField(default=0)),
                ('changed', models.PositiveIntegerField(default=0)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='EvidenceChange',
            fields=[
                ('lead', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='leads.lead')),
                ('version', models.BigIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name='Suspicion',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('signal', models.CharField(choices=[('own_address', 'Own staff'), ('own_network', 'Own network'), ('own_browser', 'Own browser'), ('crawler', 'Crawler'), ('mail_proxy', 'Mail proxy'), ('too_soon', 'Seconds after delivery'), ('every_link', 'Many links at once'), ('hidden_link', 'Hidden link'), ('burst', 'Burst'), ('person', 'Said by a person')], max_length=12)),
                ('detail', models.CharField(blank=True, help_text='“Googlebot”, “10.1.0.0/16”.', max_length=120)),
                ('at', models.DateTimeField()),
                ('state', models.CharField(choices=[('marked', 'Marked, still counts'), ('voided', 'Voided'), ('kept', 'Kept as real')], max_length=6)),
                ('before', models.CharField(blank=True, help_text='Its state before the correction.', max_length=6)),
            ],
        ),
        migrations.AlterField(
            model_name='stagechange',
            name='cause',
            field=models.CharField(choices=[('crossing', 'Crossed a line'), ('marketing', 'Handed over by marketing'), ('verdict', 'Decided by sales'), ('undo', 'Verdict undone'), ('conversion', 'Became an opportunity'), ('import', 'Imported history'), ('person', 'Set by hand'), ('voided', 'Evidence was voided')], max_length=10),
        ),
        migrations.AddIndex(
            model_name='activity',
            index=models.Index(condition=models.Q(('voided_at__isnull', False)), fields=['lead', '-occurred_at', '-id'], name='leads_activity_voided'),
        ),
        migrations.AddField(
            model_name='correction',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='correction',
            name='undoes',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='undone_by', to='leads.correction'),
        ),
        migrations.AddField(
            model_name='suspicion',
            name='activity',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='suspicions', to='leads.activity'),
        ),
        migrations.AddField(
            model_name='suspicion',
            name='correction',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.correction'),
        ),
        migrations.AddIndex(
            model_name='correction',
            index=models.Index(condition=models.Q(('finished_at', None)), fields=['id'], name='leads_correction_open'),
        ),
        migrations.AddIndex(
            model_name='suspicion',
            index=models.Index(fields=['state', 'signal', '-id'], name='leads_suspicion_listed'),
        ),
        migrations.AddIndex(
            model_name='suspicion',
            index=models.Index(condition=models.Q(('correction__isnull', False)), fields=['correction', 'id'], name='leads_suspicion_corrected'),
        ),
        migrations.AddConstraint(
            model_name='suspicion',
            constraint=models.UniqueConstraint(fields=('activity', 'signal'), name='leads_suspicion_once'),
        ),
        migrations.RunSQL(
            "ALTER TABLE leads_suspicion ADD CONSTRAINT leads_suspicion_of_activity FOREIGN KEY (activity_id)"
            " REFERENCES leads_activity (id) ON DELETE CASCADE",
            "ALTER TABLE leads_suspicion DROP CONSTRAINT leads_suspicion_of_activity",
        ),
    ]
