"""What both sides say a verdict should have been; and MQLs by the time in their phase."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0019_reporting_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Settlement',
            fields=[
                ('change', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='settlement', serialize=False, to='leads.stagechange')),
                ('was_sql', models.BooleanField()),
                ('at', models.DateTimeField(help_text='When both had said so.')),
            ],
            options={
                'indexes': [models.Index(fields=['at'], name='leads_settlement_at')],
            },
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('stage', 'mql')), fields=['phase', 'phase_at', 'id'], name='leads_lead_mqls'),
        ),
    ]
