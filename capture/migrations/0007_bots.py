"""What is the company's own, what happens to what a signal names, how far the search for bots has come."""

import django.contrib.postgres.fields
from django.db import migrations, models


def start_here(apps, schema_editor):
    """What came before is not judged: the search begins behind the last activity there is."""
    last = apps.get_model('leads', 'Activity').objects.aggregate(last=models.Max('id'))['last'] or 0
    apps.get_model('capture', 'LookingBack').objects.create(pk=1, reached=last, ahead=last)


class Migration(migrations.Migration):

    dependencies = [
        ('capture', '0006_forms'),
        ('leads', '0012_suspicion'),
    ]

    operations = [
        migrations.CreateModel(
            name='EvidenceRules',
            fields=[
                ('id', models.SmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('own_addresses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=254), blank=True, default=list, help_text='Domains and addresses of your own people: “fieldline.example”, “test@firm.example”.', size=None)),
                ('own_networks', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=49), blank=True, default=list, help_text='Networks your people browse from: “203.0.113.0/24”, “2001:db8::/32”.', size=None)),
                ('hidden_links', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=300), blank=True, default=list, help_text='Paths that no person can see to click: “/not-for-you”. * is anything.', size=None)),
                ('treatments', models.JSONField(blank=True, default=dict)),
            ],
            options={
                'verbose_name_plural': 'evidence rules',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='capture_evidencerules_one')],
            },
        ),
        migrations.CreateModel(
            name='LookingBack',
            fields=[
                ('id', models.SmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('reached', models.BigIntegerField(default=0)),
                ('ahead', models.BigIntegerField(default=0)),
                ('ahead_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'looking back',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='capture_lookingback_one')],
            },
        ),
        migrations.RunPython(start_here, migrations.RunPython.noop),
    ]
