"""A lead whose changed evidence cannot be looked at is put aside, and parked after three tries."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0009_evidence_checks'),
        ('leads', '0012_suspicion'),
    ]

    operations = [
        migrations.CreateModel(
            name='StuckEvidence',
            fields=[
                ('lead', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='leads.lead')),
                ('version', models.BigIntegerField(help_text='Of the change of evidence that was looked at.')),
                ('attempts', models.PositiveSmallIntegerField(default=0, help_text='Counted before each try.')),
                ('tried_at', models.DateTimeField()),
                ('next_at', models.DateTimeField(blank=True, help_text='Empty: parked for a person.', null=True)),
                ('error', models.TextField()),
            ],
            options={
                'verbose_name_plural': 'stuck evidence',
                'constraints': [models.CheckConstraint(condition=models.Q(('attempts__gt', 0)), name='handoff_stuckevidence_was_tried')],
            },
        ),
    ]
