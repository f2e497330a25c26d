"""Where leads stood before a publication moved them, so that rolling back puts them there again."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0007_more_activity_types'),
        ('scoring', '0013_based_on_may_go'),
    ]

    operations = [
        migrations.CreateModel(
            name='StateBefore',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('stage', models.CharField(choices=[('mql', 'MQL'), ('sql', 'SQL')], max_length=3)),
                ('inside', models.BooleanField()),
                ('cycle', models.PositiveIntegerField(help_text='0 for a lead that had never been near the line.')),
                ('since', models.DateTimeField(blank=True, null=True)),
                ('crossed_at', models.DateTimeField(blank=True, null=True)),
                ('restart_id', models.BigIntegerField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'states before',
            },
        ),
        migrations.AddField(
            model_name='scoringmodel',
            name='last_number',
            field=models.PositiveIntegerField(default=0, editable=False, help_text='The greatest number ever given: that of a discarded draft is not given again.'),
        ),
        migrations.AddField(
            model_name='scoringmodel',
            name='rolling_back',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, help_text='Publications that are being rolled back: where they put leads is undone.', size=None),
        ),
        migrations.AddIndex(
            model_name='crossing',
            index=models.Index(fields=['model', 'at'], name='scoring_crossing_lately'),
        ),
        migrations.AddField(
            model_name='statebefore',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='statebefore',
            name='publication',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='scoring.publication'),
        ),
        migrations.AddConstraint(
            model_name='statebefore',
            constraint=models.UniqueConstraint(fields=('publication', 'lead', 'stage'), name='scoring_statebefore_once'),
        ),
        migrations.AddConstraint(
            model_name='statebefore',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', ('mql', 'sql'))), name='scoring_statebefore_stage_known'),
        ),
        migrations.AddField(
            model_name='line',
            name='key',
            field=models.CharField(blank=True, default='', editable=False, help_text='Names it while others come and go; it has no name that people see. Empty: by its place.', max_length=64, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_-]{0,63}\\Z', 'Use lower-case letters, digits, - and _, a letter first.')]),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.UniqueConstraint(condition=models.Q(('key', ''), _negated=True), fields=('version', 'key'), name='scoring_line_key_once'),
        ),
        migrations.RunSQL(
            "UPDATE scoring_scoringmodel m SET last_number ="
            " coalesce((SELECT max(v.number) FROM scoring_modelversion v WHERE v.model_id = m.id), 0)",
            migrations.RunSQL.noop,
        ),
    ]
