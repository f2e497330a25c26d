"""Leads that were one person are merged; those that look alike are found by index."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import leads.alike
import leads.searching
from leads.alike import DIALLED_FUNCTION, PLAIN_EMAIL_FUNCTION


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0010_first_touch'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(PLAIN_EMAIL_FUNCTION, "DROP FUNCTION leads_plain_email"),
        migrations.RunSQL(DIALLED_FUNCTION, "DROP FUNCTION leads_dialled"),
        migrations.CreateModel(
            name='Alias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(blank=True, null=True, unique=True)),
                ('email', models.EmailField(blank=True, max_length=254, null=True)),
            ],
            options={
                'verbose_name_plural': 'aliases',
            },
        ),
        migrations.CreateModel(
            name='AliasUse',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('source', models.CharField(max_length=64)),
                ('event_id', models.CharField(max_length=128)),
            ],
        ),
        migrations.CreateModel(
            name='LookAlike',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('email', 'Same mailbox'), ('phone', 'Same phone number'), ('name', 'Same name at the same company'), ('firm', 'Same name at a company of the same name')], max_length=5), size=None)),
                ('crowded', models.BooleanField(default=False, help_text='More leads share this than are listed: the oldest few are.')),
                ('found_at', models.DateTimeField()),
                ('dismissed_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='LookAlikeSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('newest', models.BigIntegerField(default=0, help_text='New leads are looked at up to this key.')),
                ('passed', models.BigIntegerField(default=0, help_text='The pass over everybody is done up to this key.')),
                ('pass_began_at', models.DateTimeField(blank=True, null=True)),
                ('pass_ended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'look-alike searches',
            },
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('dropped_key', models.BigIntegerField(help_text="The dropped lead's primary key, which it gets back.")),
                ('dropped_id', models.UUIDField(help_text="The dropped lead's public id.")),
                ('dropped_name', models.CharField(max_length=254)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('steps', models.JSONField(default=list)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(leads.alike.PlainEmail('email'), models.F('id'), condition=models.Q(('email__isnull', False)), name='leads_lead_mailbox'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(leads.alike.Dialled('phone', 'country'), models.F('id'), condition=models.Q(('phone', ''), _negated=True), name='leads_lead_dialled'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('company'), leads.searching.Folded('name'), models.F('id'), condition=models.Q(('company__isnull', False), models.Q(('name', ''), _negated=True)), name='leads_lead_name_at_company'),
        ),
        migrations.AddField(
            model_name='alias',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='aliasuse',
            name='alias',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='leads.alias'),
        ),
        migrations.AddField(
            model_name='lookalike',
            name='dismissed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='lookalike',
            name='newer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='lookalike',
            name='older',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='merge',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='merge',
            name='kept',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='merge',
            name='undone_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='alias',
            name='merge',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='leads.merge'),
        ),
        migrations.AddConstraint(
            model_name='aliasuse',
            constraint=models.UniqueConstraint(fields=('source', 'event_id', 'alias'), name='leads_aliasuse_once'),
        ),
        migrations.AddIndex(
            model_name='lookalike',
            index=models.Index(condition=models.Q(('dismissed_at', None)), fields=['-found_at', '-id'], name='leads_lookalike_waiting'),
        ),
        migrations.AddIndex(
            model_name='lookalike',
            index=models.Index(condition=models.Q(('dismissed_at__isnull', False)), fields=['-dismissed_at', '-id'], name='leads_lookalike_dismissed'),
        ),
        migrations.AddConstraint(
            model_name='lookalike',
            constraint=models.UniqueConstraint(fields=('older', 'newer'), name='leads_lookalike_once'),
        ),
        migrations.AddConstraint(
            model_name='lookalike',
            constraint=models.CheckConstraint(condition=models.Q(('older__lt', models.F('newer'))), name='leads_lookalike_older_first'),
        ),
        migrations.AddConstraint(
            model_name='lookalike',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('dismissed_at', None), ('dismissed_by', None)), models.Q(('dismissed_at__isnull', False), ('dismissed_by__isnull', False)), _connector='OR'), name='leads_lookalike_dismissed_by_someone'),
        ),
        migrations.AddConstraint(
            model_name='merge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('undone_at', None), ('undone_by', None)), models.Q(('undone_at__isnull', False), ('undone_by__isnull', False)), _connector='OR'), name='leads_merge_undone_by_someone'),
        ),
        migrations.AddIndex(
            model_name='alias',
            index=models.Index(django.db.models.functions.text.Lower('email'), condition=models.Q(('email__isnull', False)), name='leads_alias_email'),
        ),
        migrations.AddConstraint(
            model_name='alias',
            constraint=models.CheckConstraint(condition=models.Q(('public_id__isnull', False), ('email__isnull', False), _connector='OR'), name='leads_alias_says_something'),
        ),
    ]
